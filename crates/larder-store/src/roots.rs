//! Roots: which environment or lock file needs which objects. A collection keeps them.
//!
//! Roots only keep objects, they never cause a removal. There is one file per environment or lock file, named by the
//! hash of kind and path, so that recording a root again replaces it. Its modification time is the time of last use.

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
    layout::StoreLayout,
    listing::{list_with_extension, read_if_present},
    store::{StoreInner, is_permanent_refusal},
    temporary::replace_whole_file,
};

/// Largest size of a root file in bytes. A root of 10,000 objects with their URLs has 3 MB.
pub const ROOT_BYTES: u64 = 16 << 20;

/// Whether a root is an environment or a lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootKind {
    /// An environment.
    Prefix,
    /// A lock file.
    Lock,
}

/// An environment or lock file and the objects that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRoot {
    /// Environment or lock file.
    pub kind: RootKind,
    /// Path of the environment or lock file. `None` if it is not Unicode; such a root always counts as alive, because
    /// its path cannot be checked.
    pub path: Option<PathBuf>,
    /// The objects that it needs.
    pub objects: BTreeSet<ObjectId>,
    /// File names and URLs of these objects, as far as known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub origins: BTreeMap<ObjectId, ObjectOrigin>,
}

/// File name and URL of an object, for messages and for downloading it again. In a restored cache these may have any
/// value, so they never decide which bytes are correct.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectOrigin {
    /// File name, such as `numpy-2.0.0-py311_0.conda`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// URL without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// An object that a root needs.
#[derive(Debug, Clone)]
pub struct NeededObject {
    /// Id of the object.
    pub id: ObjectId,
    /// Its file name and URL, if known.
    pub origin: Option<ObjectOrigin>,
}

impl From<ObjectId> for NeededObject {
    fn from(id: ObjectId) -> Self {
        let origin = None;
        Self { id, origin }
    }
}

/// A root that was read from the store.
#[derive(Debug, Clone)]
pub struct RecordedRoot {
    /// Content of the root file.
    pub root: StoreRoot,
    /// Path of the root file.
    pub file: PathBuf,
    /// When larder last used the environment or lock file.
    pub last_used: SystemTime,
}

/// Why a root cannot be recorded or read.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The path is relative. It would mean another file in another working directory.
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
    /// A root file is invalid. Nothing is collected until it is repaired or removed.
    #[error("`{}` is not a root file of this version", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The parse error.
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
    /// Whether this user can never write to the store, so that retrying does not help.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::ReadOnly { .. } => true,
            Self::Io(error) => is_permanent_refusal(error),
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
    /// Records that the environment or lock file at `path` (absolute) needs `objects`. Replaces an earlier record.
    ///
    /// # Errors
    /// If `path` is relative or the store is not writable.
    pub fn record_root(
        &self,
        kind: RootKind,
        path: &Path,
        objects: impl IntoIterator<Item = impl Into<NeededObject>>,
    ) -> Result<(), RootError> {
        if !path.is_absolute() {
            let path = path.to_owned();
            return Err(RootError::Relative { path });
        }
        if self.shared.access == Access::ReadOnly {
            let root = self.root().to_owned();
            return Err(RootError::ReadOnly { root });
        }
        let mut root = StoreRoot {
            kind,
            path: path.to_str().map(PathBuf::from),
            objects: BTreeSet::new(),
            origins: BTreeMap::new(),
        };
        for NeededObject { id, origin } in objects.into_iter().map(Into::into) {
            root.objects.insert(id);
            root.origins.extend(origin.map(|origin| (id, origin)));
        }
        let layout = &self.shared.layout;
        let file = layout.root_file(file_name_of_root(kind, path));
        let malformed = |source| RootError::Malformed {
            path: file.clone(),
            source,
        };
        let digest = digest_of_root(&root).map_err(malformed)?;
        let sealed = SealedRoot {
            root,
            digest: Some(digest),
        };
        let text = serde_json::to_vec_pretty(&sealed).map_err(malformed)?;
        let durability = match self.shared.durability {
            // A root that is lost in a power loss is recorded again by the next use, so it need not be flushed. A
            // partially written one would block collections, so the order of writes matters.
            Durability::Flush => Durability::Ordered,
            other => other,
        };
        replace_whole_file(layout, &file, &text, durability)?;
        Ok(())
    }

    /// Reads all roots of this store, sorted by kind and path. Includes roots whose environment or lock file no longer
    /// exists.
    ///
    /// # Errors
    /// If a root cannot be read: a collection that ignored it could remove objects that it needs.
    pub fn read_roots(&self) -> Result<Vec<StoreRoot>, RootError> {
        let recorded = self.read_recorded_roots()?.into_iter();
        Ok(recorded.map(|recorded| recorded.root).collect())
    }

    /// Like [`Store::read_roots`], with the path of each root file and the time of its last use.
    ///
    /// # Errors
    /// If a root cannot be read.
    pub fn read_recorded_roots(&self) -> Result<Vec<RecordedRoot>, RootError> {
        let mut roots = Vec::new();
        for file in self.shared.list_root_files()? {
            roots.extend(read_root(&self.shared.layout, file)?);
        }
        roots.sort_by(|one, other| {
            (one.root.kind, &one.root.path).cmp(&(other.root.kind, &other.root.path))
        });
        Ok(roots)
    }
}

