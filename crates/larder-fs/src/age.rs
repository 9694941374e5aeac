//! When something last changed, to tell what is in use from what was left behind.

use std::{fs, path::Path, time::SystemTime};

use crate::{PathContext as _, PathError};

/// When a file or directory (not what it links to) was last changed: its content, its names, its mode
/// or, on most file systems, its own name. By the clock of the file system.
///
/// # Errors
/// If it is not there or cannot be looked at.
pub fn last_changed(path: &Path) -> Result<SystemTime, PathError> {
    let metadata = fs::symlink_metadata(path).at("read metadata of", path)?;
    let modified = metadata.modified().at("read metadata of", path)?;
    Ok(modified.max(status_changed(&metadata).unwrap_or(modified)))
}

#[cfg(unix)]
fn status_changed(metadata: &fs::Metadata) -> Option<SystemTime> {
    use std::{os::unix::fs::MetadataExt as _, time::Duration};

    let seconds = Duration::from_secs(u64::try_from(metadata.ctime()).ok()?);
    let rest = Duration::from_nanos(u64::try_from(metadata.ctime_nsec()).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(seconds + rest)
}

#[cfg(not(unix))]
fn status_changed(_metadata: &fs::Metadata) -> Option<SystemTime> {
    None
}
