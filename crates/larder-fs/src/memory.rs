//! Directories in memory, for files that are needed for a moment and would cost a disk more than they are worth.
//!
//! Who makes one sees to it that it is removed, and looks first whether there is room.

use std::path::{Path, PathBuf};

use crate::{PathContext as _, PathError};

/// Where everyone may make files in memory, if the system has such a place.
pub fn memory_dir() -> Option<PathBuf> {
    platform::memory_dir()
}

/// How many bytes can still be written below `path`; nothing if that is not in memory.
pub fn free_in_memory(path: &Path) -> Option<u64> {
    platform::free_in_memory(path)
}

/// Makes `directory`, which nobody else may look into, and `link`, which leads to it. The link is there first, so
/// that no directory can be without one.
///
/// # Errors
/// If one cannot be made, or is there already. Nothing is left then.
pub fn create_private_dir_behind(link: &Path, directory: &Path) -> Result<(), PathError> {
    platform::symlink(directory, link).at("create symbolic link", link)?;
    let made = platform::create_private_dir(directory).at("create directory", directory);
    if made.is_err() {
        std::fs::remove_file(link).ok();
    }
    made
}

#[cfg(target_os = "linux")]
mod platform {
    use std::{
        fs, io,
        os::unix::fs::DirBuilderExt as _,
        path::{Path, PathBuf},
    };

    const TMPFS: u64 = 0x0102_1994;

    pub(super) use std::os::unix::fs::symlink;

    pub(super) fn memory_dir() -> Option<PathBuf> {
        let path = PathBuf::from("/dev/shm");
        path.is_dir().then_some(path)
    }

    pub(super) fn free_in_memory(path: &Path) -> Option<u64> {
        let found = rustix::fs::statfs(path).ok()?;
        let is_memory = u64::try_from(found.f_type) == Ok(TMPFS);
        let block = u64::try_from(found.f_bsize).ok()?;
        is_memory.then(|| found.f_bavail.saturating_mul(block))
    }

    pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(path)
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::{
        io,
        path::{Path, PathBuf},
    };

    pub(super) fn memory_dir() -> Option<PathBuf> {
        None
    }

    pub(super) fn free_in_memory(_path: &Path) -> Option<u64> {
        None
    }

    pub(super) fn symlink(_to: &Path, _link: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn create_private_dir(_path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
