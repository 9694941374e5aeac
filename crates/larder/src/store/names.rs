//! What objects are called: file names and URLs from the roots, for messages and for fetching again.

use std::collections::{BTreeMap, HashMap};

use larder_store::{ObjectId, Origin, RecordedRoot};

/// The names of objects, as far as any root knows them.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<ObjectId, Origin>);

impl Names {
    /// From all roots; what two say differently is taken from the one that was used last.
    pub(crate) fn of(roots: &[RecordedRoot]) -> Self {
        let mut sorted: Vec<_> = roots.iter().collect();
        sorted.sort_by_key(|recorded| recorded.last_used);
        let mut names = Self::default();
        for recorded in sorted {
            names.add(&recorded.root.origins);
        }
        names
    }

    fn add(&mut self, origins: &BTreeMap<ObjectId, Origin>) {
        for (id, origin) in origins {
            self.0.insert(*id, origin.clone());
        }
    }

    /// The file name of a package, such as `numpy-2.0.0-py311_0.conda`.
    pub(crate) fn file_name(&self, id: ObjectId) -> Option<&str> {
        self.0.get(&id)?.name.as_deref()
    }
}
