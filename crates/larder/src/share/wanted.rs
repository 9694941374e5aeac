//! Which objects are meant: those of roots, of locks, or all.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use larder_fs::PathContext as _;
use larder_lock::{LockFile, LockedPackage, PipPackage, Selection};
use larder_store::{Checksum, ObjectId, ObjectKind, ObjectOrigin, Store};
use rattler_conda_types::Subdir;

use super::ShareOperationError;
use crate::{
    InputError, PlatformChoice, Settings,
    inputs::environments,
    pip, platforms,
    store::{is_alive, needed},
};

/// Which objects are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ShareChoice {
    /// Those that the environments and locks need that this store knows.
    #[default]
    Roots,
    /// Those that this environment needs.
    Environment(PathBuf),
    /// Those of these locks.
    Locks(Vec<PathBuf>),
    /// All there are.
    All,
}

/// What is meant.
#[derive(Default)]
pub(super) struct Meant {
    pub(super) objects: BTreeMap<ObjectId, ObjectOrigin>,
    /// File names of what has no SHA-256 and is not in the store: it cannot be asked for.
    pub(super) nameless: Vec<String>,
    /// What this is, for people.
    pub(super) name: String,
}

impl Meant {
    /// What a choice means; `platforms` counts for locks alone.
    pub(super) fn new(
        choice: &ShareChoice,
        platforms: &PlatformChoice,
        (store, settings): (&Store, &Settings),
    ) -> Result<Self, ShareOperationError> {
        let mut meant = Self::default();
        match choice {
            ShareChoice::Locks(paths) => {
                for path in paths {
                    meant.add_lock(path, platforms, (store, settings))?;
                }
            }
            ShareChoice::Roots => meant.add_roots(store, None)?,
            ShareChoice::Environment(prefix) => meant.add_roots(store, Some(prefix))?,
            ShareChoice::All => {
                // For names and addresses.
                meant.add_roots(store, None)?;
                meant.objects.clear();
                for stored in store.list_objects().map_err(ShareOperationError::Look)? {
                    meant
                        .objects
                        .insert(stored.object.id, ObjectOrigin::default());
                }
                meant.name = "a whole store".to_owned();
            }
        }
        meant.name.truncate(
            meant
                .name
                .char_indices()
                .nth(200)
                .map_or(meant.name.len(), |(at, _)| at),
        );
        Ok(meant)
    }

    fn add_roots(&mut self, store: &Store, only: Option<&Path>) -> Result<(), ShareOperationError> {
        for recorded in store.read_recorded_roots()? {
            let root = recorded.root;
            let path = root.path.as_deref();
            let is_meant = only.is_none_or(|only| path == Some(only))
                && path.is_none_or(|path| is_alive(root.kind, path));
            if is_meant {
                self.add_name(path);
                let origin = |id: &ObjectId| root.origins.get(id).cloned().unwrap_or_default();
                self.objects
                    .extend(root.objects.iter().map(|id| (*id, origin(id))));
            }
        }
        Ok(())
    }

    /// The last part alone: where somebody keeps things is nobody's business.
    fn add_name(&mut self, path: Option<&Path>) {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        if !self.name.is_empty() {
            self.name.push_str(", ");
        }
        self.name.push_str(&name.to_string_lossy());
    }

    fn add_lock(
        &mut self,
        path: &Path,
        platforms: &PlatformChoice,
        (store, settings): (&Store, &Settings),
    ) -> Result<(), ShareOperationError> {
        let path = settings.absolute(path);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ShareOperationError::NoLock { path });
            }
            bytes => bytes.at("read", &path).map_err(InputError::Read)?,
        };
        self.add_name(Some(&path));
        for lock in environments(&path, &bytes, settings)? {
            for subdir in subdirs(&lock, platforms, &path, settings)? {
                self.add_platform(&lock, subdir, store);
            }
        }
        Ok(())
    }

    fn add_platform(&mut self, lock: &LockFile, subdir: Subdir, store: &Store) {
        let everything = Selection::all();
        let closure = lock.closure(subdir, &everything);
        for package in closure.iter().flat_map(|closure| closure.packages()) {
            self.add_package(package, store);
        }
        let files: Vec<PipPackage> = lock.pip(subdir, &everything).packages;
        for needed in pip::needed(&files) {
            self.objects
                .insert(needed.id, needed.origin.unwrap_or_default());
        }
    }

    /// A package that is known by MD5 alone is the one that the store has.
    fn add_package(&mut self, package: &LockedPackage, store: &Store) {
        let name = package.record.identifier.to_string();
        let id = ObjectKind::from_file_name(&name).and_then(|kind| {
            if let Some(sha256) = package.sha256() {
                return Some(ObjectId { kind, sha256 });
            }
            let found = store.find(kind, &package.checksum()?).ok().flatten();
            found.map(|object| object.id)
        });
        match id {
            Some(id) => {
                let origin = needed(package, id).origin.unwrap_or_default();
                self.objects.insert(id, origin);
            }
            None => self.nameless.push(name),
        }
    }

    /// What people call an object.
    pub(super) fn shown(&self, id: ObjectId) -> String {
        let name = self.objects.get(&id).and_then(|origin| origin.name.clone());
        name.unwrap_or_else(|| id.to_string())
    }
}

/// The checksum that an object is looked for by.
pub(super) fn checksum(id: ObjectId) -> Checksum {
    Checksum::Sha256(id.sha256)
}

fn subdirs(
    lock: &LockFile,
    choice: &PlatformChoice,
    path: &Path,
    settings: &Settings,
) -> Result<Vec<Subdir>, ShareOperationError> {
    let there = lock.platforms();
    let wanted = match choice {
        PlatformChoice::All => return Ok(there.to_vec()),
        PlatformChoice::Own if there.len() == 1 => return Ok(there.to_vec()),
        PlatformChoice::Own => vec![platforms::given_or_default(None, settings)?],
        PlatformChoice::Named(names) => platforms::parse_all(names)?,
    };
    match wanted.iter().find(|subdir| !there.contains(subdir)) {
        None => Ok(wanted),
        Some(missing) => Err(ShareOperationError::NotLocked {
            path: path.to_owned(),
            wanted: missing.to_string(),
        }),
    }
}
