//! What is archived, as the walk found it.

use std::path::PathBuf;

/// A file, link or directory to be archived.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Its name in the archive.
    pub(super) name: Vec<u8>,
    /// Where it is.
    pub(super) path: PathBuf,
    pub(super) kind: ItemKind,
    /// Permissions.
    pub(super) mode: u32,
    /// Seconds and nanoseconds since 1970.
    pub(super) modified: (u64, u32),
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ItemKind {
    Directory,
    File {
        size: u64,
    },
    Symlink(Vec<u8>),
    /// Another name of the file that has this name in the archive.
    HardLink(Vec<u8>),
}

impl Item {
    /// Bytes of the file; 0 for everything else.
    pub(super) fn size(&self) -> u64 {
        match self.kind {
            ItemKind::File { size } => size,
            _ => 0,
        }
    }
}
