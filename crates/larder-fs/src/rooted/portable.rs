//! By paths, where the system has no descriptors for directories: each component is looked at before it is used,
//! and another process could exchange it in between.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{FileStatus, RootedDir, no_directory};
use crate::{PathContext as _, PathError};

impl RootedDir {
    /// The path, after a look at each directory above it.
    fn checked(&self, operation: &'static str, path: &Path) -> Result<PathBuf, PathError> {
        let names = self.names_to(operation, path)?;
        let mut current = self.path.clone();
        let parents = names.len().saturating_sub(1);
        for (index, name) in names.into_iter().enumerate() {
            current.push(name);
            if index < parents {
                let found = fs::symlink_metadata(&current).at(operation, path)?;
                if !found.is_dir() {
                    return Err(no_directory()).at(operation, path);
                }
            }
        }
        Ok(current)
    }

    /// What the file system shows of `path`.
    ///
    /// # Errors
    /// Kind `NotFound` if it is absent, `NotADirectory` if a component before it is a link or no directory.
    pub fn status(&self, path: &Path) -> Result<FileStatus, PathError> {
        let operation = "read metadata of";
        let path = self.checked(operation, path)?;
        let found = fs::symlink_metadata(&path).at(operation, &path)?;
        let modified = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Ok(FileStatus {
            is_file: found.is_file(),
            is_dir: found.is_dir(),
            size: found.len(),
            modified,
            changed: modified,
            is_read_only: found.permissions().readonly(),
        })
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// As [`RootedDir::status`]; kind `InvalidData` if it is no regular file.
    pub fn open_file(&self, path: &Path) -> Result<File, PathError> {
        let path = self.checked("open", path)?;
        crate::open_regular(&path).at("open", &path)
    }

    /// The paths in a directory, in no order. None if it is absent, a link or no directory.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn list(&self, path: &Path) -> Result<Vec<PathBuf>, PathError> {
        let is_root = self.names_to("read directory", path)?.is_empty();
        if !is_root && !self.is_dir(path) {
            return Ok(Vec::new());
        }
        crate::list_dir(&self.checked("read directory", path)?)
    }

    /// Makes a new file, open for writing. There are no permissions here.
    ///
    /// # Errors
    /// Kind `AlreadyExists` if the name is taken; see also [`RootedDir::status`].
    pub fn create_file(&self, path: &Path, _mode: u32) -> Result<File, PathError> {
        let path = self.checked("create file", path)?;
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        options.open(&path).at("create file", &path)
    }

    /// Makes a directory and those above it, down from the root, that are missing; says whether `path` was
    /// missing.
    ///
    /// # Errors
    /// Kind `NotADirectory` if one of them is a link or no directory.
    pub fn create_dirs(&self, path: &Path) -> Result<bool, PathError> {
        let operation = "create directory";
        let mut current = self.path.clone();
        let mut is_new = false;
        for name in self.names_to(operation, path)? {
            current.push(name);
            is_new = match fs::create_dir(&current) {
                Ok(()) => true,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
                Err(error) => return Err(error).at(operation, &current),
            };
            if !fs::symlink_metadata(&current).is_ok_and(|found| found.is_dir()) {
                return Err(no_directory()).at(operation, &current);
            }
        }
        Ok(is_new)
    }

    /// Removes a file or link.
    ///
    /// # Errors
    /// If it is a directory; see also [`RootedDir::status`].
    pub fn remove_file(&self, path: &Path) -> Result<(), PathError> {
        let path = self.checked("remove file", path)?;
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
            // Windows removes no read-only file.
            crate::make_writable(&path)?;
        }
        crate::remove::remove_name(&path).at("remove file", &path)
    }

    /// Removes a directory and all that is in it, or a file. What is absent is no error.
    ///
    /// # Errors
    /// If something cannot be removed; part of it may be gone then.
    pub fn remove_tree(&self, path: &Path) -> Result<(), PathError> {
        match self.status(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Ok(status) if !status.is_dir => self.remove_file(path),
            _ => crate::remove_tree(&self.checked("remove directory", path)?),
        }
    }

    /// Renames, replacing what is at `to`.
    ///
    /// # Errors
    /// As the system reports them; see also [`RootedDir::status`].
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), PathError> {
        let to = self.checked("rename to", to)?;
        crate::rename(&self.checked("rename", from)?, &to)
    }

    /// Renames if the new name is free.
    ///
    /// # Errors
    /// Kind `AlreadyExists` if it is taken; see also [`RootedDir::status`].
    pub fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), PathError> {
        let to = self.checked("rename to", to)?;
        crate::rename_noreplace(&self.checked("rename", from)?, &to)
    }

    /// Does nothing: times of links cannot be set.
    pub(super) fn mark_new(&self, _path: &Path) {}

    /// Does nothing: the system cannot open directories.
    ///
    /// # Errors
    /// None.
    pub fn sync_dir(&self, _path: &Path) -> Result<(), PathError> {
        Ok(())
    }

    /// Takes the right to write to a regular file.
    ///
    /// # Errors
    /// As [`RootedDir::open_file`], or if the mode cannot be set.
    pub fn make_read_only(&self, path: &Path) -> Result<(), PathError> {
        self.open_file(path)?;
        crate::make_read_only(&self.checked("set mode of", path)?)
    }
}
