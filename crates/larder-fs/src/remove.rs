//! Removing a directory and what is below it.

use std::{fs, io, path::Path};

use crate::{PathContext as _, PathError, make_writable, mode::open_up};

/// Removes a directory tree, links in it but never what they point to. A tree that is not there is
/// no error. Directories that their owner may not list, enter or write are opened up first.
///
/// # Errors
/// If something cannot be removed; part of the tree may be gone then.
pub fn remove_tree(path: &Path) -> Result<(), PathError> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            unprotect(path)?;
            fs::remove_dir_all(path).at("remove directory", path)
        }
        Err(error) => Err(error).at("remove directory", path),
    }
}

/// Removes a file or a link; on Windows a link to a directory is removed as one.
#[cfg(not(unix))]
pub(crate) fn remove_name(path: &Path) -> io::Result<()> {
    #[cfg(windows)]
    {
        use std::os::windows::fs::FileTypeExt as _;

        if fs::symlink_metadata(path)?.file_type().is_symlink_dir() {
            return fs::remove_dir(path);
        }
    }
    fs::remove_file(path)
}

fn unprotect(directory: &Path) -> Result<(), PathError> {
    open_up(directory)?;
    for entry in fs::read_dir(directory).at("read directory", directory)? {
        let entry = entry.at("read directory", directory)?;
        let kind = entry.file_type().at("read metadata of", entry.path())?;
        if kind.is_dir() {
            unprotect(&entry.path())?;
        } else if cfg!(windows) && kind.is_file() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
