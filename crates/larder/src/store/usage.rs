//! Who uses which archives: the living environments and locks of the roots.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_store::{ObjectId, RecordedRoot, RootError, RootKind, Store, StoredObject};

use super::{names::Names, roots::is_alive};

/// Roots, sorted by whether they count.
pub(crate) struct Usage {
    pub(crate) names: Names,
    alive: Vec<RecordedRoot>,
    /// How many roots are of what is gone.
    pub(crate) gone: usize,
    users: HashMap<ObjectId, Vec<usize>>,
}

impl Usage {
    pub(crate) fn of(store: &Store) -> Result<Self, RootError> {
        let roots = store.read_recorded_roots()?;
        let names = Names::of(&roots);
        let all = roots.len();
        let mut alive = roots;
        alive.retain(|one| {
            let path = one.root.path.as_deref();
            path.is_none_or(|path| is_alive(one.root.kind, path))
        });
        let mut users: HashMap<ObjectId, Vec<usize>> = HashMap::new();
        for (index, one) in alive.iter().enumerate() {
            for id in &one.root.objects {
                users.entry(*id).or_default().push(index);
            }
        }
        Ok(Self {
            names,
            gone: all - alive.len(),
            alive,
            users,
        })
    }

    /// How many living roots of a kind there are.
    pub(crate) fn count(&self, kind: RootKind) -> usize {
        self.alive
            .iter()
            .filter(|one| one.root.kind == kind)
            .count()
    }

    /// The directories of the living environments.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = &Path> {
        let prefixes = self
            .alive
            .iter()
            .filter(|one| one.root.kind == RootKind::Prefix);
        prefixes.filter_map(|one| one.root.path.as_deref())
    }

    /// The living environments or locks that need an object. Paths that are not Unicode are not known.
    pub(crate) fn users(&self, id: ObjectId, kind: RootKind) -> Vec<PathBuf> {
        let users = self.roots_of(id).filter(|one| one.root.kind == kind);
        users.filter_map(|one| one.root.path.clone()).collect()
    }

    /// How many living environments need an object.
    pub(crate) fn environments(&self, id: ObjectId) -> usize {
        self.roots_of(id)
            .filter(|one| one.root.kind == RootKind::Prefix)
            .count()
    }

    /// Whether anything living needs an object.
    pub(crate) fn is_needed(&self, id: ObjectId) -> bool {
        self.users.contains_key(&id)
    }

    /// When an object was last used, as far as larder knows.
    pub(crate) fn last_used(&self, stored: &StoredObject) -> SystemTime {
        let times = self.roots_of(stored.object.id).map(|one| one.last_used);
        times.fold(stored.written, SystemTime::max)
    }

    fn roots_of(&self, id: ObjectId) -> impl Iterator<Item = &RecordedRoot> {
        let indexes = self.users.get(&id).map_or(&[][..], Vec::as_slice);
        indexes.iter().filter_map(|index| self.alive.get(*index))
    }
}
