//! Copy by path; no reflinks.

use std::{fs, io};

use crate::{PathContext as _, PathError};

use super::LinkFile;

/// Copies bytes and attributes.
pub(super) fn copy(file: LinkFile<'_>) -> Result<(), PathError> {
    let target = file.to.path().join(file.to_name);
    if target.symlink_metadata().is_ok() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists)).at("copy to", target);
    }
    fs::copy(file.from.path().join(file.name), &target)
        .map(drop)
        .at("copy to", &target)
}

/// There are no reflinks here.
pub(super) fn reflink(file: LinkFile<'_>) -> Result<(), PathError> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
        .at("clone file to", file.to.path().join(file.to_name))
}
