//! Which packages go into a package cache: those of a lock or an environment, or all of the store of which
//! somebody knows what they are.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fs::Durability;
use larder_lock::{LockFile, LockedPackage, Selection};
use larder_store::{
    Object, ObjectId, ObjectKind, ObjectOrigin, Pin, RecordedRoot, RootKind, Store,
};

use crate::{
    LockedSource, PlatformChoice, Settings,
    gather::Gatherer,
    inputs::{parse_lock, read_lock},
    list::records,
    locked_source::{locked, read_source},
    network::LazyNetwork,
};

use super::ExportPkgsError;

/// A package and its archive.
pub(super) struct ToExport {
    pub(super) package: LockedPackage,
    pub(super) object: Object,
}

/// What is to be exported.
pub(super) struct Chosen {
    pub(super) packages: Vec<ToExport>,
    /// How many archives were fetched for it.
    pub(super) fetched: usize,
    /// Objects of which nobody knows what they are.
    pub(super) unknown: usize,
    /// Until everything is copied.
    pub(super) _pins: Vec<Option<Pin>>,
}

/// Everything that `source` names, fetched where it is missing.
pub(super) async fn of_source(
    source: &LockedSource,
    platforms: &PlatformChoice,
    store: &Store,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Chosen, ExportPkgsError> {
    let source = read_source(source, platforms, settings, reporter)?.of_conda_alone()?;
    let network = LazyNetwork::new(settings, source.credentials.clone());
    let gatherer = Gatherer {
        settings,
        store,
        network: &network,
        reporter,
    };
    let mut chosen = Chosen {
        packages: Vec::new(),
        fetched: 0,
        unknown: 0,
        _pins: Vec::new(),
    };
    for closure in &source.closures {
        chosen
            ._pins
            .push(crate::store::pin(store, closure, reporter));
        let mut summary = gatherer.fetch(&gatherer.plan(closure)?).await?;
        chosen.fetched += summary.fetched;
        for package in closure.packages() {
            if let Some(object) = summary.objects.remove(package.name()) {
                chosen.packages.push(ToExport {
                    package: package.clone(),
                    object,
                });
            }
        }
    }
    Ok(chosen)
}

/// Every object that a root knows the origin of.
pub(super) fn of_store(store: &Store, settings: &Settings) -> Result<Chosen, ExportPkgsError> {
    let roots = store.read_recorded_roots()?;
    let known = Known::of(&roots, settings);
    let mut chosen = Chosen {
        packages: Vec::new(),
        fetched: 0,
        unknown: 0,
        _pins: Vec::new(),
    };
    for stored in store.list_objects()? {
        let object = stored.object;
        if matches!(object.id.kind, ObjectKind::Wheel | ObjectKind::Source) {
            continue;
        }
        match known.package(&object.id, settings) {
            Some(package) => chosen.packages.push(ToExport { package, object }),
            None => chosen.unknown += 1,
        }
    }
    Ok(chosen)
}

/// What roots know of objects: records where their prefix or lock is still there, else URLs.
#[derive(Default)]
struct Known {
    packages: HashMap<Sha256, LockedPackage>,
    origins: BTreeMap<ObjectId, ObjectOrigin>,
}

impl Known {
    fn of(roots: &[RecordedRoot], settings: &Settings) -> Self {
        let mut known = Self::default();
        for RecordedRoot { root, .. } in roots {
            known.origins.extend(root.origins.clone());
            match (root.kind, &root.path) {
                (RootKind::Prefix, Some(path)) => known.add_environment(path),
                (RootKind::Lock, Some(path)) => known.add_lock(path, settings),
                (_, None) => {}
            }
        }
        known
    }

    /// An environment that is gone or cannot be read says nothing.
    fn add_environment(&mut self, prefix: &Path) {
        let records = records(prefix).unwrap_or_default();
        records
            .into_iter()
            .map(locked)
            .for_each(|package| self.add(package));
    }

    /// A lock that is gone or cannot be read says nothing. Records of environments are as complete.
    fn add_lock(&mut self, path: &Path, settings: &Settings) {
        let Ok(Some(lock)) = read_lock(path, settings) else {
            return;
        };
        packages(&lock).for_each(|package| self.add(package));
    }

    fn add(&mut self, package: LockedPackage) {
        if let Some(sha256) = package.sha256() {
            self.packages.insert(sha256, package);
        }
    }

    /// The package that an object is. A URL is read as a line of an `@EXPLICIT` list.
    fn package(&self, id: &ObjectId, settings: &Settings) -> Option<LockedPackage> {
        if let Some(package) = self.packages.get(&id.sha256) {
            return Some(package.clone());
        }
        let url = self.origins.get(id)?.url.as_ref()?;
        let line = format!("@EXPLICIT\n{url}#sha256:{}\n", id.sha256);
        let lock = parse_lock(Path::new("store"), line.as_bytes(), None, settings).ok()?;
        packages(&lock).next()
    }
}

fn packages(lock: &LockFile) -> impl Iterator<Item = LockedPackage> {
    let closures = lock
        .platforms()
        .iter()
        .filter_map(|platform| lock.closure(*platform, &Selection::all()).ok());
    let packages: Vec<_> = closures
        .flat_map(|closure| closure.packages().to_vec())
        .collect();
    packages.into_iter()
}

/// The store, to be read from.
pub(super) fn open(settings: &Settings, reporter: &dyn Reporter) -> Result<Store, ExportPkgsError> {
    Ok(crate::store::open(settings, Durability::Flush, reporter)?)
}
