//! Every path of the layout, and the directory below which they are. Nobody else joins paths below a store's root.
//!
//! A store is hostile input: whatever is read, written, listed or removed at one of these paths is reached through
//! [`Layout::dir`], which follows no link below the root.

use std::path::{Path, PathBuf};

use larder_digest::{Md5, Sha256};
use larder_fs::RootedDir;

use crate::{ObjectId, ObjectKind};

/// The paths of one store.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
    dir: RootedDir,
}

impl Layout {
    /// The directories that a store has from the start, in the order in which they are made.
    pub(crate) const DIRECTORIES: [&'static str; 8] = [
        "tmp", "pkgs", "wheels", "md5", "solves", "repodata", "roots", "pins",
    ];

    /// L11, L12: made by their owners, where there is any.
    pub(crate) const OTHERS: [&'static str; 2] = ["bytecode", "confirmed"];

    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            dir: RootedDir::new(root),
        }
    }

    /// The store's directory, for every access to what is in it.
    pub(crate) fn dir(&self) -> &RootedDir {
        &self.dir
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn directories(&self) -> impl Iterator<Item = PathBuf> {
        Self::DIRECTORIES.iter().map(|name| self.root.join(name))
    }

    pub(crate) fn format(&self) -> PathBuf {
        self.root.join("format")
    }

    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(crate) fn solves(&self) -> PathBuf {
        self.root.join("solves")
    }

    pub(crate) fn repodata(&self) -> PathBuf {
        self.root.join("repodata")
    }

    pub(crate) fn roots(&self) -> PathBuf {
        self.root.join("roots")
    }

    pub(crate) fn root_file(&self, name: Sha256) -> PathBuf {
        self.roots().join(format!("{name}.json"))
    }

    pub(crate) fn pins(&self) -> PathBuf {
        self.root.join("pins")
    }

    pub(crate) fn md5_index(&self) -> PathBuf {
        self.root.join("md5")
    }

    pub(crate) fn md5_file(&self, md5: Md5) -> PathBuf {
        self.md5_index().join(md5.to_hex())
    }

    pub(crate) fn kind(&self, kind: ObjectKind) -> PathBuf {
        self.root.join(kind.directory())
    }

    /// The directory of all objects whose digest begins with the same two digits.
    pub(crate) fn shard(&self, id: ObjectId) -> PathBuf {
        self.kind(id.kind).join(&id.sha256.to_hex()[..2])
    }

    pub(crate) fn object(&self, id: ObjectId) -> PathBuf {
        self.shard(id).join(id.to_string())
    }
}
