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
pub(crate) struct StoreLayout {
    root: PathBuf,
    dir: RootedDir,
}

impl StoreLayout {
    /// Directories that every store has, in the order in which they are created.
    pub(crate) const DIRECTORIES: [&'static str; 8] = [
        "tmp", "pkgs", "wheels", "md5", "solves", "repodata", "roots", "pins",
    ];

    /// L11, L12: directories that are created on first use.
    pub(crate) const LATER_DIRECTORIES: [&'static str; 2] = ["bytecode", "confirmed"];

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

    pub(crate) fn initial_dirs(&self) -> impl Iterator<Item = PathBuf> {
        Self::DIRECTORIES.iter().map(|name| self.root.join(name))
    }

    pub(crate) fn format_file(&self) -> PathBuf {
        self.root.join("format")
    }

    pub(crate) fn temporary_dir(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(crate) fn solves_dir(&self) -> PathBuf {
        self.root.join("solves")
    }

    pub(crate) fn repodata_dir(&self) -> PathBuf {
        self.root.join("repodata")
    }

    pub(crate) fn roots_dir(&self) -> PathBuf {
        self.root.join("roots")
    }

    pub(crate) fn root_file(&self, name: Sha256) -> PathBuf {
        self.roots_dir().join(format!("{name}.json"))
    }

    pub(crate) fn pins_dir(&self) -> PathBuf {
        self.root.join("pins")
    }

    pub(crate) fn md5_index_dir(&self) -> PathBuf {
        self.root.join("md5")
    }

    pub(crate) fn md5_file(&self, md5: Md5) -> PathBuf {
        self.md5_index_dir().join(md5.to_hex())
    }

    pub(crate) fn kind_dir(&self, kind: ObjectKind) -> PathBuf {
        self.root.join(kind.directory_name())
    }

    /// The directory of all objects whose digest starts with the same two hexadecimal digits.
    pub(crate) fn shard_dir(&self, id: ObjectId) -> PathBuf {
        self.kind_dir(id.kind).join(&id.sha256.to_hex()[..2])
    }

    pub(crate) fn object_path(&self, id: ObjectId) -> PathBuf {
        self.shard_dir(id).join(id.to_string())
    }
}
