//! [`Store`]: opening one, finding objects in it and in the stores below it.
//!
//! Never waits for another process and takes no locks. Never believes bytes by their name: what is
//! found here is verified by [`Store::open_verified`].

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use larder_digest::Checksum;
use larder_fs::{Durability, PathContext as _, PathError, create_shared_dir};

use crate::{NoSteps, Object, ObjectId, ObjectKind, Step, Steps, collect, format, layout::Layout};

/// Whether a store may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Made where it is missing, and written to.
    #[default]
    ReadWrite,
    /// Must be there; nothing in it is changed, damaged objects included.
    ReadOnly,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Whether the store may be changed. The ones below it never are.
    pub access: Access,
    /// Roots of stores that are searched after this one, in this order.
    pub lower: Vec<PathBuf>,
    /// Whether objects survive a power loss. [`Durability::Lazy`] is safe as well (what is lost or
    /// empty is not found, what is damaged is refused), and meant for machines that are thrown away.
    pub durability: Durability,
    /// Is told of each step of each ingest, for tests.
    pub steps: Arc<dyn Steps>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            access: Access::default(),
            lower: Vec::new(),
            durability: Durability::Flush,
            steps: Arc::new(NoSteps),
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The layout is of a later version than this code knows.
    #[error(
        "store `{}` has layout version {found}, this larder knows versions up to {supported}: \
         use a newer larder or another store directory", root.display()
    )]
    NewerFormat {
        /// The store.
        root: PathBuf,
        /// Its version.
        found: u32,
        /// The latest version that this code knows.
        supported: u32,
    },
    /// The file `format` does not hold what it should.
    #[error("`{}` should say `larder-store 1`, found `{}`", path.display(), text.escape_debug())]
    MalformedFormat {
        /// The file.
        path: PathBuf,
        /// How it begins.
        text: String,
    },
    /// The directory holds other things.
    #[error(
        "`{}` is not a larder store and not empty: give an empty or a new directory", root.display()
    )]
    NotAStore {
        /// The directory.
        root: PathBuf,
    },
    /// There is no store, and none may be made.
    #[error("there is no larder store at `{}`", root.display())]
    NoStore {
        /// Where it should be.
        root: PathBuf,
    },
    /// The file system refused.
    #[error(transparent)]
    Io(PathError),
}

impl From<PathError> for OpenError {
    fn from(error: PathError) -> Self {
        Self::Io(error)
    }
}

impl OpenError {
    /// A stable, greppable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NewerFormat { .. } => "store::newer-format",
            Self::MalformedFormat { .. } => "store::malformed-format",
            Self::NotAStore { .. } => "store::not-a-store",
            Self::NoStore { .. } => "store::no-store",
            Self::Io(_) => "store::io",
        }
    }
}

/// Why a store cannot be searched or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store was opened read-only.
    #[error("store `{}` was opened for reading only", root.display())]
    ReadOnly {
        /// The store.
        root: PathBuf,
    },
    /// This user, or this file system, cannot write to it.
    #[error("store `{}` cannot be written: give a store directory that can be", root.display())]
    NotWritable {
        /// The store.
        root: PathBuf,
        /// What was tried.
        #[source]
        source: PathError,
    },
    /// The file system refused.
    #[error(transparent)]
    Io(PathError),
}

impl From<PathError> for StoreError {
    fn from(error: PathError) -> Self {
        Self::Io(error)
    }
}

impl StoreError {
    /// A stable, greppable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ReadOnly { .. } => "store::read-only",
            Self::NotWritable { .. } => "store::not-writable",
            Self::Io(_) => "store::io",
        }
    }
}

/// A content-addressed store, with the read-only ones below it. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones of a store and their ingests have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) layout: Layout,
    pub(crate) lower: Vec<Layout>,
    pub(crate) access: Access,
    pub(crate) durability: Durability,
    pub(crate) steps: Arc<dyn Steps>,
    /// Damaged objects that could not be moved aside: not found again by this process.
    refused: Mutex<HashSet<PathBuf>>,
}

impl Store {
    /// Opens the store at `root`; makes it if the directory is missing or empty.
    ///
    /// A store that this user cannot write is opened all the same: only ingesting into it fails.
    ///
    /// # Errors
    /// If the directory is something else or of a later version, or cannot be made.
    pub fn open(root: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        let layout = Layout::new(root);
        format::check_or_create(&layout, options.access)?;
        if options.access == Access::ReadWrite {
            create_directories(&layout)?;
        }
        let lower: Vec<Layout> = options.lower.iter().map(|root| Layout::new(root)).collect();
        for layout in &lower {
            format::check_or_create(layout, Access::ReadOnly)?;
        }
        let shared = Shared {
            layout,
            lower,
            access: options.access,
            durability: options.durability,
            steps: Arc::clone(&options.steps),
            refused: Mutex::default(),
        };
        let shared = Arc::new(shared);
        Ok(Self { shared })
    }

