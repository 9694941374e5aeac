//! What verification finds.

use larder_digest::Sha256;
use serde::Serialize;

/// How an environment differs from its records.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct VerifyReport {
    /// How many packages have a record.
    pub packages: usize,
    /// How many paths were compared.
    pub files: u64,
    /// What is not as recorded, sorted by path.
    pub drifted: Vec<Drifted>,
    /// Paths that no record names, sorted. Bytecode beside its source does not count, nor does what
    /// `conda-meta` holds besides records.
    pub extra: Vec<String>,
    /// What pip, or a tool like it, installed on top, sorted by name.
    pub pip: Vec<PipPackage>,
    /// Records that cannot be read: what their packages own is not known.
    pub damaged_records: Vec<DamagedRecord>,
}

impl VerifyReport {
    /// Whether nothing but what the records say is there. Packages that pip installed are drift only
    /// if nobody wanted them, which is for the caller to know.
    pub fn is_as_recorded(&self) -> bool {
        self.drifted.is_empty() && self.extra.is_empty() && self.damaged_records.is_empty()
    }
}

/// A path that is not as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drifted {
    /// `name-version-build`; of packages that pip installed `name-version`.
    pub package: String,
    /// Below the prefix, with `/`.
    pub path: String,
    /// What is wrong.
    #[serde(flatten)]
    pub drift: Drift,
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "drift", rename_all = "kebab-case")]
pub enum Drift {
    /// It is gone.
    #[error("is missing")]
    Missing,
    /// A file is a directory or link now, or the other way round.
    #[error("is {found}, expected {expected}")]
    Kind {
        /// `a file`, `a link` or `a directory`.
        expected: &'static str,
        /// Likewise, or `something else`.
        found: &'static str,
    },
    /// Another size.
    #[error("has {found} bytes, expected {expected}")]
    Size {
        /// As recorded, in bytes.
        expected: u64,
        /// Now.
        found: u64,
    },
    /// Other bytes.
    #[error("has sha256:{found}, expected sha256:{expected}")]
    Sha256 {
        /// As recorded.
        expected: Sha256,
        /// Now.
        found: Sha256,
    },
    /// A link that leads to nothing, where the package's own led somewhere.
    #[error("is a link that leads nowhere")]
    Dangling,
    /// It cannot be read.
    #[error("cannot be read: {problem}")]
    Unreadable {
        /// Why.
        problem: String,
    },
}

impl Drift {
    /// Whether the path is gone, rather than changed.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

/// A package that pip, or a tool like it, installed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PipPackage {
    /// As its metadata has it.
    pub name: String,
    /// Likewise.
    pub version: String,
    /// What installed it, where it says so: `pip`, `uv`.
    pub installer: Option<String>,
    /// The directory of its metadata, below the prefix, with `/`.
    pub metadata: String,
    /// What it owns, below the prefix, with `/`; sorted.
    #[serde(skip)]
    pub files: Vec<String>,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DamagedRecord {
    /// The name of the file in `conda-meta`.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}
