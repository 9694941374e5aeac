//! [`Stamp`]: what the file system shows of a file without opening it.
//!
//! A file whose stamp is the one that was noted has not been written to by any ordinary means since:
//! writing changes the time, replacing the inode. It does not find what leaves both alone (a bad
//! disk, a time that was set back). A hard link changes no part of it.

use std::{
    fs::{File, Metadata},
    io,
};

/// Size, time of the last write, inode and mode of a file. Where the system has no such thing: 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// In bytes.
    pub size: u64,
    /// Seconds since 1970 of the last write.
    pub seconds: i64,
    /// Nanoseconds in that second.
    pub nanoseconds: u32,
    /// The file's number in its file system.
    pub inode: u64,
    /// Kind and permissions, as the system has them.
    pub mode: u32,
}

impl Stamp {
    /// The stamp of an open file.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn of(file: &File) -> io::Result<Self> {
        file.metadata()
            .map(|metadata| Self::from_metadata(&metadata))
    }

    /// The stamp in what the system said of a file.
    pub fn from_metadata(metadata: &Metadata) -> Self {
        platform::stamp(metadata)
    }

    /// Whether it is a regular file's.
    pub fn is_file(&self) -> bool {
        platform::is_file(self.mode)
    }
}

#[cfg(unix)]
mod platform {
    use std::{fs::Metadata, os::unix::fs::MetadataExt as _};

    use super::Stamp;

    const TYPE: u32 = 0o170_000;
    const REGULAR: u32 = 0o100_000;

    pub(super) fn stamp(metadata: &Metadata) -> Stamp {
        Stamp {
            size: metadata.len(),
            seconds: metadata.mtime(),
            nanoseconds: u32::try_from(metadata.mtime_nsec()).unwrap_or_default(),
            inode: metadata.ino(),
            mode: metadata.mode(),
        }
    }

    pub(super) fn is_file(mode: u32) -> bool {
        mode & TYPE == REGULAR
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{fs::Metadata, time::UNIX_EPOCH};

    use super::Stamp;

    const REGULAR: u32 = 2;
    const READ_ONLY: u32 = 1;

    pub(super) fn stamp(metadata: &Metadata) -> Stamp {
        let modified = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .unwrap_or_default();
        let read_only = if metadata.permissions().readonly() {
            READ_ONLY
        } else {
            0
        };
        let regular = if metadata.is_file() { REGULAR } else { 0 };
        Stamp {
            size: metadata.len(),
            seconds: i64::try_from(modified.as_secs()).unwrap_or(i64::MAX),
            nanoseconds: modified.subsec_nanos(),
            inode: 0,
            mode: read_only | regular,
        }
    }

    pub(super) fn is_file(mode: u32) -> bool {
        mode & REGULAR != 0
    }
}
