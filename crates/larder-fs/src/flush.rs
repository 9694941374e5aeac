//! Flushing what was written, all of it at once: thousands of files and names cost one call.
//!
//! Flushes what others have written to the same file system as well; where the system has no such call,
//! says so instead of walking through directories.

use std::{fs, path::Path};

use crate::{PathContext as _, PathError};

/// Whether everything was flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// All names and bytes of the file system are on the disk, or as near to it as the system gets them.
    Everything,
    /// This system cannot: Windows flushes a volume for administrators alone.
    Nothing,
}

/// Flushes the file system that a directory is on: what was written there before survives a power loss.
///
/// Linux: `syncfs`, which also tells of writes that failed since the directory was opened. macOS: `sync`,
/// then `F_FULLFSYNC` of the directory, which makes the disk write what it has.
///
/// # Errors
/// If the directory cannot be opened or its file system not flushed.
pub fn flush_file_system(directory: &Path) -> Result<Flushed, PathError> {
    if cfg!(not(unix)) {
        return Ok(Flushed::Nothing);
    }
    let handle = fs::File::open(directory).at("open directory", directory)?;
    flush(&handle).at("flush the file system of", directory)?;
    Ok(Flushed::Everything)
}

#[cfg(target_os = "linux")]
fn flush(directory: &fs::File) -> std::io::Result<()> {
    Ok(rustix::fs::syncfs(directory)?)
}

#[cfg(target_os = "macos")]
fn flush(directory: &fs::File) -> std::io::Result<()> {
    rustix::fs::sync();
    crate::flush_file(directory)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn flush(directory: &fs::File) -> std::io::Result<()> {
    directory.sync_all()
}
