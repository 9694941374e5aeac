//! A file for a tool that may hold credentials: nobody else can read it, and it lives as long as one call.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::ToolError;

/// A file in a directory of its own, both of this user alone (0600 in 0700), removed when this is dropped.
/// A killed run leaves it in its scratch directory, which the next run on the same place removes.
pub(crate) struct PrivateFile {
    directory: PathBuf,
    path: PathBuf,
}

impl PrivateFile {
    /// Writes `text` to the file `name` in a new directory below `scratch`.
    pub(crate) fn create(scratch: &Path, name: &str, text: &str) -> Result<Self, ToolError> {
        let directory = scratch.join(format!("private-{name}"));
        create_private_dir(&directory).map_err(ToolError::file("make", &directory))?;
        let path = directory.join(name);
        let created = Self { directory, path };
        created
            .write(text)
            .map_err(ToolError::file("write", &created.path))?;
        Ok(created)
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut options = fs::File::options();
        // Never through a link or into a file of somebody else's.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)?.write_all(text.as_bytes())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        // The scratch directory around it goes too.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_dir(&self.directory);
    }
}

#[cfg(unix)]
fn create_private_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_of_this_user_alone_and_goes_at_the_end() {
        let scratch = tempfile::tempdir().unwrap();
        let file = PrivateFile::create(scratch.path(), "requirements.txt", "secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(file.path()), 0o600);
        assert_eq!(mode(file.path().parent().unwrap()), 0o700);
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "secret");
        // A name that is taken is never written through.
        assert!(PrivateFile::create(scratch.path(), "requirements.txt", "x").is_err());
        drop(file);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}
