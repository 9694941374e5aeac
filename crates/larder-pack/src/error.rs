//! What can be wrong with a pack. Each error names the member; names from the pack are escaped.

use std::io;

use larder_digest::Sha256;

/// Why a pack was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The file cannot be read, or ends early.
    #[error("the pack cannot be read at `{entry}`")]
    Read {
        /// The member being read.
        entry: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("the pack cannot be written at `{entry}`")]
    Write {
        /// The member being written.
        entry: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something else.
    #[error("this is no pack of larder: its first member is {found}, expected `larder-pack.json`")]
    NotAPack {
        /// What comes first.
        found: String,
    },
    /// Written by a later larder.
    #[error("the pack has version {found}, this larder reads versions 1 to {supported}")]
    Version {
        /// The pack's.
        found: u32,
        /// This code's.
        supported: u32,
    },
    /// The index is not what it should be.
    #[error("the pack's index `larder-pack.json` is not valid")]
    Index {
        /// Where it goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The index lists what cannot be.
    #[error("the pack's index is refused at `{entry}`: {problem}")]
    Listed {
        /// The member.
        entry: String,
        /// Why.
        problem: &'static str,
    },
    /// A member is refused.
    #[error("the pack has a member that is refused: `{entry}`")]
    Entry {
        /// Its name, escaped.
        entry: String,
        /// Why.
        #[source]
        source: EntryProblem,
    },
    /// A member's bytes are not what the index says.
    #[error("`{entry}` in the pack is damaged: expected sha256:{expected}, found sha256:{found}")]
    Damaged {
        /// The member.
        entry: String,
        /// What the index says.
        expected: Sha256,
        /// What the bytes have.
        found: Sha256,
    },
    /// The pack ends before everything that its index lists has come.
    #[error("the pack ends before `{entry}`")]
    Missing {
        /// The next member.
        entry: String,
    },
    /// There are bytes after the end.
    #[error("the pack goes on after its end")]
    Trailing,
}

/// Why a member is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// Its header contradicts itself or is not understood.
    #[error("its header is not valid: {0}")]
    Header(&'static str),
    /// Not a regular file.
    #[error("it is a {0}, expected a regular file")]
    Kind(&'static str),
    /// Not the next one of the index.
    #[error("expected `{0}` here, as the index says")]
    Unexpected(String),
    /// The index lists no more.
    #[error("the index does not list it here")]
    Unlisted,
    /// Another size than the index says.
    #[error("it has {found} bytes, expected {expected}")]
    Size {
        /// The index's.
        expected: u64,
        /// The header's.
        found: u64,
    },
    /// More bytes than such a member may have.
    #[error("it has {found} bytes, more than the {limit} that are read")]
    TooLarge {
        /// How many it has.
        found: u64,
        /// How many it may have.
        limit: u64,
    },
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
}

impl PackError {
    /// A stable, greppable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "pack::unreadable",
            Self::Write { .. } => "pack::write",
            Self::NotAPack { .. } => "pack::not-a-pack",
            Self::Version { .. } => "pack::newer-format",
            Self::Damaged { .. } => "pack::damaged",
            Self::Missing { .. } => "pack::incomplete",
            _ => "pack::refused",
        }
    }

    pub(crate) fn entry(name: &str, source: EntryProblem) -> Self {
        Self::Entry {
            entry: name.to_owned(),
            source,
        }
    }

    pub(crate) fn read(entry: &str) -> impl FnOnce(io::Error) -> Self {
        let entry = entry.to_owned();
        move |source| Self::Read { entry, source }
    }
}
