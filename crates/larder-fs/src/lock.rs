//! A lock file: one process at a time, as far as the file system's locks can be trusted.
//!
//! A convenience and never a proof: where locks do not work the caller goes on without one
//! ([`LockFile::is_held`] tells), and some network file systems keep locks within one machine. So what
//! it guards must be right by renames alone.

use std::{
    fs::{File, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use crate::{PathContext as _, PathError};

/// A lock, held unless the file system cannot. Dropping it removes the file and gives the lock up.
#[derive(Debug)]
pub struct LockFile {
    file: File,
    path: PathBuf,
    is_held: bool,
}

impl LockFile {
    /// Makes the file at `path` if need be and locks it, waiting for whoever holds it; `on_wait` is
    /// called once before waiting. Where the file system refuses to lock, there is no waiting and
    /// [`LockFile::is_held`] is false.
    ///
    /// # Errors
    /// If the file cannot be made or opened, or waiting fails.
    pub fn acquire(path: impl Into<PathBuf>, on_wait: impl FnOnce()) -> Result<Self, PathError> {
        Self::acquire_signed(path, "", |_| on_wait())
    }

    /// The same, and writes `signature` into the file for those who have to wait: `on_wait` gets the
    /// holder's, which is empty if it has not signed (yet) or the system lets nobody read it.
    ///
    /// # Errors
    /// As [`LockFile::acquire`].
    pub fn acquire_signed(
        path: impl Into<PathBuf>,
        signature: &str,
        on_wait: impl FnOnce(&str),
    ) -> Result<Self, PathError> {
        let path = path.into();
        let mut on_wait = Some(on_wait);
        loop {
            let mut file = open(&path)?;
            let is_held = match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => {
                    if let Some(tell) = on_wait.take() {
                        tell(&read_signature(&mut file));
                    }
                    wait(&file).at("lock", &path)?;
                    true
                }
                Err(TryLockError::Error(_)) => false,
            };
            // The holder removes the file on leaving: a lock on a removed file keeps nobody out.
            if is_same_file(&file, &path) {
                if is_held {
                    sign(&mut file, signature);
                }
                return Ok(Self {
                    file,
                    path,
                    is_held,
                });
            }
        }
    }

    /// Whether the file system granted the lock. If not, others may think that they are alone too.
    pub fn is_held(&self) -> bool {
        self.is_held
    }
}

/// Who holds a lock, as far as can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Nobody, or there is no such file.
    Nobody,
    /// Some process of this machine, or of another one where the file system has locks between machines.
    Somebody,
    /// The file system has no locks, or the file may not be opened.
    Unknown,
}

/// Asks who holds the lock at `path`, without waiting and without making the file.
pub fn lock_holder(path: &Path) -> Holder {
    // A FIFO or link in its place is no lock of ours: it tells nothing, and opening it must not wait.
    let file = match crate::open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Holder::Nobody,
        Err(_) => return Holder::Unknown,
    };
    // Shared: two that ask at once do not take each other for the holder.
    match file.try_lock_shared() {
        Ok(()) => Holder::Nobody,
        Err(TryLockError::WouldBlock) => Holder::Somebody,
        Err(TryLockError::Error(_)) => Holder::Unknown,
    }
}

/// A signal with a handler interrupts waiting.
fn wait(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Says who holds the lock, for people: that it cannot be written harms nobody.
fn sign(file: &mut File, signature: &str) {
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(signature.as_bytes()));
}

fn read_signature(file: &mut File) -> String {
    const LONGEST: u64 = 4096;
    let mut bytes = Vec::new();
    let _ = file.take(LONGEST).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// Opens or creates the file, never through a link: the holder writes its signature, and a repository that
/// carries `.larder-env.lock -> ~/.bashrc` must not have that file emptied.
fn open(path: &Path) -> Result<File, PathError> {
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    refuse_links_and_waiting(&mut options);
    let opened = open_file(&options, path)
        .map_err(explain_link)
        .and_then(|file| match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(crate::regular::not_regular()),
        });
    opened.at("open lock file", path)
}

/// The name of a file that was removed is taken, and refused, until the last process has closed the file: on Windows
/// before 10 and on FAT. Those who wait close it one after the other.
#[cfg(windows)]
fn open_file(options: &std::fs::OpenOptions, path: &Path) -> io::Result<File> {
    crate::rename::retry::while_busy(|| options.open(path), std::thread::sleep)
}

#[cfg(not(windows))]
fn open_file(options: &std::fs::OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

/// A lock is signed by its holder: through a link that would overwrite a file elsewhere. And a FIFO in its place
/// must not be waited for.
#[cfg(unix)]
fn refuse_links_and_waiting(options: &mut std::fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed());
}

#[cfg(unix)]
fn explain_link(error: io::Error) -> io::Error {
    crate::control_file::explain_link(error)
}

#[cfg(not(unix))]
fn explain_link(error: io::Error) -> io::Error {
    error
}

/// The link itself is opened, and is no file.
#[cfg(windows)]
fn refuse_links_and_waiting(options: &mut std::fs::OpenOptions) {
    use std::os::windows::fs::OpenOptionsExt as _;

    use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_OPEN_REPARSE_POINT;

    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
}

#[cfg(not(any(unix, windows)))]
fn refuse_links_and_waiting(_options: &mut std::fs::OpenOptions) {}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Before the lock is given up: whoever gets it next sees that the name is gone and begins anew.
        if is_same_file(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

#[cfg(any(unix, windows))]
fn is_same_file(file: &File, path: &Path) -> bool {
    crate::is_name_of(path, file)
}

#[cfg(not(any(unix, windows)))]
fn is_same_file(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests;
