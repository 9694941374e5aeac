//! Renames with what every system has.

use std::{fs, io, path::Path, thread};

use super::retry::while_denied;

pub(super) fn rename_noreplace(from: &Path, to: &Path) -> io::Result<()> {
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    while_denied(|| fs::rename(from, to), thread::sleep)
}

pub(super) fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
