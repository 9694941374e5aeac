//! Renames that never replace silently: the last step of everything that must appear whole.

use std::path::Path;

use crate::{PathContext as _, PathError};

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod portable;
#[cfg(any(test, not(any(target_os = "linux", target_os = "macos"))))]
pub(crate) mod retry;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod unix;

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
use portable as platform;
#[cfg(any(target_os = "linux", target_os = "macos"))]
use unix as platform;

/// Gives `from` the name `to` in one step, replacing a file there.
///
/// On Windows a file that another process has open, read-only or not, is replaced as on Unix where the file system
/// has POSIX renames (std asks NTFS for them); a program that shares nothing, such as a virus scanner, is waited
/// for, 1.3 s at most.
///
/// # Errors
/// As the system reports them; nothing has moved then.
pub fn rename(from: &Path, to: &Path) -> Result<(), PathError> {
    platform::rename(from, to).at("rename to", to)
}

/// Gives `from` the name `to` in one step, if that name is free.
///
/// Where the file system cannot refuse to replace (some network file systems), an empty directory or
/// a file that appears at `to` at just this moment is replaced; a directory with content never is.
///
/// # Errors
/// Kind `AlreadyExists` if `to` is taken, `CrossesDevices` across file systems; nothing has moved then.
pub fn rename_noreplace(from: &Path, to: &Path) -> Result<(), PathError> {
    platform::rename_noreplace(from, to).at("rename to", to)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) fn rename_noreplace_at(
    from: &std::os::fd::OwnedFd,
    name: &Path,
    to: &std::os::fd::OwnedFd,
    to_name: &Path,
) -> std::io::Result<()> {
    platform::rename_noreplace_at(from, name, to, to_name)
}

/// Other Unix systems cannot refuse to replace in the same step.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
pub(crate) fn rename_noreplace_at(
    from: &std::os::fd::OwnedFd,
    name: &Path,
    to: &std::os::fd::OwnedFd,
    to_name: &Path,
) -> std::io::Result<()> {
    use rustix::fs::{AtFlags, renameat, statat};

    if statat(to, to_name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    Ok(renameat(from, name, to, to_name)?)
}

/// Swaps two paths in one step. Both must exist.
///
/// # Errors
/// Kind `Unsupported` where the system cannot; nothing has moved then.
pub fn exchange(one: &Path, other: &Path) -> Result<(), PathError> {
    platform::exchange(one, other).at("exchange with", other)
}

#[cfg(test)]
mod tests;
