//! [`RootedDir`]: operations below a directory that no symbolic link leads out of.
//!
//! A store may come out of a restored cache, and members of a group may write to it: each directory in it can
//! be a link to a directory of the victim. Paths given to the operations here lie below the root. The root is
//! opened as the user named it, links included; from there each component is opened relative to the handle of
//! the one before, and one that is a link or no directory is an error of kind `NotADirectory`. So nothing
//! outside the root is read, written or removed, whatever another process exchanges meanwhile.

use std::{
    io,
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

use crate::{PathContext as _, PathError, regular::read_at_most};

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

/// What is moved out of the way has a name that [`crate::sweep_beside`] removes when it is a day old.
const DISPLACED: &str = ".larder-displaced-";

/// A directory below which no symbolic link is followed.
#[derive(Debug, Clone)]
pub struct RootedDir {
    path: PathBuf,
}

/// What the file system shows of a name; of a link itself, not of what it leads to.
#[derive(Debug, Clone, Copy)]
pub struct FileStatus {
    /// Whether it is a regular file.
    pub is_file: bool,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Size in bytes.
    pub size: u64,
    /// When it was last written to.
    pub modified: SystemTime,
    /// When its content, mode or, on most file systems, its name last changed.
    pub changed: SystemTime,
    /// Whether nobody has the right to write to it.
    pub is_read_only: bool,
}

impl RootedDir {
    /// Opens nothing yet: the root is opened anew by each operation, so it may be created or replaced later.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The root, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names between the root and `path`.
    fn names_to<'p>(
        &self,
        operation: &'static str,
        path: &'p Path,
    ) -> Result<Vec<&'p Path>, PathError> {
        let outside = || io::Error::new(io::ErrorKind::InvalidInput, "it is outside the directory");
        let relative = match path.strip_prefix(&self.path) {
            Ok(relative) => relative,
            Err(_) if path.is_relative() => path,
            Err(_) => return Err(outside()).at(operation, path),
        };
        relative
            .components()
            .map(|component| match component {
                Component::Normal(name) => Ok(Path::new(name)),
                _ => Err(outside()).at(operation, path),
            })
            .collect()
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// # Errors
    /// Kind `InvalidData` if it is larger or no regular file; see also [`RootedDir::open_file`].
    pub fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, PathError> {
        let mut file = self.open_file(path)?;
        read_at_most(&mut file, limit).at("read", path)
    }

    /// Whether there is a directory, reached without following a link.
    pub fn is_dir(&self, path: &Path) -> bool {
        self.status(path).is_ok_and(|status| status.is_dir)
    }

    /// Makes a directory and those above it, down from the root. What is in the way of one and is no directory
    /// (a link, a file, a FIFO) is renamed within its parent; returns where to.
    ///
    /// # Errors
    /// If something cannot be made or moved.
    pub fn ensure_dir(&self, path: &Path) -> Result<Option<PathBuf>, PathError> {
        let mut displaced = None;
        let mut current = self.path.clone();
        for name in self.names_to("create directory", path)? {
            current.push(name);
            match self.create_dirs(&current) {
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                    displaced = Some(self.displace(&current)?);
                    self.create_dirs(&current)?;
                }
                result => drop(result?),
            }
        }
        Ok(displaced)
    }

    /// Renames what is at `path` to a name beside it that nobody uses, and returns that. The new name is one that
    /// [`crate::sweep_beside`] removes after a day.
    ///
    /// # Errors
    /// If it cannot be renamed.
    pub fn displace(&self, path: &Path) -> Result<PathBuf, PathError> {
        use std::hash::{BuildHasher as _, RandomState};

        let random = RandomState::new().hash_one(std::process::id());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // File systems take names of 255 bytes, and the name that is displaced may have all of them.
        let name = &name[..name.floor_char_boundary(LONGEST_DISPLACED)];
        let aside = path.with_file_name(format!("{DISPLACED}{name}-{random:016x}.tmp"));
        self.rename_noreplace(path, &aside)?;
        // A day from now, however old it says it is.
        self.mark_new(&aside);
        Ok(aside)
    }
}

/// Bytes of a displaced name that are kept, for people.
const LONGEST_DISPLACED: usize = 100;

fn no_directory() -> io::Error {
    io::Error::new(io::ErrorKind::NotADirectory, "it is a link or no directory")
}
