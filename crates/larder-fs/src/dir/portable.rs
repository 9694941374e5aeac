//! Directory "handles" by path, where the system has no file descriptors for directories.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use crate::{PathContext as _, PathError, Stamp, symlink::copy_in_place_of_link};

/// A directory.
#[derive(Debug)]
pub struct Dir {
    path: PathBuf,
}

impl Dir {
    /// Opens an existing directory; a link to one is followed.
    ///
    /// # Errors
    /// If it is not there, not a directory or not readable.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PathError> {
        let path = path.into();
        fs::read_dir(&path).at("open directory", &path)?;
        Ok(Self { path })
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a directory below this one. Its last component must not be a link.
    ///
    /// # Errors
    /// If it is not there, not a directory, or a link.
    pub fn open_dir(&self, name: impl AsRef<Path>) -> Result<Self, PathError> {
        let path = self.path.join(name);
        let metadata = fs::symlink_metadata(&path).at("open directory", &path)?;
        if metadata.is_dir() {
            Ok(Self { path })
        } else {
            Err(std::io::Error::from(std::io::ErrorKind::NotADirectory)).at("open directory", &path)
        }
    }

    /// Makes a directory with the default mode.
    ///
    /// # Errors
    /// If the name is taken (kind `AlreadyExists`) or the directory cannot be written.
    pub fn create_dir(&self, name: impl AsRef<Path>) -> Result<(), PathError> {
        let path = self.path.join(name);
        fs::create_dir(&path).at("create directory", &path)
    }

    /// Makes a new file, open for writing.
    ///
    /// # Errors
    /// If the name is taken (kind `AlreadyExists`), or the directory cannot be written.
    pub fn create_file(
        &self,
        name: impl AsRef<Path>,
        _executable: bool,
    ) -> Result<File, PathError> {
        let path = self.path.join(name);
        File::create_new(&path).at("create file", &path)
    }

    /// Makes a new file, open for writing. There are no permissions here.
    ///
    /// # Errors
    /// As [`Dir::create_file`].
    pub fn create_file_as(&self, name: impl AsRef<Path>, _mode: u32) -> Result<File, PathError> {
        self.create_file(name, false)
    }

    /// There are no permissions here.
    ///
    /// # Errors
    /// None.
    pub fn set_mode(&self, _name: impl AsRef<Path>, _mode: u32) -> Result<(), PathError> {
        Ok(())
    }

    /// Sets when the file `name` was last written. Links and directories keep their time.
    ///
    /// # Errors
    /// None: a time that cannot be set stays.
    pub fn set_modified(
        &self,
        name: impl AsRef<Path>,
        (seconds, nanoseconds): (u64, u32),
    ) -> Result<(), PathError> {
        let time = std::time::UNIX_EPOCH + std::time::Duration::new(seconds, nanoseconds);
        if let Ok(file) = File::options().append(true).open(self.path.join(name)) {
            file.set_modified(time).ok();
        }
        Ok(())
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// If it is not there or not readable.
    pub fn open_file(&self, name: impl AsRef<Path>) -> Result<File, PathError> {
        let path = self.path.join(name);
        File::open(&path).at("open file", &path)
    }

    /// Opens the regular file `name` for reading. It must not be a link.
    ///
    /// # Errors
    /// Kind `InvalidData` if it is something else.
    pub fn open_regular(&self, name: impl AsRef<Path>) -> Result<File, PathError> {
        crate::open_control_file(&self.path.join(name), crate::Links::Refuse)
    }

    /// Opens the existing regular file `name` to append to it or to shorten it. It must not be a link.
    ///
    /// # Errors
    /// Kind `InvalidData` if it is something else.
    pub fn append_regular(&self, name: impl AsRef<Path>) -> Result<File, PathError> {
        let path = self.path.join(name);
        drop(self.open_regular(&path)?);
        // Append mode alone may not set the length on Windows.
        let mut file = File::options()
            .write(true)
            .open(&path)
            .at("open file", &path)?;
        std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).at("open file", &path)?;
        Ok(file)
    }

