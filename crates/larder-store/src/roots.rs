//! Roots: who needs which objects, so that collection keeps them.
//!
//! A root only ever keeps more alive. One file for each prefix or lock, named by the hash of kind and
//! path, so that recording the same root again replaces it. The file's time is when it was last used.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_digest::{Hasher, Sha256};
use larder_fs::{Durability, PathError};
use serde::{Deserialize, Serialize, de::Error as _};

use crate::{
    Access, ObjectId, Store,
    layout::Layout,
    listing::{read_if_there, with_extension},
    store::{Shared, is_refusal},
    temporary::write_whole,
};

/// A root of 10,000 objects with their URLs has 3 MB.
pub const ROOT_BYTES: u64 = 16 << 20;

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
    /// What else is known of these objects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub origins: BTreeMap<ObjectId, Origin>,
}

/// What is known of an object besides its digest: for people, and for fetching it again. Out of a
/// restored cache it may be anything, so it never says what the bytes should be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its file name, such as `numpy-2.0.0-py311_0.conda`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it came from, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// An object that a root needs.
#[derive(Debug, Clone)]
pub struct Needed {
    /// Which.
    pub id: ObjectId,
    /// What else is known of it.
    pub origin: Option<Origin>,
}

impl From<ObjectId> for Needed {
    fn from(id: ObjectId) -> Self {
        let origin = None;
        Self { id, origin }
    }
}

/// A root as it lies in the store.
#[derive(Debug, Clone)]
pub struct RecordedRoot {
    /// What it says.
    pub root: Root,
    /// Its file.
    pub file: PathBuf,
    /// When the prefix or lock was last used, as far as larder knows.
    pub last_used: SystemTime,
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
    /// Whether the store is one that this user may not write to, ever.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::ReadOnly { .. } => true,
            Self::Io(error) => is_refusal(error),
            Self::Relative { .. } | Self::Malformed { .. } => false,
        }
    }

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
        objects: impl IntoIterator<Item = impl Into<Needed>>,
    ) -> Result<(), RootError> {
        if !path.is_absolute() {
            let path = path.to_owned();
            return Err(RootError::Relative { path });
        }
        if self.shared.access == Access::ReadOnly {
            let root = self.root().to_owned();
            return Err(RootError::ReadOnly { root });
        }
        let mut root = Root {
            kind,
            path: path.to_str().map(PathBuf::from),
            objects: BTreeSet::new(),
            origins: BTreeMap::new(),
        };
        for Needed { id, origin } in objects.into_iter().map(Into::into) {
            root.objects.insert(id);
            root.origins.extend(origin.map(|origin| (id, origin)));
        }
        let layout = &self.shared.layout;
        let file = layout.root_file(name(kind, path));
        let malformed = |source| RootError::Malformed {
            path: file.clone(),
            source,
        };
        let digest = digest(&root).map_err(malformed)?;
        let sealed = Sealed {
            root,
            digest: Some(digest),
        };
        let text = serde_json::to_vec_pretty(&sealed).map_err(malformed)?;
        let durability = match self.shared.durability {
            // One that a power loss takes away is made by the next use; a torn one would stop collections.
            Durability::Flush => Durability::Ordered,
            other => other,
        };
        write_whole(layout, &file, &text, durability)?;
        Ok(())
    }

    /// All roots of this store, sorted by kind and path. Those whose prefix or lock is gone are included.
    ///
    /// # Errors
    /// If one cannot be read: collecting without it could take away what it needs.
    pub fn roots(&self) -> Result<Vec<Root>, RootError> {
        let recorded = self.recorded_roots()?.into_iter();
        Ok(recorded.map(|recorded| recorded.root).collect())
    }

    /// The same, with their files and when they were last used.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn recorded_roots(&self) -> Result<Vec<RecordedRoot>, RootError> {
        let mut roots = Vec::new();
        for file in self.shared.root_files()? {
            roots.extend(read(&self.shared.layout, file)?);
        }
        roots.sort_by(|one, other| {
            (one.root.kind, &one.root.path).cmp(&(other.root.kind, &other.root.path))
        });
        Ok(roots)
    }
}

impl Store {
    /// The roots of this store and of those below it that can be read: for names and addresses, never for
    /// deciding what may go.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn readable_roots(&self) -> Result<Vec<RecordedRoot>, PathError> {
        let mut roots = Vec::new();
        for layout in self.shared.layers() {
            for file in with_extension(layout, &layout.roots(), "json")? {
                roots.extend(read(layout, file).ok().flatten());
            }
        }
        Ok(roots)
    }
}

impl Shared {
    /// The files of roots. A link, a FIFO or a directory with the name of one is none and holds up no collection:
    /// larder writes files, so nothing that is needed is lost.
    pub(crate) fn root_files(&self) -> Result<Vec<PathBuf>, PathError> {
        let dir = self.layout.dir();
        let mut files = with_extension(&self.layout, &self.layout.roots(), "json")?;
        files.retain(|file| dir.status(file).is_ok_and(|status| status.is_file));
        Ok(files)
    }
}

/// A root that is gone since it was listed is none.
pub(crate) fn read(layout: &Layout, file: PathBuf) -> Result<Option<RecordedRoot>, RootError> {
    // The time first: a root that is recorded anew meanwhile is older than it says, never younger.
    let Some(last_used) = written(layout, &file)? else {
        return Ok(None);
    };
    let Some(bytes) = read_if_there(layout, &file, ROOT_BYTES)? else {
        return Ok(None);
    };
    match unseal(&bytes) {
        Ok(root) => Ok(Some(RecordedRoot {
            root,
            file,
            last_used,
        })),
        Err(source) => Err(RootError::Malformed { path: file, source }),
    }
}

/// A root with the digest of its compact JSON: an object that is named wrongly would be collected.
#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    root: Root,
    #[serde(default)]
    digest: Option<Sha256>,
}

fn unseal(bytes: &[u8]) -> Result<Root, serde_json::Error> {
    let sealed: Sealed = serde_json::from_slice(bytes)?;
    match sealed.digest {
        Some(expected) if expected != digest(&sealed.root)? => Err(serde_json::Error::custom(
            "its content has another digest than it says",
        )),
        _ => Ok(sealed.root),
    }
}

fn digest(root: &Root) -> Result<Sha256, serde_json::Error> {
    let mut hasher = Hasher::sha256();
    hasher.update(&serde_json::to_vec(root)?);
    Ok(hasher.finish().sha256)
}

/// When a file was written, or `None` if it is gone.
pub(crate) fn written(layout: &Layout, file: &Path) -> Result<Option<SystemTime>, PathError> {
    match layout.dir().status(file) {
        Ok(status) => Ok(Some(status.modified)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
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
