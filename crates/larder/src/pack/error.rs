//! Why nothing was packed.

use std::path::PathBuf;

use larder_fs::PathError;
use larder_link::RecordError;
use larder_pack::{MemberPathProblem, PackError};
use larder_store::OpenError;

use crate::{
    Explain, Kind, MaterializeError, PipError, explain, gather::GatherError,
    locked_source::SourceError,
};

/// Why nothing was packed. Each part of the run has its own error; they say what happened.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "most variants are errors of parts, which say what happened"
)]
pub enum PackOperationError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Gather(#[from] GatherError),
    #[error(transparent)]
    Pip(#[from] PipError),
    #[error(transparent)]
    Materialize(#[from] MaterializeError),
    /// The record cannot be written down.
    #[error("cannot describe {package}")]
    Record {
        /// `name-version-build`.
        package: String,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// A file name or subdir that a pack does not hold.
    #[error("cannot pack {package}")]
    Name {
        /// `name-version-build`.
        package: String,
        /// Which.
        #[source]
        source: MemberPathProblem,
    },
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The pack cannot be written to the end.
    #[error("cannot write `{}`", path.display())]
    Unfinished {
        /// The pack.
        path: PathBuf,
        /// At which member, and why.
        #[source]
        source: PackError,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] PathError),
}

impl PackOperationError {
    pub(super) fn is_mended_by_fetching(&self) -> bool {
        matches!(self, Self::Materialize(error) if error.is_mended_by_fetching())
    }
}

impl Explain for PackOperationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Source(error) => error.kind(),
            Self::Store(error) => explain::open_kind(error),
            Self::Gather(error) => error.kind(),
            Self::Pip(error) => error.kind(),
            Self::Materialize(error) => error.kind(),
            Self::Record { .. } => Kind::Damage,
            Self::Name { .. } => Kind::Refused,
            Self::Pack(_) | Self::Unfinished { .. } | Self::Write(_) => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Source(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Gather(error) => error.code(),
            Self::Pip(error) => error.code(),
            Self::Materialize(error) => error.code(),
            Self::Record { .. } => "pack::record",
            Self::Name { .. } => "pack::name",
            Self::Pack(source) | Self::Unfinished { source, .. } => source.code(),
            Self::Write(_) => "pack::write",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.hint(),
            Self::Store(_) => Some("LARDER_STORE names another directory for the store".into()),
            Self::Gather(error) => error.hint(),
            Self::Pip(error) => error.hint(),
            _ => None,
        }
    }
}
