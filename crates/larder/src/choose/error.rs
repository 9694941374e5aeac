//! Why there is no closure.

use std::path::PathBuf;

use larder_fetch::NetworkError;
use larder_lock::{ClosureError, DuplicatePackage, Reason};
use larder_solve::SolveError;
use rattler_conda_types::Subdir;

use super::listed;
use crate::{Explain, Kind, PipError, inputs::InputError};

/// Why there is no closure.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// The lock cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The lock does not satisfy the manifest, or this machine.
    #[error("`{}` is stale for {subdir}:{}", path.display(), listed(reasons))]
    Stale {
        /// The lock.
        path: PathBuf,
        /// The subdir.
        subdir: Subdir,
        /// Every reason.
        reasons: Vec<Reason>,
        /// What mends it; `None` where there is no manifest to lock again.
        help: Option<String>,
    },
    /// The `pip:` section.
    #[error(transparent)]
    Pip(#[from] PipError),
    /// `--frozen`, but there is no lock.
    #[error("there is no lock at `{}`", path.display())]
    NoLock {
        /// Where it should be.
        path: PathBuf,
    },
    /// The lock has no closure for the subdir.
    #[error("`{}` cannot be used for {subdir}", path.display())]
    Unusable {
        /// The lock.
        path: PathBuf,
        /// The subdir.
        subdir: Subdir,
        /// Why.
        #[source]
        source: ClosureError,
    },
    /// A bug: a closure became inconsistent.
    #[error(transparent)]
    Duplicate(#[from] DuplicatePackage),
    /// The network client.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The solver found no answer, or could not look.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

impl Explain for ChooseError {
    fn kind(&self) -> Kind {
        match self {
            Self::Input(error) => error.kind(),
            Self::Solve(error) => crate::explain::solve_kind(error),
            Self::Pip(error) => error.kind(),
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Input(error) => error.code(),
            Self::Stale { .. } => "lock::stale",
            Self::NoLock { .. } => "lock::missing",
            Self::Pip(error) => error.code(),
            Self::Unusable { .. } | Self::Duplicate(_) => "lock::unusable",
            Self::Network(_) => "network::setup",
            Self::Solve(error) => crate::explain::solve_code(error),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            Self::Pip(error) => error.hint(),
            Self::Stale { help, .. } => help.clone(),
            Self::NoLock { .. } => Some("`larder lock` writes it".into()),
            _ => None,
        }
    }

    fn output(&self) -> Option<&str> {
        match self {
            Self::Pip(error) => error.output(),
            _ => None,
        }
    }
}
