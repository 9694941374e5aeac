//! Why directories did not become an archive, or an archive directories.

use std::{io, path::PathBuf};

use larder_fs::PathError;
use larder_unpack::RelPathProblem;

/// An archive that was not written or not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Something on the disk cannot be read or written.
    #[error(transparent)]
    Disk(#[from] PathError),
    /// A path to be archived is no directory, or not there.
    #[error("`{}` is no directory: only directories can be cached", path.display())]
    NotDirectory {
        /// That path.
        path: PathBuf,
    },
    /// A large file became shorter while it was read.
    #[error("`{}` was changed while it was archived", path.display())]
    Changed {
        /// That file.
        path: PathBuf,
    },
    /// The bytes cannot be sent or received.
    #[error("the archive cannot be sent or received")]
    Stream(#[source] io::Error),
    /// The archive is not what was written.
    #[error("the archive is damaged: {0}")]
    Damaged(&'static str),
    /// An entry is not to be unpacked.
    #[error("the archive's entry `{entry}` is refused: {problem}")]
    Entry {
        /// Its name, escaped.
        entry: String,
        /// Why.
        problem: EntryProblem,
    },
    /// There are more entries in it than in anything that is cached.
    #[error("the archive has more than {limit} files, links and directories")]
    TooManyEntries {
        /// The bound.
        limit: u64,
    },
    /// It does not fit on this machine's disk; on another it may.
    #[error("the archive needs more than the {room} bytes that are left on the disk")]
    NoRoom {
        /// What is left, less a reserve.
        room: u64,
    },
    /// There is more in it than is allowed.
    #[error("the archive holds more than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
}

/// Why an entry of an archive is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// Absolute, empty, with `.` or `..`, or longer than file systems take.
    #[error("its name is no path below a directory")]
    Name,
    /// A name that this system reads as another file or a device; on the system that saved it, it is one.
    #[error("this system cannot have a file of its name: {0}")]
    ImpossibleHere(RelPathProblem),
    /// There is no such root.
    #[error("it belongs to no path of the entry")]
    Root,
    /// The directory it lies in is none of the archive's.
    #[error("what it lies in is no directory")]
    Parent,
    /// Something else has its name.
    #[error("another entry has its name")]
    Duplicate,
    /// A device, a fifo, or what tar calls otherwise.
    #[error("it is no file, directory or link")]
    Kind,
    /// A directory after the first frame.
    #[error("it is a directory that comes too late")]
    LateDirectory,
    /// A hard link to what is no file of the archive.
    #[error("it links to no file of the archive")]
    LinkTarget,
    /// A symbolic link whose text no system takes.
    #[error("the text of the link is empty or too long")]
    LinkText,
    /// A header that tar's readers would not agree on.
    #[error("its header is not valid")]
    Header,
    /// Bytes that do not belong to it, or are missing.
    #[error("its bytes are not where its header says")]
    Body,
}

impl ArchiveError {
    pub(super) fn entry(name: &[u8], problem: EntryProblem) -> Self {
        Self::Entry {
            entry: name.escape_ascii().to_string(),
            problem,
        }
    }

    /// Whether the archive itself is at fault, and not this machine or the way here.
    pub fn is_damage(&self) -> bool {
        if let Self::Entry { problem, .. } = self {
            return !matches!(problem, EntryProblem::ImpossibleHere(_));
        }
        matches!(
            self,
            Self::Damaged(_) | Self::TooLarge { .. } | Self::TooManyEntries { .. }
        )
    }
}
