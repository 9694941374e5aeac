//! What an archive really holds, recorded while its entries are written.

use std::collections::{HashMap, HashSet};

use larder_digest::Sha256;

use crate::RelPath;

/// One path of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A file, hashed as it was written.
    File {
        /// Of its bytes.
        sha256: Sha256,
        /// In bytes.
        size: u64,
        /// Whether anybody may execute it.
        executable: bool,
    },
    /// A symbolic link.
    Symlink {
        /// As shipped.
        target: String,
    },
    /// A directory.
    Directory,
}

/// Everything that an archive holds outside of `info/`; directories may be left out where something
/// is in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    entries: HashMap<RelPath, Content>,
    /// Directories that something is in.
    parents: HashSet<String>,
}

impl Contents {
    /// Records an entry.
    pub fn insert(&mut self, path: RelPath, content: Content) {
        let mut parent = path.parent();
        while let Some(directory) = parent {
            if self.parents.contains(directory) {
                break;
            }
            self.parents.insert(directory.to_owned());
            parent = directory.rsplit_once('/').map(|(above, _)| above);
        }
        self.entries.insert(path, content);
    }

    /// What was recorded for a path.
    pub fn get(&self, path: &str) -> Option<&Content> {
        self.entries.get(path)
    }

    /// Whether a path is a directory, its own entry or something in it having been recorded.
    pub(crate) fn has_directory(&self, path: &str) -> bool {
        matches!(self.get(path), Some(Content::Directory)) || self.parents.contains(path)
    }
}

impl Content {
    /// For messages.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Symlink { .. } => "symbolic link",
            Self::Directory => "directory",
        }
    }
}
