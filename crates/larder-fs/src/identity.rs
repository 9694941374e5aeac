//! Telling whether two names are one file.

use std::{
    fs::{self, Metadata},
    path::Path,
};

/// What two names of one file have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileIdentity {
    device: u64,
    file: u64,
}

/// The identity of a file that has several names; `None` if it has one, or where the system does not say.
pub fn shared_identity(metadata: &Metadata) -> Option<FileIdentity> {
    platform::shared_identity(metadata)
}

/// The number of the file system that a path is on; `None` if it is not there, or where the system does
/// not say.
pub fn device(path: &Path) -> Option<u64> {
    platform::device(&fs::metadata(path).ok()?)
}

/// Whether the user that this process acts for owns the file. Where the system has no owners, yes.
pub fn is_ours(metadata: &Metadata) -> bool {
    platform::is_ours(metadata)
}

#[cfg(unix)]
mod platform {
    use std::{fs::Metadata, os::unix::fs::MetadataExt as _};

    pub(super) fn is_ours(metadata: &Metadata) -> bool {
        metadata.uid() == rustix::process::geteuid().as_raw()
    }

    use super::FileIdentity;

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
    pub(super) fn device(metadata: &Metadata) -> Option<u64> {
        Some(metadata.dev())
    }

    pub(super) fn shared_identity(metadata: &Metadata) -> Option<FileIdentity> {
        (metadata.nlink() > 1).then(|| FileIdentity {
            device: metadata.dev(),
            file: metadata.ino(),
        })
    }
}

#[cfg(not(unix))]
mod platform {
    use std::fs::Metadata;

    use super::FileIdentity;

    pub(super) fn is_ours(_metadata: &Metadata) -> bool {
        true
    }

    pub(super) fn device(_metadata: &Metadata) -> Option<u64> {
        None
    }

    pub(super) fn shared_identity(_metadata: &Metadata) -> Option<FileIdentity> {
        None
    }
}
