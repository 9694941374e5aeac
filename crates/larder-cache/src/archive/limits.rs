//! What an archive may ask for. Everything in it is hostile, its descriptions of frames included: each bound
//! holds for what comes out, whatever was declared.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::{ArchiveError, PART};

/// Decoded bytes of one frame of entries. Frames hold some 4 MiB, estimated before the headers are made.
pub const ENTRIES_FRAME_BYTES: u64 = 16 << 20;
/// Decoded bytes of one frame of a large file's bytes, padding included.
pub const BODY_FRAME_BYTES: u64 = PART as u64 + 1024;
/// Decoded bytes of the frame of all directories, which is decoded as a stream and never held.
pub const DIRECTORIES_FRAME_BYTES: u64 = 1 << 30;
/// Compressed bytes of the frame of all directories.
pub const DIRECTORIES_PACKED_BYTES: u64 = 64 << 20;
/// zstd's window, a power of two: what decoding a stream may take. Frames are made with 1 MiB.
pub const WINDOW_LOG: u32 = 23;
/// Bytes of all names that are held while an archive is unpacked: of directories, and of hard links.
pub const NAME_BYTES: u64 = 64 << 20;
/// How many directories a name may have around it: each is opened for each change of directory.
pub const NAME_DEPTH: usize = 128;
/// Bytes of a symbolic link's text; more is refused by the systems.
pub const LINK_BYTES: usize = 4095;
/// Large files that are not complete yet: a thread has one, and those ahead of it a few.
pub const OPEN_FILES: usize = 256;
/// What an entry takes on a disk besides its bytes: a block.
pub(super) const ENTRY_BYTES: u64 = 4096;
/// Below this many bytes it does not matter how well an archive compresses.
pub const RATIO_FLOOR: u64 = 1 << 30;
/// How many bytes may come out of one above that. Trees of programs have 2 to 10.
pub const RATIO: u64 = 1000;

/// Bounds on an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes that come out, headers included; above that the archive is taken for an attack.
    pub total_bytes: u64,
    /// Files, links and directories.
    pub entries: u64,
    /// Bytes on the disk that there is room for: above that the archive may be sound, but not here.
    pub room: Option<u64>,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            total_bytes: 1 << 40,
            entries: 4_000_000,
            room: None,
        }
    }
}

impl ReadLimits {
    /// Bounds for an archive of `size` bytes on a disk with `free` bytes: a tenth of these stays free.
    pub fn for_archive(size: u64, free: Option<u64>) -> Self {
        let default = Self::default();
        let by_ratio = size.saturating_mul(RATIO).max(RATIO_FLOOR);
        Self {
            total_bytes: default.total_bytes.min(by_ratio),
            room: free.map(|free| free - free / 10),
            ..default
        }
    }
}

/// What of the bounds is left, for all threads.
#[derive(Debug)]
pub(super) struct Allowance {
    limits: ReadLimits,
    bytes: AtomicU64,
    entries: AtomicU64,
    disk: AtomicU64,
    names: Mutex<u64>,
}

impl Allowance {
    pub(super) fn new(limits: &ReadLimits) -> Self {
        Self {
            limits: limits.clone(),
            bytes: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            disk: AtomicU64::new(0),
            names: Mutex::new(0),
        }
    }

    /// Counts bytes that a frame says will come out of it.
    pub(super) fn take_bytes(&self, bytes: u64) -> Result<(), ArchiveError> {
        let total = add(&self.bytes, bytes);
        if total > self.limits.total_bytes {
            return Err(ArchiveError::TooLarge {
                limit: self.limits.total_bytes,
            });
        }
        self.take_room(bytes)
    }

    /// Checks what a file says of its size, before any byte of it is written.
    pub(super) fn check_size(&self, size: u64) -> Result<(), ArchiveError> {
        let limit = self.limits.total_bytes;
        if size > limit {
            return Err(ArchiveError::TooLarge { limit });
        }
        match self.limits.room {
            Some(room) if size > room => Err(ArchiveError::NoRoom { room }),
            _ => Ok(()),
        }
    }

    /// Counts an entry, which takes an inode and a block however little is in it.
    pub(super) fn take_entry(&self) -> Result<(), ArchiveError> {
        let limit = self.limits.entries;
        if add(&self.entries, 1) > limit {
            return Err(ArchiveError::TooManyEntries { limit });
        }
        self.take_room(ENTRY_BYTES)
    }

    /// Counts a name that is held until the end.
    pub(super) fn take_name(&self, length: usize) -> Result<(), ArchiveError> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        *names += length as u64;
        if *names > NAME_BYTES {
            return Err(ArchiveError::Damaged("its names are too long together"));
        }
        Ok(())
    }

    fn take_room(&self, bytes: u64) -> Result<(), ArchiveError> {
        let used = add(&self.disk, bytes);
        match self.limits.room {
            Some(room) if used > room => Err(ArchiveError::NoRoom { room }),
            _ => Ok(()),
        }
    }
}

/// The sum, which never wraps around: the first sum above a bound ends the unpacking.
fn add(counter: &AtomicU64, more: u64) -> u64 {
    counter
        .fetch_add(more, Ordering::Relaxed)
        .saturating_add(more)
}
