//! A user's file with new content: whole or as it was, with its mode, where its link leads.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::{AtomicFile, Durability, PathContext as _, PathError};

/// Replaces the content of a file, or makes it. A symbolic link stays one: the file that it leads to is
/// replaced. The mode stays; a hard link to the file keeps the old content.
///
/// # Errors
/// The file is as it was then. A link that leads nowhere is not followed.
pub fn rewrite(path: &Path, content: &[u8]) -> Result<(), PathError> {
    let place = place_of(path)?;
    let mut file = AtomicFile::create(&place)?;
    file.write_all(content).at("write", path)?;
    if let Ok(old) = fs::metadata(&place) {
        file.set_permissions(old.permissions())?;
    }
    file.commit(Durability::Flush)
}

fn place_of(path: &Path) -> Result<PathBuf, PathError> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let is_link = path.symlink_metadata().is_ok();
            if is_link {
                Err(error).at("follow the link", path)
            } else {
                Ok(path.to_owned())
            }
        }
        place => place.at("find", path),
    }
}
