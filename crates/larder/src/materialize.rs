//! From archives in the store to trees: verified, unpacked by several threads, the largest first.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use larder_event::{Event, Phase, Reporter, WorkKind, time_work};
use larder_fs::{Flusher, PathError};
use larder_link::warn_of_other_package;
use larder_lock::{Closure, Completeness, LockedPackage};
use larder_store::{Object, ObjectKind, ReadError, Store};
use larder_unpack::{Archive, ArchiveKind, Expected, Limits, Lookup, Tree, Trees, UnpackError};

use crate::{Explain, Kind, confirmed::Confirmed};

/// Why a package has no tree.
#[derive(Debug, thiserror::Error)]
pub enum MaterializeError {
    /// The archive in the store is damaged or cannot be read.
    #[error("cannot use the archive of {package}")]
    Object {
        /// `name-version-build`.
        package: String,
        /// What is wrong with it.
        #[source]
        source: ReadError,
    },
    /// Fetching ended without it.
    #[error("the archive of {package} was not fetched")]
    NotFetched {
        /// `name-version-build`.
        package: String,
    },
    /// The trees cannot be looked at.
    #[error(transparent)]
    Trees(PathError),
    /// The archive cannot be unpacked.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
}

impl MaterializeError {
    /// Whether fetching the archive again can help: it was damaged, or is gone.
    pub(crate) fn is_mended_by_fetching(&self) -> bool {
        matches!(self, Self::Object { source, .. } if source.is_repaired_by_ingest())
    }
}

impl Explain for MaterializeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Object {
                source: ReadError::Damaged { .. },
                ..
            } => Kind::Damage,
            Self::Object { .. } | Self::NotFetched { .. } => Kind::World,
            Self::Unpack(UnpackError::Write { .. }) | Self::Trees(_) => Kind::World,
            Self::Unpack(_) => Kind::Damage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Object { source, .. } => source.code(),
            Self::Unpack(UnpackError::Write { .. }) => "unpack::write",
            Self::Unpack(_) => "unpack::refused",
            Self::Trees(_) => "trees::unreadable",
            Self::NotFetched { .. } => "fetch::ended",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Object { .. } => {
                Some("run the command again: what is damaged or gone is fetched anew".into())
            }
            _ => None,
        }
    }
}

/// A package whose archive is in the store.
pub(crate) struct Stored<'a> {
    pub(crate) package: &'a LockedPackage,
    pub(crate) object: Object,
}

/// How far the trees that are there are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Their files are examined as they are used.
    AtUse,
    /// Something was wrong with one of them: all are examined now.
    Doubted,
}

/// Finds and makes trees.
pub(crate) struct Forester<'a> {
    pub(crate) store: &'a Store,
    pub(crate) trees: &'a Trees,
    pub(crate) threads: usize,
    /// Whether trees are flushed while others are made.
    pub(crate) flushes: bool,
    /// Where it is noted that archives hold what they list.
    pub(crate) confirmed: Confirmed,
    pub(crate) reporter: &'a dyn Reporter,
}

