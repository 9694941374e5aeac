//! `--keep LOCK`: what the given locks name, on all their platforms and in all their environments.

use std::{collections::HashSet, fs, path::PathBuf};

use larder_event::Reporter;
use larder_fs::PathContext as _;
use larder_lock::{LockedPackage, PipPackage, Selection};
use larder_store::{
    Checksum, CollectError, NeededObject, ObjectId, ObjectKind, RootKind, Store, StoreError,
};

use super::GcError;
use crate::{
    InputError, Settings,
    inputs::environments,
    pip,
    store::{needed, record},
};

/// The packages of one lock.
struct KeptLock {
    path: PathBuf,
    packages: Vec<LockedPackage>,
    /// Of its `pip:` sections.
    wheels: Vec<PipPackage>,
}

/// The packages of all locks that were given.
pub(super) struct Kept(Vec<KeptLock>);

impl Kept {
    pub(super) fn read(paths: &[PathBuf], settings: &Settings) -> Result<Self, GcError> {
        let locks = paths.iter().map(|path| read(path, settings));
        locks.collect::<Result<_, _>>().map(Self)
    }

    /// The objects that stay. Packages that are known by MD5 only are those that the store has.
    pub(super) fn objects(&self, store: &Store) -> Result<HashSet<ObjectId>, GcError> {
        let mut objects = HashSet::new();
        for package in self.packages() {
            let found = find(package, store);
            objects.extend(found.map_err(CollectError::Store)?);
        }
        objects.extend(pip::needed(self.wheels()).map(|needed| needed.id));
        Ok(objects)
    }

    /// The file names of archives that are not there.
    pub(super) fn missing(&self, store: &Store) -> Vec<String> {
        let is_missing = |package: &&LockedPackage| {
            let found = object_of(package)
                .and_then(|(kind, checksum)| store.find(kind, &checksum).ok().flatten());
            found.is_none()
        };
        let names = self.packages().filter(is_missing);
        let mut names: Vec<String> = names
            .map(|package| package.record.identifier.to_string())
            .collect();
        let is_missing = |wheel: &NeededObject| {
            let checksum = Checksum::Sha256(wheel.id.sha256);
            store
                .find(wheel.id.kind, &checksum)
                .ok()
                .flatten()
                .is_none()
        };
        let wheels = pip::needed(self.wheels()).filter(is_missing);
        names.extend(wheels.filter_map(|wheel| wheel.origin?.name));
        names.sort();
        names.dedup();
        names
    }

    /// Records the locks as roots: a later collection without them keeps the same, and verification knows
    /// names and addresses.
    pub(super) fn record(&self, store: &Store, reporter: &dyn Reporter) {
        for lock in &self.0 {
            let packages = lock.packages.iter();
            let needed = packages.filter_map(|package| {
                let id = find(package, store).ok().flatten()?;
                Some(needed(package, id))
            });
            let needed = needed.chain(pip::needed(&lock.wheels));
            record(store, RootKind::Lock, &lock.path, needed, reporter);
        }
    }

    fn wheels(&self) -> impl Iterator<Item = &PipPackage> {
        self.0.iter().flat_map(|lock| &lock.wheels)
    }

    fn packages(&self) -> impl Iterator<Item = &LockedPackage> {
        self.0.iter().flat_map(|lock| &lock.packages)
    }
}

fn read(path: &std::path::Path, settings: &Settings) -> Result<KeptLock, GcError> {
    let path = settings.absolute(path);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(GcError::NoLock { path });
        }
        bytes => bytes.at("read", &path).map_err(InputError::Read)?,
    };
    let locks = environments(&path, &bytes, settings)?;
    let (mut packages, mut wheels) = (Vec::new(), Vec::new());
    for lock in &locks {
        packages.extend(lock.conda_packages().cloned());
        for platform in lock.platforms() {
            wheels.extend(lock.pip(*platform, &Selection::all()).packages);
        }
    }
    Ok(KeptLock {
        path,
        packages,
        wheels,
    })
}

fn object_of(package: &LockedPackage) -> Option<(ObjectKind, Checksum)> {
    let kind = ObjectKind::from_file_name(&package.record.identifier.to_string())?;
    Some((kind, package.checksum()?))
}

fn find(package: &LockedPackage, store: &Store) -> Result<Option<ObjectId>, StoreError> {
    let Some((kind, checksum)) = object_of(package) else {
        return Ok(None);
    };
    // No need to look: what is not there is not kept.
    if let Some(sha256) = package.sha256() {
        return Ok(Some(ObjectId { kind, sha256 }));
    }
    Ok(store.find(kind, &checksum)?.map(|object| object.id))
}
