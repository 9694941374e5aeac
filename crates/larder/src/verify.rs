//! `larder verify`: whether an environment is what its records say.

use std::path::{Path, PathBuf};

use larder_event::Reporter;
use larder_fs::PathError;
use larder_link::{VerifyOptions, VerifyReport};
use serde::Serialize;

use crate::{Explain, Kind, activation::is_environment, explain};

/// What was found, with where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyEnvironmentReport {
    /// Whether there is nothing to tell.
    pub success: bool,
    /// The environment.
    pub prefix: PathBuf,
    /// How it differs.
    #[serde(flatten)]
    pub found: VerifyReport,
    /// How long it took.
    pub milliseconds: u64,
}

/// Why an environment cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The directory has no `conda-meta/history`.
    #[error("`{}` is not a conda environment: it has no conda-meta/history", prefix.display())]
    NotAnEnvironment {
        /// The directory.
        prefix: PathBuf,
    },
    /// A run on it has not ended.
    #[error("the environment `{}` is unfinished: another run works on it, or was killed", prefix.display())]
    Unfinished {
        /// The directory.
        prefix: PathBuf,
    },
    /// Something of it cannot be read.
    #[error(transparent)]
    Unreadable(PathError),
}

impl Explain for VerifyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unreadable(error) => explain::path_kind(error),
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAnEnvironment { .. } => "verify::not-an-environment",
            Self::Unfinished { .. } => "verify::unfinished",
            Self::Unreadable(_) => "verify::unreadable",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unfinished { .. } => {
                Some("the next `larder create` on it clears away what is left".into())
            }
            _ => None,
        }
    }
}

/// Holds the environment at `prefix` against its records; changes nothing.
///
/// # Errors
/// See [`VerifyError`]. Drift is no error here: it is in the report.
pub fn verify(
    prefix: &Path,
    options: VerifyOptions,
    reporter: &dyn Reporter,
) -> Result<VerifyEnvironmentReport, VerifyError> {
    let begun = std::time::Instant::now();
    if larder_link::is_unfinished(prefix) {
        let prefix = prefix.to_owned();
        return Err(VerifyError::Unfinished { prefix });
    }
    if !is_environment(prefix) {
        let prefix = prefix.to_owned();
        return Err(VerifyError::NotAnEnvironment { prefix });
    }
    let found = larder_link::verify(prefix, options, reporter).map_err(VerifyError::Unreadable)?;
    Ok(VerifyEnvironmentReport {
        success: found.is_as_recorded() && found.pip.is_empty(),
        prefix: prefix.to_owned(),
        found,
        milliseconds: crate::elapsed_milliseconds(begun),
    })
}
