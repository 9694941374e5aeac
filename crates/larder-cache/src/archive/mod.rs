//! Archives of directories: made and unpacked by several threads, as a stream in both directions.
//!
//! An archive is a tar in zstd frames (`zstd -dc | tar -x --delay-directory-restore` reads it), each of which can be decoded for
//! itself; before each stands a skippable frame that says what it holds and its digest (`frame`). The
//! first frame has all directories. So whoever unpacks makes them first, in a place that is empty and
//! their own; everything else must lie in one of them, and no entry can turn one into a link
//! afterwards. Files come in the order of their names, links to them last.
//!
//! Names start with the number of the root: `0/bin/tool`. Kept are modes (without setuid and the like),
//! times to the nanosecond, symbolic links as they are, hard links among what is archived, empty
//! directories, names that are no Unicode. Not kept: owners, extended attributes, sockets and devices.

use std::path::PathBuf;

use larder_digest::Sha256;
use serde::{Deserialize, Serialize};

mod big;
mod entry;
mod error;
mod extract;
mod finish;
mod frame;
mod header;
mod limits;
mod name;
mod plan;
mod read;
mod walk;
mod work;
mod write;

pub use error::{ArchiveError, EntryProblem};
pub use limits::{
    BODY_FRAME_BYTES, DIRECTORIES_FRAME_BYTES, DIRECTORIES_PACKED_BYTES, ENTRIES_FRAME_BYTES,
    LINK_BYTES, NAME_BYTES, NAME_DEPTH, OPEN_FILES, RATIO, RATIO_FLOOR, ReadLimits, WINDOW_LOG,
};
pub use read::{Extracted, OpenArchive};
pub use write::{Sink, write};

/// How many bytes of tar a frame holds, about: enough to compress well, few enough to be had many times
/// in memory.
const PART: usize = 4 << 20;

/// What an archive says of itself before its first byte of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The key under which it was saved.
    pub key: String,
    /// The version that actions/cache's clients compare: what the paths were.
    pub version: String,
    /// The paths as they were given, one for each root.
    pub paths: Vec<String>,
}

/// How an archive is made.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// How many threads read and compress.
    pub threads: usize,
    /// zstd's compression level.
    pub level: i32,
}

impl WriteOptions {
    /// A third faster than zstd's own default of 3, for a twentieth more bytes.
    pub const LEVEL: i32 = 2;
}

/// What became of the directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How many files, links and directories.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes of the archive.
    pub size: u64,
    /// The digest that the archive ends with: of everything that describes its frames, their digests
    /// included.
    pub digest: Sha256,
    /// What cannot be archived: sockets, devices, names without a form.
    pub skipped: Vec<PathBuf>,
}
