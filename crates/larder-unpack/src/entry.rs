//! One checked entry of an archive.

use std::io::BufRead;

use crate::RelPath;

/// One entry, checked. What is not read from `reader` is skipped.
pub struct Entry<'a> {
    /// Where it goes.
    pub path: RelPath,
    /// What it is.
    pub kind: EntryKind,
    /// The bytes of a file: exactly as many as its size, or an error. Empty for everything else.
    pub reader: &'a mut dyn BufRead,
}

/// What an entry is. Devices, fifos and sockets never get this far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File {
        /// Whether anybody may execute it. All other bits of its mode (setuid too) are dropped.
        executable: bool,
        /// In bytes.
        size: u64,
        /// When it was changed last, in seconds since 1970.
        modified: u64,
    },
    /// A symbolic link.
    Symlink {
        /// As shipped; it may dangle.
        target: String,
    },
    /// A directory.
    Directory,
    /// Another name of an earlier file of this archive.
    HardLink {
        /// That file.
        to: RelPath,
    },
}
