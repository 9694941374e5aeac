//! The time of a file as that of its last use, where a file system does not keep one.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

/// Often enough to tell by days what is used, seldom enough not to show.
const PRECISION: Duration = Duration::from_secs(24 * 60 * 60);

/// Sets the time of an open file to now if it is older than a day. Where that is not allowed, or not
/// possible, nothing happens.
pub fn mark_used(file: &File) {
    let written = file.metadata().and_then(|metadata| metadata.modified());
    let now = SystemTime::now();
    if written.is_ok_and(|time| now.duration_since(time).is_ok_and(|age| age > PRECISION)) {
        file.set_modified(now).ok();
    }
}