    /// Renames `name` to `to_name` in `to`, replacing a file there.
    ///
    /// # Errors
    /// As the system reports them. The path is the old one.
    pub fn rename(
        &self,
        name: impl AsRef<Path>,
        to: &Self,
        to_name: impl AsRef<Path>,
    ) -> Result<(), PathError> {
        let path = self.path.join(name);
        crate::rename(&path, &to.path.join(to_name))
            .map_err(|error| error.source)
            .at("move", &path)
    }

    /// Renames `name` to `to_name` in `to`, if that name is free.
    ///
    /// # Errors
    /// Kind `AlreadyExists` if it is taken. The path is the new one.
    pub fn rename_noreplace(
        &self,
        name: impl AsRef<Path>,
        to: &Self,
        to_name: impl AsRef<Path>,
    ) -> Result<(), PathError> {
        crate::rename_noreplace(&self.path.join(name), &to.path.join(to_name))
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// If it is not empty, not a directory, or not there.
    pub fn remove_dir(&self, name: impl AsRef<Path>) -> Result<(), PathError> {
        let path = self.path.join(name);
        fs::remove_dir(&path).at("remove directory", &path)
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// As [`Dir::open_file`], or if reading fails.
    pub fn read(&self, name: impl AsRef<Path>) -> Result<Vec<u8>, PathError> {
        let path = self.path.join(name);
        fs::read(&path).at("read file", &path)
    }

    /// What the file system shows of `name`; of a link itself, not of what it leads to.
    ///
    /// # Errors
    /// If it is not there, or this directory may not be searched.
    pub fn stamp(&self, name: impl AsRef<Path>) -> Result<Stamp, PathError> {
        let path = self.path.join(name);
        let metadata = fs::symlink_metadata(&path).at("read metadata of", &path)?;
        Ok(Stamp::from_metadata(&metadata))
    }

    /// Makes a symbolic link at `name` whose text is `target`. Where links need a privilege that is
    /// missing, what the target names beside the link is copied, so that the package still works.
    ///
    /// # Errors
    /// If the name is taken or neither a link nor a copy can be made.
    pub fn symlink(
        &self,
        target: impl AsRef<Path>,
        name: impl AsRef<Path>,
    ) -> Result<(), PathError> {
        let path = self.path.join(name);
        let target = target.as_ref();
        let resolved = path.parent().unwrap_or(&self.path).join(target);
        symlink_file_or_dir(target, &resolved, &path)
            .or_else(|error| copy_in_place_of_link(&resolved, &path).map_err(|_| error))
            .at("create symbolic link", &path)
    }

    /// Makes a hard link at `to`/`to_name` to the file `name` of this directory.
    ///
    /// # Errors
    /// As the system reports them. The path is that of the new link.
    pub fn hard_link(
        &self,
        name: impl AsRef<Path>,
        to: &Self,
        to_name: impl AsRef<Path>,
    ) -> Result<(), PathError> {
        let path = to.path.join(to_name);
        fs::hard_link(self.path.join(name), &path).at("create hard link", &path)
    }

    /// Removes a file or link.
    ///
    /// # Errors
    /// If it is not there, is a directory, or the directory cannot be written.
    pub fn remove_file(&self, name: impl AsRef<Path>) -> Result<(), PathError> {
        let path = self.path.join(name);
        crate::remove::remove_name(&path).at("remove file", &path)
    }
}

#[cfg(windows)]
fn symlink_file_or_dir(target: &Path, resolved: &Path, path: &Path) -> std::io::Result<()> {
    let target = crate::symlink::text_for_windows(target);
    if resolved.is_dir() {
        std::os::windows::fs::symlink_dir(target, path)
    } else {
        std::os::windows::fs::symlink_file(target, path)
    }
}

#[cfg(not(windows))]
fn symlink_file_or_dir(_target: &Path, _resolved: &Path, _path: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
