//! The lock that is there: where it is, and the pins that it gives to the next one.
//!
//! A lock with git's conflict markers is two locks; the pins of both sides count.

use std::{collections::BTreeSet, path::PathBuf};

use larder_event::Reporter;
use larder_fs::read_user_file;
use larder_lock::{Closure, LockFile, LockedPackage, Selection, split_conflict};
use rattler_conda_types::{RepoDataRecord, Subdir};

use crate::{
    Settings,
    inputs::{DEFAULT_LOCK, ManifestInput, parse_lock},
    streams::INPUT_BYTES,
};

use super::LockOptions;

/// The old lock, if there is one that can be read, and where the new one goes.
pub(super) struct Old {
    pub(super) path: PathBuf,
    pub(super) lock: Option<LockFile>,
    /// The other side of a conflict.
    theirs: Option<LockFile>,
}

impl Old {
    /// The old pins are only a preference: a lock that cannot be read is no reason not to write a new
    /// one.
    pub(super) fn find(
        options: &LockOptions,
        input: &ManifestInput,
        settings: &Settings,
        reporter: &dyn Reporter,
    ) -> Self {
        let named = options.output.as_ref().map(|path| settings.absolute(path));
        let own = || {
            input
                .lock_path()
                .unwrap_or_else(|| settings.absolute(DEFAULT_LOCK))
        };
        let own = |options: &LockOptions| match options.format {
            Some(format) if own().file_name().is_some_and(|name| name == DEFAULT_LOCK) => {
                own().with_file_name(format.default_file_name())
            }
            _ => own(),
        };
        let path = named.clone().or_else(|| {
            input
                .find_lock_path(settings)
                .filter(|_| options.format.is_none())
        });
        let path = path.unwrap_or_else(|| own(options));
        let mut old = Self {
            path,
            lock: None,
            theirs: None,
        };
        old.read(settings, reporter);
        // A lock that serves other manifests too is read, but this one's goes to its own place.
        let serves_others = old
            .lock
            .as_ref()
            .is_some_and(|lock| lock.sources().len() > input.files.len());
        if named.is_none() && serves_others {
            old.path = own(options);
        }
        old
    }

    fn read(&mut self, settings: &Settings, reporter: &dyn Reporter) {
        let Ok(bytes) = read_user_file(&self.path, INPUT_BYTES) else {
            return;
        };
        let parse = |text: &str| match parse_lock(&self.path, text.as_bytes(), None, settings) {
            Ok(lock) => Some(lock),
            Err(error) => {
                let text = format!("the pins of the old lock are lost: {error}");
                reporter.warn("lock::old-unreadable", text);
                None
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        if let Some((ours, theirs)) = split_conflict(&text) {
            let path = self.path.display();
            reporter.note(format!(
                "{path} has a conflict: the pins of both sides are kept where they can be"
            ));
            (self.lock, self.theirs) = (parse(&ours), parse(&theirs));
        } else {
            self.lock = parse(&text);
        }
    }

    /// The platforms that are locked, on either side of a conflict.
    pub(super) fn platforms(&self) -> Vec<Subdir> {
        let locks = self.lock.iter().chain(&self.theirs);
        let mut platforms: Vec<Subdir> = locks.flat_map(|lock| lock.platforms().to_vec()).collect();
        platforms.sort();
        platforms.dedup();
        platforms
    }

    /// The names of all packages that are locked, on any platform.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for lock in self.lock.iter().chain(&self.theirs) {
            names.extend(
                lock.conda_packages()
                    .map(|package| package.name().to_owned()),
            );
            for subdir in lock.platforms() {
                let wheels = lock.pip_packages(*subdir, &Selection::all());
                names.extend(wheels.into_iter().map(|package| package.name.clone()));
            }
        }
        names
    }

    /// The records to prefer for `subdir`, without those of the packages in `forget`.
    pub(super) fn pins(&self, subdir: Subdir, forget: &[String]) -> Vec<RepoDataRecord> {
        let closures: Vec<Closure> = [&self.lock, &self.theirs]
            .into_iter()
            .flatten()
            .filter_map(|lock| lock.closure(subdir, &Selection::all()).ok())
            .collect();
        let mut pins = higher(closures.iter().flat_map(Closure::packages));
        pins.retain(|record| {
            let name = record.package_record.name.as_normalized();
            forget
                .iter()
                .all(|forgotten| !forgotten.eq_ignore_ascii_case(name))
        });
        pins
    }
}

/// One record for each name: where two sides differ, the one that the solver would prefer.
pub(super) fn higher<'a>(packages: impl Iterator<Item = &'a LockedPackage>) -> Vec<RepoDataRecord> {
    let mut records: Vec<RepoDataRecord> = packages.map(|package| package.record.clone()).collect();
    records.sort_by(|a, b| {
        let (a, b) = (&a.package_record, &b.package_record);
        let newest_first = (&b.version, b.build_number).cmp(&(&a.version, a.build_number));
        a.name
            .as_normalized()
            .cmp(b.name.as_normalized())
            .then(newest_first)
    });
    records.dedup_by(|a, b| a.package_record.name == b.package_record.name);
    records
}
