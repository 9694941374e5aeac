//! Whether the run that made something is dead, so that what it left may go.
//!
//! With the prefix's lock every run that has no lock of its own is dead. Without it (NFS and Lustre may
//! have no locks) only age can tell, and what is young is left alone.

use std::{
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use larder_fs::{LockFile, PathError, last_changed};

/// No run takes as long.
const LONGEST_RUN: Duration = Duration::from_secs(24 * 60 * 60);

/// What a run knows about others on the same prefix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certainty {
    /// Nobody else is at work.
    pub(crate) is_alone: bool,
    pub(crate) now: SystemTime,
}

impl Certainty {
    pub(crate) fn with(lock: &LockFile) -> Self {
        Self {
            is_alone: lock.is_held(),
            now: SystemTime::now(),
        }
    }

    /// Whether what is at `path` belongs to nobody any more.
    pub(crate) fn is_abandoned(self, path: &Path) -> Result<bool, PathError> {
        Ok(self.is_alone || self.is_old(path)?)
    }

    /// Whether `path` is older than any run. So is what is gone; what is from the future is young.
    pub(crate) fn is_old(self, path: &Path) -> Result<bool, PathError> {
        let changed = match last_changed(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            changed => changed?,
        };
        let age = self.now.duration_since(changed).unwrap_or_default();
        Ok(age >= LONGEST_RUN)
    }
}
