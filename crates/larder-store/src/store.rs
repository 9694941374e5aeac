//! [`Store`]: opening one, finding objects in it and in the stores below it.
//!
//! Never waits for another process and takes no locks. Never trusts an object because of its file name: its
//! bytes are verified by [`Store::open_verified`].

use std::{
    collections::HashSet,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use larder_digest::Checksum;
use larder_fs::{Durability, PathContext as _, PathError, is_mostly_holes, restore_owner_access};

use crate::{
    IgnoreSteps, Object, ObjectId, ObjectKind, StepObserver, StoreStep,
    collect::{self, RescueOutcome},
    format,
    layout::StoreLayout,
};

/// How often an object is looked up while a collection is running.
const FIND_ATTEMPTS: usize = 8;

/// Whether larder may write to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// The store is created if it is missing, and written to.
    #[default]
    ReadWrite,
    /// The store must exist. Nothing in it is changed; damaged objects stay where they are.
    ReadOnly,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Access to the store itself. The stores below it are always read-only.
    pub access: Access,
    /// Directories of read-only stores, searched after this one in the given order.
    pub lower: Vec<PathBuf>,
    /// Whether objects survive a power loss. [`Durability::Lazy`] is safe too: after a power loss, missing and
    /// empty objects are downloaded again and damaged ones refused. It is meant for short-lived machines.
    pub durability: Durability,
    /// Notified after each step of each ingest, read, pin and collection. For tests.
    pub steps: Arc<dyn StepObserver>,
    /// Whether a link, file or FIFO in the place of one of the layout's directories is moved aside. If not, that
    /// directory counts as empty and cannot be written to.
    pub displace: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            access: Access::default(),
            lower: Vec::new(),
            durability: Durability::Flush,
            steps: Arc::new(IgnoreSteps),
            displace: true,
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store has a newer layout version than this larder supports.
    #[error(
        "store `{}` has layout version {found}, this larder knows versions up to {supported}: \
         use a newer larder or another store directory", root.display()
    )]
    NewerFormat {
        /// The store.
        root: PathBuf,
        /// Layout version of the store.
        found: u32,
        /// Newest layout version that this larder supports.
        supported: u32,
    },
    /// The file `format` does not contain `larder-store` and a version.
    #[error("`{}` should say `larder-store 1`, found `{}`", path.display(), text.escape_debug())]
    MalformedFormat {
        /// The file.
        path: PathBuf,
        /// The first 40 characters of the file.
        text: String,
    },
    /// The directory is neither empty nor a store.
    #[error(
        "`{}` is not a larder store and not empty: give an empty or a new directory", root.display()
    )]
    NotAStore {
        /// The directory.
        root: PathBuf,
    },
    /// The store is missing and was opened with [`Access::ReadOnly`].
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
    /// The user has no write permission, or the file system is read-only.
    #[error("store `{}` cannot be written: give a store directory that can be", root.display())]
    NotWritable {
        /// The store.
        root: PathBuf,
        /// The operation that failed.
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

/// A content-addressed store with the read-only stores below it. Cheap to clone; clones share their state.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) shared: Arc<StoreInner>,
}

/// State shared by all clones of a store and by their ingests.
#[derive(Debug)]
pub(crate) struct StoreInner {
    pub(crate) layout: StoreLayout,
    pub(crate) lower: Vec<StoreLayout>,
    pub(crate) access: Access,
    pub(crate) durability: Durability,
    pub(crate) steps: Arc<dyn StepObserver>,
    /// Damaged objects that could not be moved aside. Lookups by this process skip them.
    refused: Mutex<HashSet<PathBuf>>,
    /// Entries that were moved aside when the store was opened.
    displaced: Vec<DisplacedEntry>,
    /// Whether `format` was damaged or missing when the store was opened, and was rewritten.
    is_mended: bool,
}

/// A link, file or FIFO in the place of one of the layout's directories, which was moved aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplacedEntry {
    /// The original path, where a directory is now.
    pub path: PathBuf,
    /// Where it was moved to.
    pub aside: PathBuf,
}