impl Forester<'_> {
    /// The tree of every package, in the order of `stored`. Trees that are there are used, others made.
    pub(crate) fn trees(
        &self,
        stored: &[Stored<'_>],
        trust: Trust,
    ) -> Result<Vec<Tree>, MaterializeError> {
        let mut lookups = in_parallel(stored, self.threads, |package| {
            self.trees.look(&package.object.id.sha256)
        })
        .map_err(MaterializeError::Trees)?;
        self.examine(stored, &mut lookups, trust)?;
        for (package, lookup) in stored.iter().zip(&lookups) {
            if let Lookup::Damaged(damage) = lookup {
                let package = package.package.dist();
                let text = format!("the tree of {package} is damaged: {damage}; it is made again");
                self.reporter.warn("trees::damaged", text);
            }
        }
        let mut trees: Vec<Option<Tree>> = Vec::with_capacity(stored.len());
        let mut missing = Vec::new();
        for (index, lookup) in lookups.into_iter().enumerate() {
            match lookup {
                Lookup::Settled(tree) => trees.push(Some(*tree)),
                other => {
                    missing.push((index, matches!(other, Lookup::Damaged(_))));
                    trees.push(None);
                }
            }
        }
        for (index, tree) in self.make(stored, missing)? {
            trees[index] = Some(tree);
        }
        for (stored, tree) in stored.iter().zip(&trees) {
            if let Some(tree) = tree {
                let expected = expected(stored.package)?;
                warn_of_other_package(stored.package, &expected, &tree.info.index, self.reporter);
            }
        }
        Ok(trees.into_iter().flatten().collect())
    }

    /// Compares trees of other boots with their digests, and doubted ones with their stamps.
    fn examine(
        &self,
        stored: &[Stored<'_>],
        lookups: &mut [Lookup],
        trust: Trust,
    ) -> Result<(), MaterializeError> {
        let is_open = |lookup: &Lookup| match lookup {
            Lookup::Unsettled(_) => true,
            Lookup::Settled(_) => trust == Trust::Doubted,
            Lookup::Absent | Lookup::Damaged(_) => false,
        };
        let open: Vec<usize> = (0..lookups.len())
            .filter(|index| is_open(&lookups[*index]))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let size = |lookup: &Lookup| match lookup {
            Lookup::Unsettled(tree) => tree.size(),
            _ => 0,
        };
        let bytes = open.iter().map(|index| size(&lookups[*index])).sum();
        let begun = self.begin(Phase::Verify, open.len(), bytes);
        let decided = in_parallel(&open, self.threads, |&index| {
            let sha256 = &stored[index].object.id.sha256;
            match &lookups[index] {
                Lookup::Unsettled(tree) => {
                    let settled = self.trees.settle(sha256, (**tree).clone());
                    self.reporter.event(&Event::Verified { bytes: tree.size() });
                    settled
                }
                Lookup::Settled(tree) => Ok(match tree.check()?.damages.into_iter().next() {
                    Some(damage) => Lookup::Damaged(damage),
                    None => Lookup::Settled(tree.clone()),
                }),
                other => Ok(other.clone()),
            }
        })
        .map_err(MaterializeError::Trees)?;
        for (index, lookup) in open.into_iter().zip(decided) {
            lookups[index] = lookup;
        }
        self.end(Phase::Verify, begun);
        Ok(())
    }

    /// Makes trees, those of large archives first; `true` in place of one that is damaged.
    fn make(
        &self,
        stored: &[Stored<'_>],
        mut missing: Vec<(usize, bool)>,
    ) -> Result<Vec<(usize, Tree)>, MaterializeError> {
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        missing.sort_by_key(|(index, _)| std::cmp::Reverse(stored[*index].object.size));
        let begun = self.begin(Phase::Unpack, missing.len(), 0);
        let flusher = self.flusher();
        let made = in_parallel(&missing, self.threads, |&(index, again)| {
            let tree = self.unpack(&stored[index], again)?;
            flushed_later(flusher.as_ref(), &tree);
            Ok::<_, MaterializeError>((index, tree))
        })?;
        self.confirmed.save_or_tell(self.reporter);
        self.end(Phase::Unpack, begun);
        Ok(made)
    }

    /// Makes the trees that are missing of packages that `next` gives, which may wait; of `total` at most.
    /// Damaged trees are left to [`Forester::trees`].
    ///
    /// # Errors
    /// The first failure; the others are made all the same.
    pub(crate) fn make_as_they_come<'p>(
        &self,
        total: usize,
        next: impl Fn() -> Option<Stored<'p>> + Sync,
    ) -> Result<(), MaterializeError> {
        let begun = self.begin(Phase::Unpack, total, 0);
        let workers: Vec<usize> = (0..self.threads.max(1)).collect();
        let flusher = self.flusher();
        in_parallel(&workers, workers.len(), |_| {
            while let Some(stored) = next() {
                let lookup = self.trees.look(&stored.object.id.sha256);
                if let Lookup::Absent = lookup.map_err(MaterializeError::Trees)? {
                    flushed_later(flusher.as_ref(), &self.unpack(&stored, false)?);
                }
            }
            Ok::<_, MaterializeError>(())
        })?;
        self.confirmed.save_or_tell(self.reporter);
        self.end(Phase::Unpack, begun);
        Ok(())
    }

    fn flusher(&self) -> Option<Flusher> {
        self.flushes.then(|| Flusher::start(self.trees.root()))
    }

    fn unpack(&self, stored: &Stored<'_>, again: bool) -> Result<Tree, MaterializeError> {
        let package = stored.package.dist();
        let hashing = (WorkKind::Hash, package.as_str());
        let (archive, expected) = time_work(self.reporter, hashing, || open(stored, self.store))?;
        let record = serde_json::to_string(&stored.package.record).ok();
        let sha256 = &stored.object.id.sha256;
        let tree = time_work(self.reporter, (WorkKind::Unpack, &package), || {
            if again {
                self.trees.remake(sha256, archive, &expected, record)
            } else {
                self.trees.create(sha256, archive, &expected, record)
            }
        })?;
        self.confirmed.add(*sha256);
        for colliding in tree.info.case_collisions() {
            self.reporter.note(format!(
                "{package} has names that differ in case only: {colliding:?}"
            ));
        }
        self.reporter.event(&Event::Unpacked {
            package,
            files: tree.info.paths.len() as u64,
        });
        Ok(tree)
    }

    fn begin(&self, phase: Phase, total: usize, bytes: u64) -> Instant {
        self.reporter.event(&Event::PhaseStarted {
            phase,
            total: total as u64,
            bytes,
        });
        Instant::now()
    }

    fn end(&self, phase: Phase, begun: Instant) {
        self.reporter.event(&Event::PhaseFinished {
            phase,
            milliseconds: crate::elapsed_milliseconds(begun),
        });
    }
}

fn flushed_later(flusher: Option<&Flusher>, tree: &Tree) {
    if let Some(flusher) = flusher {
        flusher.wrote(tree.size());
    }
}

/// A package's archive, its bytes verified, and what it has to be.
pub(crate) fn open(
    stored: &Stored<'_>,
    store: &Store,
) -> Result<(Archive, Expected), MaterializeError> {
    let package = stored.package.dist();
    let object =
        store
            .open_verified(&stored.object)
            .map_err(|source| MaterializeError::Object {
                package: package.clone(),
                source,
            })?;
    let kind = match stored.object.id.kind {
        ObjectKind::TarBz2 => ArchiveKind::TarBz2,
        _ => ArchiveKind::Conda,
    };
    let archive = Archive::new(object.file, kind, &package, Limits::default())?;
    Ok((archive, expected(stored.package)?))
}

fn expected(package: &LockedPackage) -> Result<Expected, UnpackError> {
    let record = &package.record.package_record;
    // What the record of a lock without subdirs says of them is only guessed.
    let subdir = (package.completeness == Completeness::Full).then_some(record.subdir.as_str());
    let expected = Expected::new(
        package.name(),
        &record.version.as_str(),
        record.build.as_ref(),
        subdir,
    )
    .map_err(|source| UnpackError::Identity {
        package: package.dist(),
        source,
    })?;
    let has_digest = record.sha256.is_some() || record.md5.is_some();
    Ok(match has_digest {
        true => expected.with_digest(),
        false => expected,
    })
}

/// Runs `work` on every item with up to `threads` threads, in order of the items; stops at the first
/// failure. Results are in the order of the items.
pub(crate) fn in_parallel<T: Sync, R: Send, E: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<R, E>)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    let result = work(item);
                    if result.is_err() {
                        next.store(items.len(), Ordering::Relaxed);
                    }
                    results
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The packages of a closure with their archives.
pub(crate) fn stored<'a>(
    closure: &'a Closure,
    objects: &std::collections::BTreeMap<String, Object>,
) -> Vec<Stored<'a>> {
    let stored = |package: &'a LockedPackage| {
        Some(Stored {
            package,
            object: objects.get(package.name())?.clone(),
        })
    };
    closure.packages().iter().filter_map(stored).collect()
}
