//! Roots: who needs which objects, so that collection keeps them.
//!
//! A root only ever keeps more alive. One file for each prefix or lock, named by the hash of kind and
//! path, so that recording the same root again replaces it. The file's time is when it was last used.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use larder_digest::{Hasher, Sha256};
use larder_fs::{PathContext as _, PathError};
use serde::{Deserialize, Serialize};

use crate::{Access, ObjectId, Store, temporary::write_whole};

/// What needs objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootKind {
    /// An environment.
    Prefix,
    /// A lock file.
    Lock,
}

/// A prefix or lock and the objects that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// What it is.
    pub kind: RootKind,
    /// Where it is. `None` if the path is not Unicode: whether it is still there cannot be told then,
    /// and it stays alive.
    pub path: Option<PathBuf>,
    /// What it needs.
    pub objects: BTreeSet<ObjectId>,
}

/// Why a root cannot be recorded or read.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The path would mean something else in another directory.
    #[error("the path of a root must be absolute, found `{}`", path.display())]
    Relative {
        /// The path.
        path: PathBuf,
    },
    /// The store was opened read-only.
    #[error("store `{}` was opened for reading only", root.display())]
    ReadOnly {
        /// The store.
        root: PathBuf,
    },
    /// A root file holds something else. Nothing may be collected until it is mended or removed.
    #[error("`{}` is not a root file of this version", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The file system refused.
    #[error(transparent)]
    Io(PathError),
}

impl From<PathError> for RootError {
    fn from(error: PathError) -> Self {
        Self::Io(error)
    }
}

impl RootError {
    /// A stable, greppable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Relative { .. } => "store::relative-root",
            Self::ReadOnly { .. } => "store::read-only",
            Self::Malformed { .. } => "store::malformed-root",
            Self::Io(_) => "store::io",
        }
    }
}

impl Store {
    /// Records that the prefix or lock at `path` (absolute) needs `objects`, in place of what was
    /// recorded for it before.
    ///
    /// # Errors
    /// If the path is relative or the store cannot be written.
    pub fn record_root(
        &self,
        kind: RootKind,
        path: &Path,
        objects: impl IntoIterator<Item = ObjectId>,
    ) -> Result<(), RootError> {
        if !path.is_absolute() {
            let path = path.to_owned();
            return Err(RootError::Relative { path });
        }
        if self.shared.access == Access::ReadOnly {
            let root = self.root().to_owned();
            return Err(RootError::ReadOnly { root });
        }
        let root = Root {
            kind,
            path: path.to_str().map(PathBuf::from),
            objects: objects.into_iter().collect(),
        };
        let layout = &self.shared.layout;
        let file = layout.root_file(name(kind, path));
        let malformed = |source| RootError::Malformed {
            path: file.clone(),
            source,
        };
        let text = serde_json::to_vec_pretty(&root).map_err(malformed)?;
        write_whole(layout, &file, &text, self.shared.durability)?;
        Ok(())
    }

    /// All roots of this store, sorted by kind and path. Those whose prefix or lock is gone are included.
    ///
    /// # Errors
    /// If one cannot be read: collecting without it could take away what it needs.
    pub fn roots(&self) -> Result<Vec<Root>, RootError> {
        let directory = self.shared.layout.roots();
        let mut roots = Vec::new();
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(roots),
            entries => entries.at("read directory", &directory)?,
        };
        for entry in entries {
            let path = entry.at("read directory", &directory)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                roots.push(read(path)?);
            }
        }
        roots.sort_by(|one, other| (one.kind, &one.path).cmp(&(other.kind, &other.path)));
        Ok(roots)
    }
}

fn read(path: PathBuf) -> Result<Root, RootError> {
    let bytes = fs::read(&path).at("read", &path)?;
    serde_json::from_slice(&bytes).map_err(|source| RootError::Malformed { path, source })
}

fn name(kind: RootKind, path: &Path) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(match kind {
        RootKind::Prefix => b"prefix\0",
        RootKind::Lock => b"lock\0",
    });
    hasher.update(path.as_os_str().as_encoded_bytes());
    hasher.finish().sha256
}
