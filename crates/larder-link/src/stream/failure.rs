//! What can stop a package on its way into the environment, before the caller's error wraps it.

use larder_fs::{Dir, PathError};
use larder_unpack::UnpackError;

use crate::{ApplyError, PlanError};

/// An error with its whole path: which disk is full must be plain.
pub(super) fn below(root: &Dir, error: PathError) -> PathError {
    PathError {
        path: root.path().join(error.path),
        ..error
    }
}

#[derive(Debug)]
pub(super) enum Failure {
    Unpack(UnpackError),
    Plan(PlanError),
    Apply(ApplyError),
}

impl Failure {
    /// As the error of whoever gave the archives.
    pub(super) fn wrap<E>(self) -> E
    where
        E: From<UnpackError> + From<PlanError> + From<ApplyError>,
    {
        match self {
            Self::Unpack(error) => error.into(),
            Self::Plan(error) => error.into(),
            Self::Apply(error) => error.into(),
        }
    }
}

impl From<UnpackError> for Failure {
    fn from(error: UnpackError) -> Self {
        Self::Unpack(error)
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}
