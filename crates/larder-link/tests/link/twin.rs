//! The same environment a second time, straight from the archives: it has to be the one that the
//! trees gave, file by file, mode by mode, record by record.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use larder_event::{EventRecorder, SilentReporter};
use larder_link::{Archives, LinkOptions, OpenedArchive, Replace, Streamed, stream};
use larder_lock::LockedPackage;
use larder_testkit::{environment_of, tree_of};
use larder_unpack::{Archive, ArchiveKind, Expected, Limits};

use crate::support::Unpacked;

pub(crate) type AnyError = Box<dyn Error + Send + Sync>;

/// Archives on disk, given in an order of the test's choice.
pub(crate) struct Files<'a> {
    packages: &'a [&'a Unpacked],
    order: Vec<usize>,
    next: AtomicUsize,
    /// What was found to hold what it lists.
    confirmed: Mutex<BTreeSet<usize>>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(packages: &'a [&'a Unpacked]) -> Self {
        Self {
            packages,
            order: (0..packages.len()).collect(),
            next: AtomicUsize::new(0),
            confirmed: Mutex::default(),
        }
    }

    /// Once more, with what was found out.
    fn again(self) -> Self {
        Self {
            next: AtomicUsize::new(0),
            ..self
        }
    }

    pub(crate) fn reversed(packages: &'a [&'a Unpacked]) -> Self {
        let mut files = Self::new(packages);
        files.order.reverse();
        files
    }
}

impl Archives for Files<'_> {
    type Error = AnyError;

    fn next(&self) -> Option<usize> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.order.get(next).copied()
    }

    fn confirmed(&self, index: usize) {
        self.confirmed.lock().unwrap().insert(index);
    }

    fn open(&self, index: usize) -> Result<OpenedArchive, AnyError> {
        let package = self.packages[index];
        Ok(OpenedArchive {
            archive: archive(package)?,
            expected: expected(&package.locked),
            is_confirmed: self.confirmed.lock().unwrap().contains(&index),
            archive_path: package.archive.clone(),
            recorded_root: package.recorded.clone(),
        })
    }
}

fn archive(package: &Unpacked) -> Result<Archive, AnyError> {
    let kind = if package.archive.extension().unwrap() == "conda" {
        ArchiveKind::Conda
    } else {
        ArchiveKind::TarBz2
    };
    let file = fs::File::open(&package.archive)?;
    let dist = package.locked.dist();
    Ok(Archive::new(file, kind, &dist, Limits::default())?)
}

pub(crate) fn expected(locked: &LockedPackage) -> Expected {
    let record = &locked.record.package_record;
    Expected::new(
        locked.name(),
        &record.version.to_string(),
        record.build.as_ref(),
        Some(&record.subdir),
    )
    .unwrap()
}

pub(crate) fn locked<'a>(packages: &[&'a Unpacked]) -> Vec<&'a LockedPackage> {
    packages.iter().map(|package| &package.locked).collect()
}

/// Compares with the environment at the prefix, which trees gave, and leaves that one there.
pub(crate) fn check(packages: &[&Unpacked], options: &LinkOptions, warnings: &[String]) {
    if !is_repeatable(packages, options) {
        return;
    }
    let prefix = &options.prefix;
    let aside = prefix.parent().unwrap().with_extension("aside");
    let expected = environment_of(prefix);
    fs::rename(prefix, &aside).unwrap();
    let streamed = |threads, archives: &Files<'_>| {
        let options = LinkOptions {
            threads,
            ..options.clone()
        };
        let recorder = EventRecorder::default();
        match stream(&locked(packages), archives, &options, &recorder) {
            Ok(Streamed::Applied(_)) => {}
            other => panic!("not streamed: {other:?}"),
        }
        assert_eq!(environment_of(prefix), expected);
        assert_eq!(recorder.warnings(), warnings);
        fs::remove_dir_all(prefix).unwrap();
    };
    let archives = Files::new(packages);
    streamed(1, &archives);
    streamed(1, &Files::reversed(packages));
    streamed(4, &archives.again());
    fs::rename(&aside, prefix).unwrap();
}

/// What trees refuse is refused, with the same words; and nothing is left.
pub(crate) fn check_failure(packages: &[&Unpacked], options: &LinkOptions, error: &str) {
    let is_of_trees = error.starts_with("cannot link") || error.starts_with("the tree of");
    if is_of_trees || !is_repeatable(packages, options) {
        return;
    }
    let parent = options.prefix.parent().unwrap();
    let before = parent.is_dir().then(|| tree_of(parent));
    let archives = Files::new(packages);
    let streamed = match stream(&locked(packages), &archives, options, &SilentReporter) {
        Ok(streamed) => panic!("was streamed, though trees said {error}: {streamed:?}"),
        Err(error) => crate::support::chain(&*error),
    };
    assert_eq!(streamed, error);
    if let Some(before) = before {
        assert_eq!(tree_of(parent), before);
    }
}

/// Scripts may do anything, and do it once.
fn is_repeatable(packages: &[&Unpacked], options: &LinkOptions) -> bool {
    let mut scripts = packages
        .iter()
        .flat_map(|package| &package.tree.info.link_scripts);
    scripts.next().is_none() && options.replace == Replace::Never
}