    /// Writes the file `format` of the store at `root` anew if it is damaged or gone; says whether it was.
    ///
    /// # Errors
    /// If it is of a later version, or the directory does not hold what a store holds and nothing else.
    pub fn mend_format(root: &Path) -> Result<bool, OpenError> {
        format::mend(&Layout::new(root))
    }

    /// The directory of the store, as it was given.
    pub fn root(&self) -> &Path {
        self.shared.layout.root()
    }

    /// Where an object of this store is, or would be.
    pub fn object_path(&self, id: ObjectId) -> PathBuf {
        self.shared.layout.object(id)
    }

    /// Where channel indexes are kept. Its contents are not the store's business.
    pub fn repodata_dir(&self) -> PathBuf {
        self.shared.layout.repodata()
    }

    /// Where solve memos are kept. Its contents are not the store's business.
    pub fn solves_dir(&self) -> PathBuf {
        self.shared.layout.solves()
    }

    /// Looks for an object in this store, then in those below it.
    ///
    /// By SHA-256 this looks at name and size alone. By MD5 it reads the whole object: the index that
    /// leads from one digest to the other may come out of a restored cache and is only a hint.
    ///
    /// # Errors
    /// If the file system refuses; an object that is not there is none.
    pub fn find(
        &self,
        kind: ObjectKind,
        checksum: &Checksum,
    ) -> Result<Option<Object>, StoreError> {
        match *checksum {
            Checksum::Sha256(sha256) => self.shared.find(ObjectId { kind, sha256 }),
            Checksum::Md5(md5) => self.shared.find_by_md5(kind, md5),
        }
    }
}

impl Store {
    /// Refuses to write to a store that was opened for reading.
    pub(crate) fn check_writable(&self) -> Result<(), StoreError> {
        if self.shared.access == Access::ReadOnly {
            let root = self.root().to_owned();
            return Err(StoreError::ReadOnly { root });
        }
        Ok(())
    }

    /// Why something could not be written to this store.
    pub(crate) fn not_writable(&self, source: PathError) -> StoreError {
        if is_refusal(&source) {
            let root = self.root().to_owned();
            StoreError::NotWritable { root, source }
        } else {
            StoreError::Io(source)
        }
    }
}

impl Shared {
    /// Tells whoever watches of a step that has just been done.
    pub(crate) fn reached(&self, step: Step, path: &Path) -> Result<(), PathError> {
        self.steps.reached(step).at("go on writing", path)
    }

    /// This store first, then those below.
    pub(crate) fn layers(&self) -> impl Iterator<Item = &Layout> {
        std::iter::once(&self.layout).chain(&self.lower)
    }

    /// R6: an object that a collection has just taken the name of is there.
    pub(crate) fn find(&self, id: ObjectId) -> Result<Option<Object>, StoreError> {
        let found = self.look_for(id)?;
        let may_rescue = found.is_none() && self.access == Access::ReadWrite;
        if may_rescue && collect::rescue(self, id).unwrap_or(false) {
            return self.look_for(id);
        }
        Ok(found)
    }

    fn look_for(&self, id: ObjectId) -> Result<Option<Object>, StoreError> {
        for layout in self.layers() {
            let path = layout.object(id);
            if let Some(size) = object_size(&path)?
                && !self.refused().contains(&path)
            {
                return Ok(Some(Object { id, path, size }));
            }
        }
        Ok(None)
    }

    pub(crate) fn refused(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The size of what may be an object: a regular file that is not empty. Links are not followed.
pub(crate) fn object_size(path: &Path) -> Result<Option<u64>, PathError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.len() > 0 => Ok(Some(metadata.len())),
        Ok(_) => Ok(None),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error).at("read metadata of", path),
    }
}

pub(crate) fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Whether an error says that this user may not write here, ever.
pub(crate) fn is_refusal(error: &PathError) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Makes the directories that are missing: cache services drop empty ones. A store that cannot be
/// written can still be read.
pub(crate) fn create_directories(layout: &Layout) -> Result<(), PathError> {
    for path in layout.directories() {
        match create_shared_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if is_refusal(&error) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
