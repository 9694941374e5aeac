//! A mark beside a directory: everything below it was flushed once it was made, so that whoever links its
//! files need not flush them again.
//!
//! The mark is an empty file whose name has the directory's number in its file system: a directory that
//! takes the place of a marked one is not marked. It says nothing of what is written to the files later;
//! whoever finds that out clears it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{PathContext as _, PathError, Stamp};

/// The mark of one directory, set or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlushedMark {
    path: PathBuf,
    directory: PathBuf,
}

impl FlushedMark {
    /// The mark of a directory, beside it; none if the directory is not there, or has no number.
    pub fn of(directory: &Path) -> Option<Self> {
        let stamp = Stamp::from_metadata(&fs::symlink_metadata(directory).ok()?);
        let path = directory.with_file_name(format!("flushed-{:x}", stamp.inode));
        (stamp.inode != 0).then(|| Self {
            path,
            directory: directory.to_owned(),
        })
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.path.symlink_metadata().is_ok()
    }

    /// The directory that it is of.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Sets it. The caller has flushed all that is in the directory after [`FlushedMark::of`] gave this.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn set(&self) -> Result<(), PathError> {
        File::create(&self.path)
            .map(drop)
            .at("create file", &self.path)
    }

    /// Takes it away, if it is there.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn clear(&self) -> Result<(), PathError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).at("remove file", &self.path)
            }
            _ => Ok(()),
        }
    }
}
