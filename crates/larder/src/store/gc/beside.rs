//! What lies beside the objects: remembered solves and channel indexes. They cost only time when they are
//! missed.

use std::time::{Duration, SystemTime};

use larder_fs::PathError;
use larder_solve::{KeptFile, KeptKind, kept_files, remove_dead_scratch};
use larder_store::Store;

use super::ABANDONED;
use crate::pip::memo;

/// What stays of it.
pub(super) struct Limits {
    pub(super) now: SystemTime,
    pub(super) unused_for: Duration,
    pub(super) max_bytes: Option<u64>,
}

/// What goes of it.
pub(super) struct Beside {
    going: Vec<KeptFile>,
    kept_bytes: u64,
}

/// What went.
#[derive(Debug, Default)]
pub(super) struct Removed {
    pub(super) memos: usize,
    pub(super) indexes: usize,
    pub(super) left_over: usize,
    pub(super) bytes: u64,
}

impl Removed {
    fn count(&mut self, file: &KeptFile) {
        // The size of a sparse file may be anything.
        self.bytes = self.bytes.saturating_add(file.bytes);
        match file.kind {
            KeptKind::Memo => self.memos += 1,
            KeptKind::Index | KeptKind::Shard => self.indexes += 1,
            KeptKind::LeftOver => self.left_over += 1,
        }
    }
}

impl Beside {
    pub(super) fn find(store: &Store, limits: &Limits) -> Result<Self, PathError> {
        let mut files = kept_files(&store.repodata_dir(), &store.solves_dir())?;
        files.extend(memo::files(store)?);
        // What was used last comes first, and stays first.
        files.sort_by(|one, other| (other.last_used, &one.path).cmp(&(one.last_used, &other.path)));
        let mut beside = Self {
            going: Vec::new(),
            kept_bytes: 0,
        };
        for file in files {
            let bytes = beside.kept_bytes.saturating_add(file.bytes);
            let fits = limits.max_bytes.is_none_or(|limit| bytes <= limit);
            if fits && !is_old(&file, limits) {
                beside.kept_bytes = bytes;
            } else {
                beside.going.push(file);
            }
        }
        Ok(beside)
    }

    /// How many bytes stay.
    pub(super) fn kept_bytes(&self) -> u64 {
        self.kept_bytes
    }

    /// What would go.
    pub(super) fn planned(&self) -> Removed {
        let mut removed = Removed::default();
        self.going.iter().for_each(|file| removed.count(file));
        removed
    }

    pub(super) fn remove(&self, store: &Store) -> Result<Removed, PathError> {
        let mut removed = Removed::default();
        for file in &self.going {
            if file.remove()? {
                removed.count(file);
            }
        }
        remove_dead_scratch(&store.repodata_dir())?;
        Ok(removed)
    }
}

/// A time that lies in the future is now.
fn is_old(file: &KeptFile, limits: &Limits) -> bool {
    let age = limits
        .now
        .duration_since(file.last_used)
        .unwrap_or_default();
    match file.kind {
        KeptKind::LeftOver => age >= ABANDONED,
        _ => age >= limits.unused_for,
    }
}
