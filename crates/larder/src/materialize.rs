//! From archives in the store to trees: verified, unpacked by several threads, the largest first.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use larder_event::{Event, Phase, Reporter};
use larder_fs::PathError;
use larder_lock::{Closure, Completeness, LockedPackage};
use larder_store::{Object, ObjectKind, ReadError, Store};
use larder_unpack::{Archive, ArchiveKind, Expected, Limits, Tree, Trees, UnpackError};

use crate::{Explain, Kind};

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
        matches!(self, Self::Object { source, .. } if source.is_mended_by_ingest())
    }
}

impl Explain for MaterializeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Object {
                source: ReadError::Damaged { .. },
                ..
            } => Kind::Damage,
            Self::Object { .. } => Kind::World,
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

/// The tree of every package, in the order of `stored`. Trees that are there are used, others made.
pub(crate) fn trees(
    stored: &[Stored<'_>],
    store: &Store,
    trees: &Trees,
    threads: usize,
    reporter: &dyn Reporter,
) -> Result<Vec<Tree>, MaterializeError> {
    let begun = Instant::now();
    let mut found: Vec<Option<Tree>> = Vec::with_capacity(stored.len());
    for package in stored {
        found.push(
            trees
                .get(&package.object.id.sha256)
                .map_err(MaterializeError::Trees)?,
        );
    }
    let mut missing: Vec<usize> = (0..stored.len())
        .filter(|index| found[*index].is_none())
        .collect();
    missing.sort_by_key(|index| std::cmp::Reverse(stored[*index].object.size));
    if !missing.is_empty() {
        let total = missing.len() as u64;
        reporter.event(&Event::PhaseStarted {
            phase: Phase::Unpack,
            total,
            bytes: 0,
        });
        let made = in_parallel(&missing, threads, |index| {
            unpack(&stored[*index], store, trees, reporter)
        })?;
        for (index, tree) in missing.into_iter().zip(made) {
            found[index] = Some(tree);
        }
        reporter.event(&Event::PhaseFinished {
            phase: Phase::Unpack,
            milliseconds: crate::milliseconds(begun),
        });
    }
    let trees: Vec<Tree> = found.into_iter().flatten().collect();
    debug_assert_eq!(
        trees.len(),
        stored.len(),
        "every package has a tree or the run has failed"
    );
    Ok(trees)
}

fn unpack(
    stored: &Stored<'_>,
    store: &Store,
    trees: &Trees,
    reporter: &dyn Reporter,
) -> Result<Tree, MaterializeError> {
    let package = stored.package.dist();
    let (archive, expected) = open(stored, store)?;
    let record = serde_json::to_string(&stored.package.record).ok();
    let tree = trees.create(&stored.object.id.sha256, archive, &expected, record)?;
    for colliding in tree.info.case_collisions() {
        reporter.note(format!(
            "{package} has names that differ in case only: {colliding:?}"
        ));
    }
    reporter.event(&Event::Unpacked {
        package,
        files: tree.info.paths.len() as u64,
    });
    Ok(tree)
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
    Expected::new(
        package.name(),
        &record.version.as_str(),
        record.build.as_ref(),
        subdir,
    )
    .map_err(|source| UnpackError::Identity {
        package: package.dist(),
        source,
    })
}

/// Runs `work` on every item with up to `threads` threads, in order of the items; stops at the first
/// failure. Results are in the order of the items.
fn in_parallel<T: Sync, R: Send, E: Send>(
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
