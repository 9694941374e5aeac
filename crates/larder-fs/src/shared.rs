//! Directories that a group shares: what is made in them can be used by the group, whatever the umask.
//!
//! A directory counts as shared if the group may write to it. Elsewhere the umask alone decides.

use std::{fs, io, path::Path};

use crate::{PathContext as _, PathError};

/// Makes a directory and those above it that are missing. What is made in a directory that a group
/// shares can be written by the group and hands its group on, as that one does.
///
/// # Errors
/// If one cannot be made.
pub fn create_shared_dir(path: &Path) -> Result<(), PathError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_shared_dir(parent)?;
    }
    match fs::create_dir(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        result => {
            result.at("create directory", path)?;
            platform::share_dir(path)
        }
    }
}

/// Lets everyone read a file who may list the directory, if a group shares that.
///
/// # Errors
/// If the mode cannot be read or set.
pub fn share_file(path: &Path) -> Result<(), PathError> {
    platform::share_file(path)
}

#[cfg(unix)]
mod platform {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    use crate::{PathContext as _, PathError};

    const GROUP_MAY_WRITE: u32 = 0o020;
    /// The group's rights and everybody's, and that new files get the directory's group.
    const HANDED_ON: u32 = 0o2077;

    pub(super) fn share_dir(path: &Path) -> Result<(), PathError> {
        change(path, |mode, parent| mode | (parent & HANDED_ON))
    }

    pub(super) fn share_file(path: &Path) -> Result<(), PathError> {
        change(path, |mode, parent| mode | (parent & 0o044))
    }

    fn change(path: &Path, new: impl Fn(u32, u32) -> u32) -> Result<(), PathError> {
        let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        else {
            return Ok(());
        };
        let parent = mode(parent)?;
        if parent & GROUP_MAY_WRITE == 0 {
            return Ok(());
        }
        let old = mode(path)?;
        let mode = new(old, parent);
        if mode == old {
            return Ok(());
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).at("set mode of", path)
    }

    fn mode(path: &Path) -> Result<u32, PathError> {
        let metadata = fs::metadata(path).at("read metadata of", path)?;
        Ok(metadata.permissions().mode() & 0o7777)
    }
}

#[cfg(not(unix))]
mod platform {
    use std::path::Path;

    use crate::PathError;

    pub(super) fn share_dir(_path: &Path) -> Result<(), PathError> {
        Ok(())
    }

    pub(super) fn share_file(_path: &Path) -> Result<(), PathError> {
        Ok(())
    }
}
