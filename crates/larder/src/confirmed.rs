//! Which archives have been held against their own lists: every file's digest is what `info/paths.json` says.
//!
//! That follows from the archive's bytes alone, and those are hashed at each use (R1), so it need not be
//! found out again on each machine that the store travels to. A line too many does no harm: it would let in
//! a package that a lock names by its digest and that lies of its own files, which conda never asks.
//!
//! `confirmed/archives` of the store (FORMAT.md, L12).

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::PathBuf,
    sync::{Mutex, OnceLock, PoisonError},
};

use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fs::{Durability, PathError, RootedDir, write_atomic};
use larder_store::Store;

const HEAD: &str = "larder confirmed 1\n";
/// 250,000 archives.
pub const CONFIRMED_BYTES: u64 = 16 << 20;

/// The archives of one store that are confirmed, and those that this run has confirmed.
#[derive(Debug)]
pub(crate) struct Confirmed {
    store: RootedDir,
    path: PathBuf,
    known: OnceLock<BTreeSet<Sha256>>,
    new: Mutex<BTreeSet<Sha256>>,
}

impl Confirmed {
    /// Reads nothing yet.
    pub(crate) fn of(store: &Store) -> Self {
        Self {
            store: RootedDir::new(store.root()),
            path: store.root().join("confirmed").join("archives"),
            known: OnceLock::new(),
            new: Mutex::default(),
        }
    }

    /// Whether an archive is.
    pub(crate) fn has(&self, sha256: &Sha256) -> bool {
        self.known.get_or_init(|| self.read()).contains(sha256)
    }

    /// An archive was held against its list, and all of it was right.
    pub(crate) fn add(&self, sha256: Sha256) {
        if !self.has(&sha256) {
            let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
            new.insert(sha256);
        }
    }

    /// Keeps what was added. A store that may only be read keeps nothing, and costs time on the next machine.
    pub(crate) fn save_or_tell(&self, reporter: &dyn Reporter) {
        if let Err(error) = self.save() {
            let text = format!(
                "what archives hold is found out again: {error}: {}",
                error.source
            );
            reporter.note(text);
        }
    }

    /// Of two processes that do so at once, one may be forgotten.
    fn save(&self) -> Result<(), PathError> {
        let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read();
        let before = all.len();
        all.append(&mut new);
        if all.len() == before {
            return Ok(());
        }
        self.write(&all)
    }

    /// Forgets archives that are not in the store any more.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn forget_gone(&self, is_there: impl Fn(&Sha256) -> bool) -> Result<(), PathError> {
        let mut all = self.read();
        let before = all.len();
        all.retain(is_there);
        if all.len() == before {
            return Ok(());
        }
        self.write(&all)
    }
}

impl Confirmed {
    /// What cannot be read (a link, a FIFO, a file that is too large) confirms nothing.
    fn read(&self) -> BTreeSet<Sha256> {
        let bytes = self
            .store
            .read(&self.path, CONFIRMED_BYTES)
            .unwrap_or_default();
        let text = String::from_utf8(bytes).unwrap_or_default();
        let lines = text.strip_prefix(HEAD).unwrap_or_default().lines();
        lines.filter_map(|line| line.parse().ok()).collect()
    }

    fn write(&self, all: &BTreeSet<Sha256>) -> Result<(), PathError> {
        let directory = self.path.parent().unwrap_or(&self.path);
        self.store.ensure_dir(directory)?;
        // Renaming does not replace a directory: what is in the file's place and is none goes out of the way.
        if self.store.is_dir(&self.path) {
            self.store.displace(&self.path)?;
        }
        let mut text = String::from(HEAD);
        for sha256 in all {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", sha256.to_hex());
        }
        write_atomic(&self.path, text.as_bytes(), Durability::Lazy)?;
        larder_fs::share_file(&self.path)
    }
}

#[cfg(test)]
mod tests;
