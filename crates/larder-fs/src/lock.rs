//! A lock file: one process at a time, as far as the file system's locks can be trusted.
//!
//! A convenience and never a proof: where locks are not supported the caller goes on without one, so
//! what it guards must be right by renames alone.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::{PathContext as _, PathError};

/// A held lock. Dropping it gives it up and, where that cannot harm a waiting process, removes the file.
#[derive(Debug)]
pub struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    /// Makes the file at `path` if need be and locks it, waiting for whoever holds it; `on_wait` is
    /// called once before waiting.
    ///
    /// # Errors
    /// If the file cannot be made or opened, or locking fails for another reason than not being
    /// supported.
    pub fn acquire(path: impl Into<PathBuf>, on_wait: impl FnOnce()) -> Result<Self, PathError> {
        let path = path.into();
        let mut on_wait = Some(on_wait);
        loop {
            let file = open(&path)?;
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                if let Some(tell) = on_wait.take() {
                    tell();
                }
                match file.lock() {
                    Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                        return Err(error).at("lock", &path);
                    }
                    _ => {}
                }
            }
            // The holder removes the file on leaving: a lock on a removed file keeps nobody out.
            if is_same_file(&file, &path) {
                return Ok(Self { file, path });
            }
        }
    }
}

fn open(path: &Path) -> Result<File, PathError> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .at("open lock file", path)
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Elsewhere a file that a waiting process has open cannot be removed without failing that process.
        if cfg!(unix) && is_same_file(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    match (file.metadata(), path.symlink_metadata()) {
        (Ok(held), Ok(named)) => held.dev() == named.dev() && held.ino() == named.ino(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests;
