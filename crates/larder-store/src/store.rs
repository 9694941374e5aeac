//! [`Store`]: opening one, finding objects in it and in the stores below it.
//!
//! Never waits for another process and takes no locks. Never believes bytes by their name: what is
//! found here is verified by [`Store::open_verified`].

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
    NoSteps, Object, ObjectId, ObjectKind, Step, Steps,
    collect::{self, Rescue},
    format,
    layout::Layout,
};

/// How often an object is looked for while a collection is under way.
const FIND_ATTEMPTS: usize = 8;

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
    /// Whether what is in the place of a directory of the layout and is none (a link, a file, a FIFO) is moved
    /// out of the way. Without it such a directory counts as empty and cannot be written to.
    pub displace: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            access: Access::default(),
            lower: Vec::new(),
            durability: Durability::Flush,
            steps: Arc::new(NoSteps),
            displace: true,
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
    /// What was in the place of a directory when the store was opened, and where it is now.
    displaced: Vec<Displaced>,
    /// Whether `format` was damaged or gone when the store was opened.
    is_mended: bool,
}

/// Something in the place of a directory of the layout that was none, and was moved out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Displaced {
    /// The place, which has a directory now.
    pub path: PathBuf,
    /// Where it was moved to.
    pub aside: PathBuf,
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
        let is_mended = match (options.access, options.displace) {
            (Access::ReadWrite, true) => format::check_create_or_mend(&layout)?,
            (access, _) => {
                format::check_or_create(&layout, access)?;
                false
            }
        };
        let displaced = match options.access {
            Access::ReadWrite => create_directories(&layout, options.displace)?,
            Access::ReadOnly => Vec::new(),
        };
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
            displaced,
            is_mended,
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

    /// What was in the place of a directory of the store when it was opened, such as a link out of a restored
    /// cache, and where it was moved to.
    pub fn displaced(&self) -> &[Displaced] {
        &self.shared.displaced
    }

    /// Whether the file `format` was damaged or gone when the store was opened, and was written anew.
    pub fn is_mended(&self) -> bool {
        self.shared.is_mended
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
    ///
    /// The object moves between its name and `tmp/` while it is looked for, so one look at each place can miss
    /// it: (1) the name is looked at while the object is doomed, (2) the collection, or the [`collect::restore`]
    /// of another one, gives it back, (3) `tmp/` is looked at. So its absence is believed only after both places
    /// were looked at twice. To be missed again it would have to be doomed between the looks at `tmp/` and at the
    /// name: a collection does that once (G4), before it reads the pin of this run, so only as many collections
    /// as were planned before that pin can do so. While one is under way, this goes on looking.
    pub(crate) fn find(&self, id: ObjectId) -> Result<Option<Object>, StoreError> {
        for attempt in 1..=FIND_ATTEMPTS {
            if let Some(object) = self.look_for(id)? {
                return Ok(Some(object));
            }
            if self.access != Access::ReadWrite {
                return Ok(None);
            }
            self.reached(Step::Missed, &self.layout.object(id))?;
            let is_collecting = match collect::rescue(self, id) {
                Ok(Rescue::PutBack) => true,
                Ok(Rescue::OthersDoomed) => true,
                Ok(Rescue::NothingDoomed) => attempt == 1,
                // A `tmp/` that cannot be read holds nothing that this process could put back.
                Err(_) => attempt == 1,
            };
            if !is_collecting {
                break;
            }
        }
        self.look_for(id)
    }

    fn look_for(&self, id: ObjectId) -> Result<Option<Object>, StoreError> {
        for layout in self.layers() {
            let path = layout.object(id);
            if let Some(size) = object_size(layout, &path)?
                && !self.refused().contains(&path)
            {
                return Ok(Some(Object { id, path, size }));
            }
        }
        Ok(None)
    }

    /// Opens what is in the place of an object, if it is a regular file that can be read in a reasonable time.
    pub(crate) fn open_object(&self, path: &Path) -> Result<File, PathError> {
        let is_in = |layout: &&Layout| path.starts_with(layout.root());
        let file = match self.layers().find(is_in) {
            Some(layout) => layout.dir().open_file(path)?,
            None => larder_fs::open_regular(path).at("open", path)?,
        };
        check_holes(&file, path)?;
        Ok(file)
    }

    pub(crate) fn refused(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a sparse file: a name of 16 TB that costs its maker nothing would be hashed for hours.
pub(crate) fn check_holes(file: &File, path: &Path) -> Result<(), PathError> {
    if is_mostly_holes(file).at("read metadata of", path)? {
        let text = "it consists of holes";
        return Err(io::Error::new(io::ErrorKind::InvalidData, text)).at("read object", path);
    }
    Ok(())
}

/// Whether an object can have this size. No archive has a terabyte: such a name is a sparse file, whose size would
/// make sums overflow.
pub(crate) fn is_size(size: u64) -> bool {
    const LARGEST: u64 = 1 << 40;
    (1..=LARGEST).contains(&size)
}

/// The size of what may be an object: a regular file that is not empty. Links are not followed.
pub(crate) fn object_size(layout: &Layout, path: &Path) -> Result<Option<u64>, PathError> {
    match layout.dir().status(path) {
        Ok(status) if is_size(status.size) && status.is_file => Ok(Some(status.size)),
        Ok(_) => Ok(None),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether there is nothing at a path, or nothing that is reached without a link.
pub(crate) fn is_absence(error: &PathError) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Whether there is no file that could be an object: nothing, a link, a FIFO, a file of holes.
pub(crate) fn is_no_object(error: &PathError) -> bool {
    is_absence(error) || error.kind() == io::ErrorKind::InvalidData
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
///
/// What is in the place of one and is no directory is moved within the store's root if `displace` says so: a link
/// out of a restored cache must not stop every later run, and what it leads to is nothing of the store's.
pub(crate) fn create_directories(
    layout: &Layout,
    displace: bool,
) -> Result<Vec<Displaced>, PathError> {
    let mut displaced = Vec::new();
    let made = layout.directories();
    // Those that their owners make when they need them are looked at all the same.
    let others = Layout::OTHERS
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
            Ok(aside) => displaced.extend(aside.map(|aside| Displaced { path, aside })),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // Without `displace`: verification names it.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
            Err(error) if is_refusal(&error) => return Ok(displaced),
            Err(error) => return Err(error),
        }
    }
    Ok(displaced)
}