impl Store {
    /// Opens the store at `root`; creates it if the directory is missing or empty.
    ///
    /// A store without write permission opens successfully; only [`Store::ingest`] fails.
    ///
    /// # Errors
    /// If the directory is not a store, has a newer layout version, or cannot be created.
    pub fn open(root: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        let layout = StoreLayout::new(root);
        let is_mended = match (options.access, options.displace) {
            (Access::ReadWrite, true) => format::check_create_or_repair(&layout)?,
            (access, _) => {
                format::check_or_create(&layout, access)?;
                false
            }
        };
        let displaced = match options.access {
            Access::ReadWrite => create_directories(&layout, options.displace)?,
            Access::ReadOnly => Vec::new(),
        };
        let lower: Vec<StoreLayout> = options
            .lower
            .iter()
            .map(|root| StoreLayout::new(root))
            .collect();
        for layout in &lower {
            format::check_or_create(layout, Access::ReadOnly)?;
        }
        let shared = StoreInner {
            layout,
            lower,
            access: options.access,
            durability: options.durability,
            steps: Arc::clone(&options.steps),
            refused: Mutex::default(),
            displaced,
            is_mended,
        };
        let shared = Arc::new(shared);
        Ok(Self { shared })
    }

    /// Rewrites the file `format` of the store at `root` if it is damaged or missing. Returns whether it did.
    ///
    /// # Errors
    /// If the version is newer, or the directory has entries that no store has.
    pub fn repair_format(root: &Path) -> Result<bool, OpenError> {
        format::repair_format_file(&StoreLayout::new(root))
    }

    /// The directory of the store, as passed to [`Store::open`].
    pub fn root(&self) -> &Path {
        self.shared.layout.root()
    }

    /// Entries in the place of the store's directories that were moved aside when it was opened, such as links from
    /// a restored cache.
    pub fn displaced(&self) -> &[DisplacedEntry] {
        &self.shared.displaced
    }

    /// Whether the file `format` was damaged or missing when the store was opened, and was rewritten.
    pub fn is_format_repaired(&self) -> bool {
        self.shared.is_mended
    }

    /// The path of an object in this store, whether it exists or not.
    pub fn object_path(&self, id: ObjectId) -> PathBuf {
        self.shared.layout.object_path(id)
    }

    /// The directory of channel indexes. The store neither reads nor writes its contents.
    pub fn repodata_dir(&self) -> PathBuf {
        self.shared.layout.repodata_dir()
    }

    /// The directory of solve memos. The store neither reads nor writes its contents.
    pub fn solves_dir(&self) -> PathBuf {
        self.shared.layout.solves_dir()
    }

    /// Looks up an object in this store, then in the stores below it.
    ///
    /// A lookup by SHA-256 checks only name and size. A lookup by MD5 reads the whole object, because the index
    /// from MD5 to SHA-256 may come from a restored cache and is only a hint.
    ///
    /// # Errors
    /// If the file system fails. A missing object is `None`, not an error.
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
    /// Fails if the store was opened read-only.
    pub(crate) fn check_writable(&self) -> Result<(), StoreError> {
        if self.shared.access == Access::ReadOnly {
            let root = self.root().to_owned();
            return Err(StoreError::ReadOnly { root });
        }
        Ok(())
    }

    /// Converts a failed write into [`StoreError::NotWritable`] if retrying cannot help.
    pub(crate) fn to_write_error(&self, source: PathError) -> StoreError {
        if is_permanent_refusal(&source) {
            let root = self.root().to_owned();
            StoreError::NotWritable { root, source }
        } else {
            StoreError::Io(source)
        }
    }
}

impl StoreInner {
    /// Notifies the observer of a completed step; a failure injected by a test is returned.
    pub(crate) fn report_step(&self, step: StoreStep, path: &Path) -> Result<(), PathError> {
        self.steps.reached(step).at("go on writing", path)
    }

    /// The layouts of this store and of the stores below it, in search order.
    pub(crate) fn layouts(&self) -> impl Iterator<Item = &StoreLayout> {
        std::iter::once(&self.layout).chain(&self.lower)
    }

    /// Looks up an object by its id (rule R6 of FORMAT.md): an object that a running collection has renamed counts
    /// as present.
    ///
    /// A collection moves objects between their names and `tmp/`, so checking each place once can miss one: (1) this
    /// checks the name while the object is in `tmp/`, (2) the collection, or
    /// [`collect::restore_all_doomed_objects`] of another one, renames it back, (3) this checks `tmp/`. An object is
    /// therefore reported absent only after both places were checked twice. To be missed again it would have to be
    /// renamed between the checks of `tmp/` and of the name. A collection renames each object once (G4), before it
    /// reads the pin of this process, so only collections planned before that pin can do this. While one is running,
    /// this repeats the lookup.
    pub(crate) fn find(&self, id: ObjectId) -> Result<Option<Object>, StoreError> {
        for attempt in 1..=FIND_ATTEMPTS {
            if let Some(object) = self.find_by_name(id)? {
                return Ok(Some(object));
            }
            if self.access != Access::ReadWrite {
                return Ok(None);
            }
            self.report_step(StoreStep::Missed, &self.layout.object_path(id))?;
            let is_collecting = match collect::rescue_doomed_object(self, id) {
                Ok(RescueOutcome::PutBack) => true,
                Ok(RescueOutcome::OthersDoomed) => true,
                Ok(RescueOutcome::NothingDoomed) => attempt == 1,
                // From an unreadable `tmp/` this process cannot rename anything back.
                Err(_) => attempt == 1,
            };
            if !is_collecting {
                break;
            }
        }
        self.find_by_name(id)
    }

