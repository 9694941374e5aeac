//! Garbage collection: finds unneeded objects ([`Store::plan_collection`]) and removes them ([`Store::collect`]).
//!
//! Takes no locks and blocks no other process: an object is first renamed into `tmp/`, then pins and roots are read
//! again, and only then is it removed or renamed back (G1 to G8 of FORMAT.md). Never removes an object that a live pin
//! names. Whether an environment or lock file still exists is decided by the caller.

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

use needs::ObservedNeeds;
use rubbish::LeftoverFiles;
pub(crate) use sweep::{RescueOutcome, rescue_doomed_object};

/// Which objects a collection keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CollectPolicy {
    /// Objects that a live root needs.
    Needed,
    /// Objects within these limits. Without a limit all objects are kept.
    Recent {
        /// Remove objects that were last used longer ago than this, and ignore roots that old.
        unused_for: Option<Duration>,
        /// Largest total size of all objects in bytes. Objects that no root needs are removed first, then those
        /// unused for longest.
        max_bytes: Option<u64>,
    },
    /// Exactly these objects, regardless of roots.
    Exactly(HashSet<ObjectId>),
}

/// Options of a collection.
pub struct CollectOptions<'a> {
    /// Which objects to keep.
    pub policy: CollectPolicy,
    /// Returns whether the environment or lock file of a root still exists. Not called for roots without a path, which
    /// count as alive.
    pub is_alive: &'a dyn Fn(RootKind, &Path) -> bool,
    /// Current time, from which ages are computed.
    pub now: SystemTime,
    /// Age from which unfinished files in `tmp/` are removed. Must exceed the longest pause of a download.
    pub abandoned: Duration,
    /// Age from which damaged objects that were moved aside are removed.
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

/// The plan of a collection.
#[derive(Debug)]
pub struct CollectPlan {
    /// Objects to remove: those that no root needs first, then those unused for longest.
    pub objects: Vec<Candidate>,
    /// Files of dead roots, to be removed.
    pub roots: Vec<PathBuf>,
    /// Number of objects to keep.
    pub kept: usize,
    /// Total size in bytes of the objects to keep.
    pub kept_bytes: u64,
    /// Leftover files to remove.
    rubbish: LeftoverFiles,
    /// Pins and roots at the time of planning.
    needs: ObservedNeeds,
}

impl CollectPlan {
    /// Number of bytes to be freed, by objects and leftover files.
    pub fn freed_bytes(&self) -> u64 {
        let objects: u64 = self.objects.iter().map(|one| one.stored.object.size).sum();
        objects.saturating_add(self.rubbish.total_bytes())
    }

    /// Number of entries in `pins/` and `md5/` that larder did not create. They are kept.
    pub fn foreign_count(&self) -> usize {
        self.rubbish.foreign_count()
    }

    /// Number of leftover files to remove: of killed processes, damaged objects, and the MD5 index.
    pub fn leftover_count(&self) -> usize {
        self.rubbish.count()
    }
}

/// An object that may be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The object.
    pub stored: StoredObject,
    /// When it was written, or when a root that names it was last recorded.
    pub last_used: SystemTime,
    /// Whether a live root names it.
    pub is_needed: bool,
}

/// The result of a collection.
#[derive(Debug, Default)]
pub struct CollectReport {
    /// Number of removed objects.
    pub objects: usize,
    /// Number of freed bytes.
    pub bytes: u64,
    /// Number of objects that were renamed back, because a new pin or root names them.
    pub spared: usize,
    /// Number of removed roots.
    pub roots: usize,
    /// Number of removed leftover files.
    pub left_over: usize,
    /// Errors for objects that this user has no permission to remove.
    pub refused: Vec<PathError>,
}

/// Why a collection stopped. Objects that were removed before stay removed; all others have their names.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A root cannot be read. It may be the only one that needs some object, so nothing is removed.
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
