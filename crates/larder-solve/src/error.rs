//! Why a solve gave no closure.
//!
//! Every variant names its object; no text holds credentials.

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
};

use rattler_conda_types::Subdir;

use crate::{cache::IndexError, explain::Explanation, local::shown_text};

/// Why a solve gave no closure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// No set of packages meets all specs.
    #[error("{0}")]
    Unsolvable(Box<Explanation>),

    /// A spec names no package, or several at once.
    #[error("{}`{text}` does not name a package: expected an exact name", at(location.as_ref()))]
    InexactName {
        /// As the user wrote it.
        text: String,
        /// Where the user wrote it.
        location: Option<String>,
    },

    /// A request for a channel's index failed, or its answer is unusable, or it is not there while offline.
    #[error("cannot read channel `{channel}`")]
    Fetch {
        /// The channel's base URL.
        channel: String,
        /// What happened, with the URL.
        #[source]
        source: Box<IndexError>,
    },

    /// The channel has no `noarch` (CEP 36 demands one): most often a mistyped channel.
    #[error(
        "channel `{channel}` does not exist: it has no noarch/repodata.json (CEP 36); expected a channel's base URL, without a subdir"
    )]
    MissingNoarch {
        /// The channel's base URL.
        channel: String,
        /// What the gateway met.
        #[source]
        source: Box<GatewayFailure>,
    },

    /// The channels' relations (CEP 42) are malformed, circular or too deep.
    #[error("cannot order the channels: {reason}")]
    Relations {
        /// Which channels, and why; names the setting where one would help.
        reason: String,
    },

    /// An index arrived, but does not hold what it should.
    #[error("cannot use the index of channel `{channel}`")]
    BadIndex {
        /// The channel's base URL, or all of them where it is not known which.
        channel: String,
        /// What is wrong with it.
        #[source]
        source: Box<GatewayFailure>,
    },

    /// The directory for indexes cannot be used.
    #[error("cannot use the repodata cache `{}`", path.display())]
    Cache {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },

    /// A channel lists one archive twice with different contents.
    #[error("a channel for {subdir} lists `{file_name}` twice, with different contents")]
    DuplicateRecords {
        /// For which subdir was solved.
        subdir: Subdir,
        /// The archive.
        file_name: String,
    },

    /// The time of `exclude_newer` is out of range.
    #[error("cannot exclude by time: the time is out of range")]
    Time {
        /// Why.
        #[source]
        source: jiff::Error,
    },

    /// The solution is no closure.
    #[error("the solver's answer for {subdir} is unusable")]
    Closure {
        /// For which subdir was solved.
        subdir: Subdir,
        /// What is wrong with it.
        #[source]
        source: ClosureError,
    },

    /// The solver gave up or broke down; a bug here or below.
    #[error("the solver broke down for {subdir}: {reason}")]
    Solver {
        /// For which subdir was solved.
        subdir: Subdir,
        /// In its own words.
        reason: String,
    },
}

/// Why an answer of the solver is no closure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClosureError {
    /// Two records of one name.
    #[error(transparent)]
    Duplicate(#[from] larder_lock::DuplicatePackage),
}

/// What rattler's gateway says, with its causes.
///
/// Text only: the gateway knows local channels by another name.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct GatewayFailure {
    text: String,
    io_kind: Option<io::ErrorKind>,
    source: Option<Box<Self>>,
}

impl GatewayFailure {
    /// What the gateway says of a copy, told of the file itself.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self {
            text: format!("`{}`: {}", path.display(), self.text),
            ..self
        }
    }

    /// What the operating system reported, if it is to blame.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        let deeper = || self.source.as_deref().and_then(Self::io_kind);
        self.io_kind.or_else(deeper)
    }

    /// With what the operating system reported, if that is not known yet.
    pub(crate) fn or_io_kind(mut self, kind: Option<io::ErrorKind>) -> Self {
        self.io_kind = self.io_kind().or(kind);
        self
    }
}

impl From<&(dyn Error + 'static)> for GatewayFailure {
    fn from(error: &(dyn Error + 'static)) -> Self {
        Self {
            text: shown_text(&error.to_string()),
            io_kind: error.downcast_ref().map(io::Error::kind),
            source: error.source().map(|cause| Box::new(Self::from(cause))),
        }
    }
}

/// `environment.yml:4:5: `, or nothing.
fn at(location: Option<&String>) -> String {
    location.map_or_else(String::new, |location| format!("{location}: "))
}
