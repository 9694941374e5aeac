//! All paths of a store's layout. No other module joins paths below a store's root.
//!
//! A store is hostile input: every access to one of these paths goes through [`StoreLayout::dir`], which follows no
//! link below the root.

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
    /// Directories that every store has, in the order in which they are created.
    pub(crate) const DIRECTORIES: [&'static str; 8] = [
        "tmp", "pkgs", "wheels", "md5", "solves", "repodata", "roots", "pins",
    ];

    /// L11, L12: directories that are created on first use.
    pub(crate) const OTHERS: [&'static str; 2] = ["bytecode", "confirmed"];

    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            dir: RootedDir::new(root),
        }
    }

    /// The handle through which everything below the root is accessed.
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

    /// The directory of all objects whose digest starts with the same two hexadecimal digits.
    pub(crate) fn shard(&self, id: ObjectId) -> PathBuf {
        self.kind(id.kind).join(&id.sha256.to_hex()[..2])
    }

    pub(crate) fn object(&self, id: ObjectId) -> PathBuf {
        self.shard(id).join(id.to_string())
    }
}
