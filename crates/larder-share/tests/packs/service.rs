//! A directory that behaves as GitHub's service: entries never change, nothing is listed or removed, entries
//! are found by their beginnings, in the run's own scope first, and a run writes its own scope alone.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use futures::StreamExt as _;
use larder_remote::{
    Body, ByteRange, Directory, Download, ObjectInfo, ObjectName, Remote, RemoteError, Wanted,
};

/// All scopes of a repository.
pub(crate) struct Service {
    place: tempfile::TempDir,
    /// Each entry's age, the later the higher.
    created: Mutex<BTreeMap<String, u64>>,
}

impl Service {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            place: tempfile::tempdir().unwrap(),
            created: Mutex::default(),
        })
    }

    /// What a run sees that reads these scopes and writes the first of them.
    pub(crate) fn run(self: &Arc<Self>, scopes: &[&str]) -> Arc<Run> {
        Arc::new(Run {
            service: Arc::clone(self),
            inner: Directory::new(self.place.path()),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            requests: AtomicU64::new(0),
            down: Arc::new(AtomicU64::new(0)),
            up: AtomicU64::new(0),
        })
    }

    /// The files of all entries whose names contain this, in order of their creation.
    pub(crate) fn entries(&self, part: &str) -> Vec<PathBuf> {
        let created = self.created.lock().unwrap();
        let mut found: Vec<(u64, &String)> = created
            .iter()
            .filter(|(name, _)| name.contains(part))
            .map(|(name, age)| (*age, name))
            .collect();
        found.sort();
        let files = found
            .into_iter()
            .map(|(_, name)| self.place.path().join(name));
        files.collect()
    }

    /// The service drops an entry.
    pub(crate) fn evict(&self, file: &Path) {
        std::fs::remove_file(file).unwrap();
        let name = file.strip_prefix(self.place.path()).unwrap();
        self.created.lock().unwrap().remove(name.to_str().unwrap());
    }
}

/// The service as one run sees it, and what the run has asked for.
pub(crate) struct Run {
    service: Arc<Service>,
    inner: Directory,
    scopes: Vec<String>,
    requests: AtomicU64,
    down: Arc<AtomicU64>,
    up: AtomicU64,
}

impl Run {
    /// Requests, bytes read and bytes written since this was asked last.
    pub(crate) fn cost(&self) -> (u64, u64, u64) {
        (
            self.requests.swap(0, Relaxed),
            self.down.swap(0, Relaxed),
            self.up.swap(0, Relaxed),
        )
    }

    fn inside(scope: &str, name: &str) -> String {
        format!("{scope}/{name}")
    }

    /// Where an entry of this very name is.
    fn find(&self, name: &ObjectName) -> Option<ObjectName> {
        let created = self.service.created.lock().unwrap();
        let names = self
            .scopes
            .iter()
            .map(|scope| Self::inside(scope, name.as_str()));
        let found = names
            .into_iter()
            .find(|inside| created.contains_key(inside));
        found.map(|inside| ObjectName::new(inside).unwrap())
    }

    fn newest_in(&self, scope: &str, prefix: &str) -> Option<(String, u64)> {
        let created = self.service.created.lock().unwrap();
        let inside = Self::inside(scope, prefix);
        let found = created.iter().filter(|(name, _)| name.starts_with(&inside));
        let newest = found.max_by_key(|(_, age)| **age)?;
        Some((newest.0[scope.len() + 1..].to_owned(), *newest.1))
    }

    fn not_found(&self, name: &str) -> RemoteError {
        RemoteError::NotFound {
            remote: self.url().to_owned(),
            object: name.to_owned(),
        }
    }

    fn unsupported(&self, operation: &'static str) -> RemoteError {
        RemoteError::Unsupported {
            remote: self.url().to_owned(),
            operation,
        }
    }
}

#[async_trait]
impl Remote for Run {
    fn url(&self) -> &str {
        "github:"
    }

    async fn create_if_absent(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        self.requests.fetch_add(1, Relaxed);
        assert!(name.as_str().len() <= 512 && !name.as_str().contains(','));
        let inside = Self::inside(&self.scopes[0], name.as_str());
        let object = ObjectName::new(inside.clone()).unwrap();
        let size = self.inner.create_if_absent(&object, body).await?;
        self.up.fetch_add(size, Relaxed);
        let mut created = self.service.created.lock().unwrap();
        let age = created.values().max().map_or(0, |age| age + 1);
        created.insert(inside, age);
        Ok(size)
    }

    async fn replace(&self, _: &ObjectName, _: Body) -> Result<u64, RemoteError> {
        Err(self.unsupported("replace"))
    }

    async fn get(
        &self,
        name: &ObjectName,
        range: Option<ByteRange>,
    ) -> Result<Download, RemoteError> {
        self.requests.fetch_add(1, Relaxed);
        let inside = self
            .find(name)
            .ok_or_else(|| self.not_found(name.as_str()))?;
        let Download { size, body } = self.inner.get(&inside, range).await?;
        let down = Arc::clone(&self.down);
        let counted = body.inspect(move |piece| {
            let length = piece.as_ref().map_or(0, |piece| piece.len() as u64);
            down.fetch_add(length, Relaxed);
        });
        Ok(Download {
            size,
            body: counted.boxed(),
        })
    }

    async fn stat(&self, name: &ObjectName) -> Result<ObjectInfo, RemoteError> {
        let inside = self
            .find(name)
            .ok_or_else(|| self.not_found(name.as_str()))?;
        self.inner.stat(&inside).await
    }

    async fn list(&self, _: &str) -> Result<Vec<ObjectInfo>, RemoteError> {
        Err(self.unsupported("list"))
    }

    async fn newest(&self, wanted: &[Wanted]) -> Result<Option<ObjectInfo>, RemoteError> {
        self.requests.fetch_add(1, Relaxed);
        for scope in &self.scopes {
            for wanted in wanted {
                if let Some((name, age)) = self.newest_in(scope, wanted.as_str()) {
                    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(age);
                    return Ok(Some(ObjectInfo {
                        name: ObjectName::new(name).unwrap(),
                        size: 0,
                        created: time,
                        used: time,
                    }));
                }
            }
        }
        Ok(None)
    }

    fn has_scopes(&self) -> bool {
        true
    }

    async fn touch(&self, _: &ObjectName) -> Result<(), RemoteError> {
        Ok(())
    }

    async fn delete(&self, _: &ObjectName) -> Result<(), RemoteError> {
        Err(self.unsupported("delete"))
    }
}
