//! Why an environment was not updated.

use std::path::{Path, PathBuf};

use larder_fs::PathError;

use crate::{ApplyError, PlanError, RecordError};

/// Why an environment was not updated. It is as it was before, as far as scripts have not changed it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// There is nothing to update.
    #[error("`{}` is not a conda environment: it has no conda-meta/history", prefix.display())]
    NotAnEnvironment {
        /// Where it should be.
        prefix: PathBuf,
    },
    /// CEP 22: the environment must not be changed.
    #[error("the environment `{}` is frozen: {message}", prefix.display())]
    Frozen {
        /// Where it is.
        prefix: PathBuf,
        /// What its marker says.
        message: String,
    },
    /// Another run changes it, or did until it was killed; without locks nobody can tell until a day has
    /// passed.
    #[error(
        "an update of `{}` is not finished, and there are no locks on this file system to tell whether \
         somebody is at work on it; wait, or remove `conda-meta/.larder-update` if nobody is",
        prefix.display()
    )]
    Unfinished {
        /// Where it is.
        prefix: PathBuf,
    },
    /// What is in the way of a package cannot be put aside.
    #[error("{package} cannot be linked: `{}` is {what}", path.display())]
    Occupied {
        /// In the environment.
        path: PathBuf,
        /// What is there.
        what: &'static str,
        /// `name-version-build`.
        package: String,
    },
    /// The update cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// What comes could not be made, or a script failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// A record could not be written.
    #[error("cannot write the record of {package}")]
    Record {
        /// `name-version-build`.
        package: String,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// What an earlier run left could not be cleared away.
    #[error("cannot clear away what an unfinished update left of `{}`", prefix.display())]
    Recover {
        /// Where it is.
        prefix: PathBuf,
        /// Why.
        #[source]
        source: PathError,
    },
    /// A step of the update.
    #[error("cannot update the environment")]
    Step(#[from] PathError),
}

impl UpdateError {
    pub(super) fn recover(prefix: &Path) -> impl FnOnce(PathError) -> Self {
        let prefix = prefix.to_owned();
        move |source| Self::Recover { prefix, source }
    }
}
