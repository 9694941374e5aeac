//! All directories of an environment: one thread makes them, in an order in which parents come first,
//! while others fill those that are there already.
//!
//! Symbolic links come after everything else, so no directory is ever made, or file linked, through a
//! link.

use std::{
    collections::HashSet,
    io,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use larder_fs::{Dir, PathError};

use crate::{LinkPlan, clobber::parent_of, plan::Action};

/// The directories of a plan, and how far the thread that makes them is.
pub(super) struct Directories<'p> {
    order: Vec<&'p str>,
    made: AtomicUsize,
    failed: AtomicBool,
    /// The number of directories that somebody waits for.
    wanted: AtomicUsize,
    lock: Mutex<()>,
    news: Condvar,
}

/// Who has to wait at all, waits for some more, so as not to be woken for each.
const STRIDE: usize = 64;

impl<'p> Directories<'p> {
    /// Directories of files that are rewritten come first: those files take longest.
    pub(super) fn new(plan: &'p LinkPlan<'_>) -> Self {
        let mut early: HashSet<&str> = HashSet::new();
        for planned in plan.packages.iter().flat_map(|package| &package.paths) {
            if matches!(
                planned.action,
                Action::RewriteText { .. } | Action::RewriteBinary { .. }
            ) {
                let mut directory = parent_of(&planned.path);
                while !directory.is_empty() && early.insert(directory) {
                    directory = parent_of(directory);
                }
            }
        }
        let mut order: Vec<&str> = plan.directories.iter().map(String::as_str).collect();
        // Stable: parents stay before what is in them.
        order.sort_by_key(|directory| !early.contains(directory));
        Self {
            order,
            made: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            wanted: AtomicUsize::new(usize::MAX),
            lock: Mutex::new(()),
            news: Condvar::new(),
        }
    }

    /// In the order in which they are made.
    pub(super) fn order(&self) -> &[&'p str] {
        &self.order
    }

    /// Makes every directory below `root`. One that is there already (a pre-link script made it, or
    /// another one differs in letter case only) is used.
    pub(super) fn make(&self, root: &Dir) -> Result<(), PathError> {
        // Whatever ends this, nobody waits for ever.
        let _settled = Settled(self);
        for (index, directory) in self.order.iter().enumerate() {
            match root.create_dir(directory) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    // Opening fails if it is a file or a link.
                    root.open_dir(directory)?;
                }
                other => other?,
            }
            let made = index + 1;
            self.made.store(made, Ordering::SeqCst);
            if made >= self.wanted.load(Ordering::SeqCst) {
                self.tell();
            }
        }
        Ok(())
    }

    /// Waits until the directory at this place of the order is there; `false` if it will never be.
    pub(super) fn wait(&self, index: usize) -> bool {
        if self.made.load(Ordering::Acquire) > index {
            return true;
        }
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let wanted = (index + STRIDE).min(self.order.len());
            self.wanted.fetch_min(wanted, Ordering::SeqCst);
            // After saying what is wanted: else the maker may have passed it unseen.
            if self.made.load(Ordering::SeqCst) > index {
                return true;
            }
            if self.failed.load(Ordering::SeqCst) {
                return false;
            }
            guard = self
                .news
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn tell(&self) {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.wanted.store(usize::MAX, Ordering::SeqCst);
        drop(guard);
        self.news.notify_all();
    }
}

/// Wakes everybody who waits when the maker is done, or gives up.
struct Settled<'d, 'p>(&'d Directories<'p>);

impl Drop for Settled<'_, '_> {
    fn drop(&mut self) {
        self.0.failed.store(true, Ordering::SeqCst);
        self.0.tell();
    }
}
