//! What objects are called: file names and URLs from the roots, for messages and for fetching again.

use std::collections::{BTreeMap, HashMap};

use larder_store::{ObjectId, ObjectOrigin, RecordedRoot};

/// The names of objects, as far as any root knows them.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<ObjectId, ObjectOrigin>);

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

    fn add(&mut self, origins: &BTreeMap<ObjectId, ObjectOrigin>) {
        for (id, origin) in origins {
            self.0.insert(*id, origin.clone());
        }
    }

    /// The file name of a package, such as `numpy-2.0.0-py311_0.conda`.
    pub(crate) fn file_name(&self, id: ObjectId) -> Option<&str> {
        self.0.get(&id)?.name.as_deref()
    }

    /// Where it came from.
    pub(crate) fn url(&self, id: ObjectId) -> Option<&str> {
        self.0.get(&id)?.url.as_deref()
    }

    /// The file name, else the object's own.
    pub(crate) fn shown(&self, id: ObjectId) -> String {
        self.file_name(id)
            .map_or_else(|| id.to_string(), str::to_owned)
    }

    /// Whether a user may mean this object: by the package's name, `name-version-build`, the file name or the
    /// beginning of the digest.
    pub(crate) fn is_called(&self, id: ObjectId, text: &str) -> bool {
        const DIGITS: usize = 6;
        if text.len() >= DIGITS && id.to_string().starts_with(text) {
            return true;
        }
        let Some(file) = self.file_name(id) else {
            return false;
        };
        let stem = file
            .strip_suffix(id.kind.extension())
            .map_or(file, |stem| stem.trim_end_matches('.'));
        let mut parts = stem.rsplitn(3, '-');
        let name = parts.nth(2);
        [Some(file), Some(stem), name].contains(&Some(text))
    }
}
