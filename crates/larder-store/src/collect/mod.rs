//! Collection: what nobody needs is found ([`Store::plan_collection`]) and removed ([`Store::collect`]).
//!
//! Takes no locks and holds up nobody: an object first loses its name, then pins and roots are read
//! again, and only then it is unlinked or gets its name back (G1 to G8 of FORMAT.md). Never removes what a
//! living pin names, and knows nothing of prefixes and locks but what the caller says of them.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use larder_fs::PathError;

use crate::{ObjectId, RootError, RootKind, StoreError, StoredObject};

mod needs;
mod plan;
mod rubbish;
mod sweep;

use needs::Needs;
use rubbish::Rubbish;
pub(crate) use sweep::{Rescue, rescue};

/// What stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// What a living root needs.
    Needed,
    /// What was used lately, or fits. Without any limit everything stays.
    Recent {
        /// What has not been used for so long goes, and roots that old count no more.
        unused_for: Option<Duration>,
        /// The objects have so many bytes together at most: what no root needs goes first, then what has
        /// not been used for longest.
        max_bytes: Option<u64>,
    },
    /// These objects, whatever the roots say.
    Exactly(HashSet<ObjectId>),
}

/// How to collect.
pub struct CollectOptions<'a> {
    /// What stays.
    pub policy: Policy,
    /// Whether the prefix or lock of a root is still there. Roots without a path are.
    pub is_alive: &'a dyn Fn(RootKind, &Path) -> bool,
    /// The time, for ages.
    pub now: SystemTime,
    /// Files in `tmp/` that nobody has written to for so long go. Give more than the longest pause that a
    /// download may make.
    pub abandoned: Duration,
    /// Damaged objects that were moved aside so long ago go.
    pub damaged: Duration,
}

impl std::fmt::Debug for CollectOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CollectOptions")
            .field("policy", &self.policy)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// What a collection will do.
#[derive(Debug)]
pub struct CollectPlan {
    /// Objects that go, those that no root needs first, then those unused for longest.
    pub objects: Vec<Candidate>,
    /// Roots that are none any more; their files go.
    pub roots: Vec<PathBuf>,
    /// How many objects stay.
    pub kept: usize,
    /// How many bytes these have.
    pub kept_bytes: u64,
    /// Left-over files that go.
    rubbish: Rubbish,
    /// What was pinned and recorded when the plan was made.
    needs: Needs,
}

impl CollectPlan {
    /// How many bytes are freed: objects and left-over files.
    pub fn freed_bytes(&self) -> u64 {
        let objects: u64 = self.objects.iter().map(|one| one.stored.object.size).sum();
        objects.saturating_add(self.rubbish.bytes())
    }

    /// How many files and directories in `pins/` and `md5/` larder did not write. They stay.
    pub fn foreign(&self) -> usize {
        self.rubbish.foreign()
    }

    /// How many left-over files go: of killed processes, of damaged objects, of the MD5 index.
    pub fn left_over(&self) -> usize {
        self.rubbish.count()
    }
}

/// An object that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub stored: StoredObject,
    /// When it was written, or a root that names it was recorded.
    pub last_used: SystemTime,
    /// Whether a living root names it all the same.
    pub is_needed: bool,
}

/// What a collection did.
#[derive(Debug, Default)]
pub struct CollectReport {
    /// How many objects were removed.
    pub objects: usize,
    /// How many bytes were freed.
    pub bytes: u64,
    /// How many objects got their name back, because a run or a root came that needs them.
    pub spared: usize,
    /// How many roots were removed.
    pub roots: usize,
    /// How many left-over files were removed.
    pub left_over: usize,
    /// Objects that this user may not remove.
    pub refused: Vec<PathError>,
}

/// Why nothing was collected, or not everything. What was collected until then is gone, everything else
/// has its name.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A root cannot be read: it may be all that keeps something alive.
    #[error(transparent)]
    Root(#[from] RootError),
    /// The file system refused.
    #[error(transparent)]
    Io(PathError),
}

impl From<PathError> for CollectError {
    fn from(error: PathError) -> Self {
        Self::Io(error)
    }
}

impl CollectError {
    /// A stable, greppable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Root(error) => error.code(),
            Self::Io(_) => "store::io",
        }
    }
}
