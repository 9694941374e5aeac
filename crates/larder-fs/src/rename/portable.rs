//! Renames with what every system has, and with `MoveFileExW` on Windows.

use std::{fs, io, path::Path, thread};

use super::retry::while_busy;

/// std uses `FileRenameInfoEx` with POSIX semantics where the simple call is refused.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    while_busy(|| fs::rename(from, to), thread::sleep)
}

/// The system decides whether the name is free, not a look beforehand: who loses a race is told `AlreadyExists`, and
/// a missing source is `NotFound` whatever is at `to`.
#[cfg(windows)]
pub(super) fn rename_noreplace(from: &Path, to: &Path) -> io::Result<()> {
    while_busy(
        || crate::windows::move_to_free_name(from, to),
        thread::sleep,
    )
}

#[cfg(not(windows))]
pub(super) fn rename_noreplace(from: &Path, to: &Path) -> io::Result<()> {
    from.symlink_metadata()?;
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

pub(super) fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
