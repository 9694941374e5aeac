//! Archives of the store straight into the environment, where no trees are kept.
//!
//! Gives the archives, the largest first, and says what of them conda wants to know.

use std::{
    cmp::Reverse,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use larder_link::{Archives, LinkOptions, OpenedArchive, Streamed};
use larder_lock::LockedPackage;
use larder_store::Store;
use larder_unpack::Trees;

use crate::materialize::{self, Stored};

use super::{CreateError, Run, Wanted};

/// Archives that are all in the store.
struct InStore<'a> {
    stored: &'a [Stored<'a>],
    /// The largest first, so that none of them begins last.
    order: Vec<usize>,
    next: AtomicUsize,
    store: &'a Store,
    /// Where trees would be.
    trees: &'a Path,
}

impl Archives for InStore<'_> {
    type Error = CreateError;

    fn next(&self) -> Option<usize> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.order.get(next).copied()
    }

    fn open(&self, index: usize) -> Result<OpenedArchive, CreateError> {
        let stored = &self.stored[index];
        let (archive, expected) = materialize::open(stored, self.store)?;
        Ok(OpenedArchive {
            recorded_root: Trees::place(self.trees, &stored.object.id.sha256, &expected),
            archive,
            expected,
            archive_path: stored.object.path.clone(),
        })
    }
}

/// Makes the environment without trees, if its packages allow that.
pub(super) fn stream(
    run: &Run<'_>,
    wanted: &Wanted<'_>,
    stored: &[Stored<'_>],
) -> Result<Streamed, CreateError> {
    let mut order: Vec<usize> = (0..stored.len()).collect();
    order.sort_by_key(|index| Reverse(stored[*index].object.size));
    let archives = InStore {
        stored,
        order,
        next: AtomicUsize::new(0),
        store: &run.store,
        trees: &run.settings.trees,
    };
    let packages: Vec<&LockedPackage> = stored.iter().map(|stored| stored.package).collect();
    // Beside the environment, so that it can be linked; gone with its last use here.
    let scratch = run.scratch_for_bytecode(&wanted.prefix)?;
    let options = LinkOptions {
        bytecode: scratch
            .as_ref()
            .and_then(|scratch| run.bytecodes(scratch.path())),
        ..run.link_options(wanted)
    };
    larder_link::stream(&packages, &archives, &options, run.reporter)
}