impl Store {
    /// Reads the roots of this store and of the stores below it, skipping unreadable ones. For file names and URLs
    /// only: a collection must not skip roots.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn list_readable_roots(&self) -> Result<Vec<RecordedRoot>, PathError> {
        let mut roots = Vec::new();
        for layout in self.shared.layouts() {
            for file in list_with_extension(layout, &layout.roots_dir(), "json")? {
                roots.extend(read_root(layout, file).ok().flatten());
            }
        }
        Ok(roots)
    }
}

impl StoreInner {
    /// Lists the root files. Links, FIFOs and directories are skipped and do not block a collection: larder writes only
    /// regular files, so they are not roots.
    pub(crate) fn list_root_files(&self) -> Result<Vec<PathBuf>, PathError> {
        let dir = self.layout.dir();
        let mut files = list_with_extension(&self.layout, &self.layout.roots_dir(), "json")?;
        files.retain(|file| dir.status(file).is_ok_and(|status| status.is_file));
        Ok(files)
    }
}

/// Reads a root; `None` if its file has been removed since the listing.
pub(crate) fn read_root(
    layout: &StoreLayout,
    file: PathBuf,
) -> Result<Option<RecordedRoot>, RootError> {
    // Read the time first. If the root is recorded again in between, its time is too old, never too recent.
    let Some(last_used) = modification_time(layout, &file)? else {
        return Ok(None);
    };
    let Some(bytes) = read_if_present(layout, &file, ROOT_BYTES)? else {
        return Ok(None);
    };
    match parse_sealed_root(&bytes) {
        Ok(root) => Ok(Some(RecordedRoot {
            root,
            file,
            last_used,
        })),
        Err(source) => Err(RootError::Malformed { path: file, source }),
    }
}

/// A root file: the root and the SHA-256 of its compact JSON. Without the digest, a damaged object id would go unnoticed
/// and the object that it should name would be collected.
#[derive(Serialize, Deserialize)]
struct SealedRoot {
    #[serde(flatten)]
    root: StoreRoot,
    #[serde(default)]
    digest: Option<Sha256>,
}

fn parse_sealed_root(bytes: &[u8]) -> Result<StoreRoot, serde_json::Error> {
    let sealed: SealedRoot = serde_json::from_slice(bytes)?;
    match sealed.digest {
        Some(expected) if expected != digest_of_root(&sealed.root)? => Err(
            serde_json::Error::custom("its content has another digest than it says"),
        ),
        _ => Ok(sealed.root),
    }
}

fn digest_of_root(root: &StoreRoot) -> Result<Sha256, serde_json::Error> {
    let mut hasher = Hasher::sha256();
    hasher.update(&serde_json::to_vec(root)?);
    Ok(hasher.finish().sha256)
}

/// The modification time of a file; `None` if it does not exist.
pub(crate) fn modification_time(
    layout: &StoreLayout,
    file: &Path,
) -> Result<Option<SystemTime>, PathError> {
    match layout.dir().status(file) {
        Ok(status) => Ok(Some(status.modified)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn file_name_of_root(kind: RootKind, path: &Path) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(match kind {
        RootKind::Prefix => b"prefix\0",
        RootKind::Lock => b"lock\0",
    });
    hasher.update(path.as_os_str().as_encoded_bytes());
    hasher.finish().sha256
}
