//! Notes: small things beside the objects, kept under a digest that is not that of their bytes.

use std::fmt;

use larder_digest::Sha256;

/// What a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// A remembered solve, under the digest of its question.
    Memo,
}

impl NoteKind {
    /// Every kind.
    pub const ALL: [Self; 1] = [Self::Memo];

    /// The directory that it has in a store, and on a remote.
    pub const fn directory(self) -> &'static str {
        match self {
            Self::Memo => "solves",
        }
    }
}

/// The name of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteName {
    /// What it is.
    pub kind: NoteKind,
    /// What it is kept under.
    pub key: Sha256,
}

impl NoteName {
    /// In bytes. Larger ones are no notes: nobody reads them.
    pub const LARGEST: u64 = 64 << 20;
}

impl fmt::Display for NoteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.directory(), self.key)
    }
}

/// A note that is to be put on a remote, in place of what has its name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its name.
    pub name: NoteName,
    /// Its bytes.
    pub bytes: Vec<u8>,
}
