//! What an export is told and tells.

use std::path::PathBuf;

use larder_fs::PathError;
use larder_link::RecordError;
use larder_store::{OpenError, RootError};
use serde::Serialize;

use crate::{
    Explain, GatherError, Kind, LockedSource, MaterializeError, PlatformChoice, SourceError,
    explain,
};

/// What to export.
#[derive(Debug, Clone)]
pub struct ExportPkgsOptions {
    /// The package cache, made if it is missing.
    pub directory: PathBuf,
    /// The packages; none means everything in the store that an environment or lock knows.
    pub source: Option<LockedSource>,
    /// For which platforms, where there is a source.
    pub platforms: PlatformChoice,
    /// Write nothing into the directory.
    pub dry_run: bool,
}

/// What was exported.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExportPkgsReport {
    /// Whether nothing had to be left out.
    pub success: bool,
    /// Whether nothing was written on request.
    pub dry_run: bool,
    /// The package cache, absolute.
    pub directory: PathBuf,
    /// What came into it, or would.
    pub exported: Vec<ExportedArchive>,
    /// What these archives weigh together, in bytes.
    pub exported_bytes: u64,
    /// How many packages were there.
    pub present: usize,
    /// Packages whose places, both of them, are taken by something else.
    pub left_out: Vec<ExportedArchive>,
    /// How many archives of the store nobody knows the origin of: not exported.
    pub unknown: usize,
    /// How many archives were fetched first.
    pub fetched: usize,
    /// How long it took.
    pub milliseconds: u64,
}

/// An archive in a package cache.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedArchive {
    /// Where it is.
    pub path: PathBuf,
    /// Where it came from, without credentials.
    pub url: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Why not everything was exported. Each part of the run has its own error; they say what happened.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "most variants are errors of parts, which say what happened"
)]
pub enum ExportPkgsError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Roots(#[from] RootError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Gather(#[from] GatherError),
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
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] PathError),
}

impl Explain for ExportPkgsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Store(error) => explain::open_kind(error),
            Self::Source(error) => error.kind(),
            Self::Gather(error) => error.kind(),
            Self::Materialize(error) => error.kind(),
            Self::Roots(RootError::Malformed { .. }) | Self::Record { .. } => Kind::Damage,
            Self::Roots(_) | Self::File(_) => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Roots(error) => error.code(),
            Self::Source(error) => error.code(),
            Self::Gather(error) => error.code(),
            Self::Materialize(error) => error.code(),
            Self::Record { .. } => "export::record",
            Self::File(_) => "export::write",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(_) => Some("LARDER_STORE names another directory for the store".into()),
            Self::Source(error) => error.hint(),
            Self::Gather(error) => error.hint(),
            _ => None,
        }
    }
}