    fn find_by_name(&self, id: ObjectId) -> Result<Option<Object>, StoreError> {
        for layout in self.layouts() {
            let path = layout.object_path(id);
            if let Some(size) = read_object_size(layout, &path)?
                && !self.refused().contains(&path)
            {
                return Ok(Some(Object { id, path, size }));
            }
        }
        Ok(None)
    }

    /// Opens an object's path. Fails if it is not a regular file or if it is sparse.
    pub(crate) fn open_object(&self, path: &Path) -> Result<File, PathError> {
        let is_in = |layout: &&StoreLayout| path.starts_with(layout.root());
        let file = match self.layouts().find(is_in) {
            Some(layout) => layout.dir().open_file(path)?,
            None => larder_fs::open_regular(path).at("open", path)?,
        };
        refuse_sparse_file(&file, path)?;
        Ok(file)
    }

    pub(crate) fn refused(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fails for a sparse file: one of 16 TB takes no space in a poisoned cache and hours to hash.
pub(crate) fn refuse_sparse_file(file: &File, path: &Path) -> Result<(), PathError> {
    if is_mostly_holes(file).at("read metadata of", path)? {
        let text = "it consists of holes";
        return Err(io::Error::new(io::ErrorKind::InvalidData, text)).at("read object", path);
    }
    Ok(())
}

/// Whether an object can have this size. A file above one terabyte is sparse, not an archive, and would make sums of
/// sizes overflow.
pub(crate) fn is_possible_object_size(size: u64) -> bool {
    const LARGEST: u64 = 1 << 40;
    (1..=LARGEST).contains(&size)
}

/// The size of a possible object: a regular, non-empty file. `None` if there is no such file. Follows no links.
pub(crate) fn read_object_size(
    layout: &StoreLayout,
    path: &Path,
) -> Result<Option<u64>, PathError> {
    match layout.dir().status(path) {
        Ok(status) if is_possible_object_size(status.size) && status.is_file => {
            Ok(Some(status.size))
        }
        Ok(_) => Ok(None),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an error says that a path does not exist, or cannot be reached without following a link.
pub(crate) fn is_absence(error: &PathError) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Whether an error says that a path is no object: it is absent, a link, a FIFO or a sparse file.
pub(crate) fn is_no_object(error: &PathError) -> bool {
    is_absence(error) || error.kind() == io::ErrorKind::InvalidData
}

/// Whether an error says that this user can never write here, so that retrying does not help.
pub(crate) fn is_permanent_refusal(error: &PathError) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Creates missing directories of the layout, because cache services drop empty ones. Stops without an error if the
/// store is not writable: it can still be read.
///
/// With `displace`, a link, file or FIFO in the place of a directory is moved to `tmp/`: a link from a restored cache
/// must not make every later run fail, and its target does not belong to the store.
pub(crate) fn create_directories(
    layout: &StoreLayout,
    displace: bool,
) -> Result<Vec<DisplacedEntry>, PathError> {
    let mut displaced = Vec::new();
    let made = layout.initial_dirs();
    // Directories that are created on first use are not created here, but displaced like the others.
    let others = StoreLayout::LATER_DIRECTORIES
        .iter()
        .map(|name| layout.root().join(name))
        .filter(|path| layout.dir().status(path).is_ok());
    for path in made.chain(others) {
        let result = match displace {
            true => layout.dir().ensure_dir(&path),
            false => layout.dir().create_dirs(&path).map(|_| None),
        };
        if displace {
            restore_owner_access(&path);
        }
        match result {
            Ok(aside) => displaced.extend(aside.map(|aside| DisplacedEntry { path, aside })),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // Without `displace`: verification names it.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
            Err(error) if is_permanent_refusal(&error) => return Ok(displaced),
            Err(error) => return Err(error),
        }
    }
    Ok(displaced)
}
