//! A directory of small files that only this user can write: what this machine knows and must not take from
//! a cache that others may have written.
//!
//! Files are read only if they and their directory belong to this user and nobody else may write them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{
    Durability, Links, PathContext as _, PathError,
    control_file::{read_at_most, refusal},
    list_dir, open_control_file, write_atomic,
};

/// More files than that are not kept: the older half is removed when one is added.
const MOST_FILES: usize = 4096;

/// A directory of small files that only this user can write; created when first written to.
#[derive(Debug, Clone)]
pub struct PrivateDir(PathBuf);

impl PrivateDir {
    /// Reads and creates nothing yet.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Path of the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the file `name` of at most `limit` bytes; `None` if it is absent.
    ///
    /// # Errors
    /// Kind `InvalidData` if file or directory are not this user's alone, or if the file is larger.
    pub fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, PathError> {
        if !self.is_ours()? {
            return Ok(None);
        }
        let path = self.0.join(name);
        let file = match open_control_file(&path, Links::Refuse) {
            Err(error) if is_absent(&error) => return Ok(None),
            file => file?,
        };
        let metadata = file.metadata().at("read metadata of", &path)?;
        if !platform::is_only_ours(&metadata) {
            return Err(refusal("another user owns it or may write to it")).at("read file", &path);
        }
        read_at_most(file, limit).at("read file", &path).map(Some)
    }

    /// Writes the file `name`, replacing it as a whole.
    ///
    /// # Errors
    /// If the directory is not this user's alone, or cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PathError> {
        if !self.is_ours()? {
            platform::create_private_dir(&self.0).at("create directory", &self.0)?;
        }
        let path = self.0.join(name);
        if !path.exists() {
            self.make_room()?;
        }
        write_atomic(&path, bytes, Durability::Lazy)
    }

    /// Whether the directory exists.
    ///
    /// # Errors
    /// Kind `InvalidData` if another user owns it or may write to it, or if it is not a directory.
    fn is_ours(&self) -> Result<bool, PathError> {
        let metadata = match fs::symlink_metadata(&self.0).at("read metadata of", &self.0) {
            Err(error) if is_absent(&error) => return Ok(false),
            metadata => metadata?,
        };
        if metadata.is_dir() && platform::is_only_ours(&metadata) {
            return Ok(true);
        }
        let text =
            "it is not a directory that belongs to this user and that nobody else may write to";
        Err(refusal(text)).at("use directory", &self.0)
    }

    /// Removes the older half of the files if there are too many, so that stores which are thrown away leave
    /// a bounded trace.
    fn make_room(&self) -> Result<(), PathError> {
        let mut files = list_dir(&self.0)?;
        if files.len() < MOST_FILES {
            return Ok(());
        }
        files.sort_by_cached_key(|path| {
            let metadata = fs::symlink_metadata(path);
            let written = metadata.and_then(|metadata| metadata.modified());
            written.unwrap_or(SystemTime::UNIX_EPOCH)
        });
        for path in &files[..MOST_FILES / 2] {
            // Another process may be doing the same.
            fs::remove_file(path).ok();
        }
        Ok(())
    }
}

fn is_absent(error: &PathError) -> bool {
    error.source.kind() == std::io::ErrorKind::NotFound
}

#[cfg(unix)]
mod platform {
    use std::{
        fs::{DirBuilder, Metadata},
        io,
        os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
        path::Path,
    };

    const OTHERS_MAY_WRITE: u32 = 0o022;

    pub(super) fn is_only_ours(metadata: &Metadata) -> bool {
        metadata.uid() == rustix::process::geteuid().as_raw()
            && metadata.mode() & OTHERS_MAY_WRITE == 0
    }

    pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{fs, fs::Metadata, io, path::Path};

    /// On Windows the profile that the directory is in can only be written by its user.
    pub(super) fn is_only_ours(_metadata: &Metadata) -> bool {
        true
    }

    pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    use super::{MOST_FILES, PrivateDir};

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn files_that_others_may_have_written_are_refused() {
        let temp = tempfile::tempdir().unwrap();
        let private = PrivateDir::new(temp.path().join("a/b"));
        assert_eq!(private.read("x", 9).unwrap(), None);
        private.write("x", b"1").unwrap();
        let mode = fs::metadata(private.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(private.read("x", 9).unwrap().unwrap(), b"1");
        assert_eq!(private.read("y", 9).unwrap(), None);
        fs::write(private.path().join("large"), "0123456789").unwrap();
        private.read("large", 9).unwrap_err();

        let file = private.path().join("x");
        set_mode(&file, 0o664);
        private.read("x", 9).unwrap_err();
        set_mode(&file, 0o600);
        set_mode(private.path(), 0o777);
        private.read("x", 9).unwrap_err();
        private.write("x", b"2").unwrap_err();
        set_mode(private.path(), 0o700);
        std::os::unix::fs::symlink(&file, private.path().join("link")).unwrap();
        private.read("link", 9).unwrap_err();
        let linked = PrivateDir::new(temp.path().join("linked"));
        std::os::unix::fs::symlink(private.path(), linked.path()).unwrap();
        linked.read("x", 9).unwrap_err();
    }

    #[test]
    fn the_number_of_files_is_bounded() {
        let temp = tempfile::tempdir().unwrap();
        let private = PrivateDir::new(temp.path().join("p"));
        private.write("first", b"").unwrap();
        for number in 1..MOST_FILES {
            fs::write(private.path().join(number.to_string()), "").unwrap();
        }
        private.write("last", b"1").unwrap();
        assert!(fs::read_dir(private.path()).unwrap().count() <= MOST_FILES / 2 + 1);
        assert_eq!(private.read("last", 1).unwrap().unwrap(), b"1");
    }
}
