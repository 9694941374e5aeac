//! What the tests share: a store in a temporary directory, contents, and steps that are recorded or fail.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use larder_digest::{Checksum, Digests, Hasher, Md5};
use larder_event::SilentReporter;
use larder_fs::Durability;
use larder_store::{
    CollectOptions, CollectPolicy, CollectReport, IngestError, Object, ObjectId, ObjectKind,
    StepObserver, Store, StoreOptions, StoreStep, StoreVerification,
};

pub(crate) const DAY: Duration = Duration::from_secs(86400);

/// A store that is removed at the end.
pub(crate) struct Fixture {
    temp: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(&lazy())
    }

    pub(crate) fn with(options: &StoreOptions) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store"), options).unwrap();
        Self { temp, store }
    }

    /// A path beside the store.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.store.root().join(name)
    }

    /// The names in `tmp/`, without the random parts.
    pub(crate) fn temporary(&self) -> Vec<String> {
        names(&self.path("tmp"))
            .iter()
            .map(|name| name.split('-').next().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn verify(&self) -> StoreVerification {
        self.store.verify(None, &SilentReporter).unwrap()
    }
}

/// Most tests are not about power loss, and flushing is what takes time.
pub(crate) fn lazy() -> StoreOptions {
    StoreOptions {
        durability: Durability::Lazy,
        ..StoreOptions::default()
    }
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Bytes that differ from those of every other seed, too many for one buffer.
pub(crate) fn content(seed: u32) -> Vec<u8> {
    let mut bytes = seed.to_le_bytes().to_vec();
    let length = 150_000 + usize::try_from(seed % 97).unwrap() * 1000;
    let mut state = u64::from(seed) + 1;
    while bytes.len() < length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        bytes.extend(state.to_be_bytes());
    }
    bytes
}

pub(crate) fn digests(bytes: &[u8]) -> Digests {
    let mut hasher = Hasher::both();
    hasher.update(bytes);
    hasher.finish()
}

pub(crate) fn sha256(bytes: &[u8]) -> Checksum {
    Checksum::Sha256(digests(bytes).sha256)
}

pub(crate) fn md5(bytes: &[u8]) -> Checksum {
    Checksum::Md5(Md5::of(bytes))
}

pub(crate) fn id(kind: ObjectKind, bytes: &[u8]) -> ObjectId {
    let sha256 = digests(bytes).sha256;
    ObjectId { kind, sha256 }
}

pub(crate) fn put(
    store: &Store,
    bytes: &[u8],
    expected: Option<Checksum>,
) -> Result<Object, IngestError> {
    let mut ingest = store.ingest(ObjectKind::Conda, expected).unwrap();
    ingest.write_all(bytes).unwrap();
    ingest.finish()
}

/// Puts an object whose digest is right.
pub(crate) fn put_content(store: &Store, seed: u32) -> Object {
    let bytes = content(seed);
    put(store, &bytes, Some(sha256(&bytes))).unwrap()
}

pub(crate) fn find(store: &Store, checksum: Checksum) -> Option<Object> {
    store.find(ObjectKind::Conda, &checksum).unwrap()
}

/// The bytes of an object, through verification.
pub(crate) fn bytes_of(store: &Store, object: &Object) -> Vec<u8> {
    let mut verified = store.open_verified(object).unwrap();
    let mut bytes = Vec::new();
    verified.file.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, verified.size);
    bytes
}

/// Writes to a file that is protected, as damage does.
pub(crate) fn overwrite(path: &Path, bytes: &[u8]) {
    larder_fs::make_writable(path).unwrap();
    fs::write(path, bytes).unwrap();
    larder_fs::make_read_only(path).unwrap();
}

pub(crate) fn flip_a_bit(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    overwrite(path, &bytes);
}

/// Records the steps and what is in `tmp/` and `pkgs/` at each; fails at one of them.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) fail_at: Option<StoreStep>,
    pub(crate) seen: Mutex<Vec<StoreStep>>,
}

impl Watch {
    pub(crate) fn options(self: &Arc<Self>, durability: Durability) -> StoreOptions {
        let steps: Arc<dyn StepObserver> = Arc::<Self>::clone(self);
        StoreOptions {
            durability,
            steps,
            ..StoreOptions::default()
        }
    }
}

impl StepObserver for Watch {
    fn reached(&self, step: StoreStep) -> io::Result<()> {
        self.seen.lock().unwrap().push(step);
        if self.fail_at == Some(step) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

/// Options for a collection that keeps what roots need; every prefix and lock that exists is alive.
pub(crate) fn collecting(policy: CollectPolicy) -> CollectOptions<'static> {
    CollectOptions {
        policy,
        is_alive: &|_, path| path.exists(),
        now: SystemTime::now(),
        abandoned: DAY,
        damaged: DAY,
    }
}

/// Plans and collects.
pub(crate) fn collect(store: &Store, policy: CollectPolicy) -> CollectReport {
    let options = collecting(policy);
    let plan = store.plan_collection(&options).unwrap();
    store.collect(&plan, options.now, &SilentReporter).unwrap()
}

/// The seeds of the objects that are there, of those below 100.
pub(crate) fn present(store: &Store) -> Vec<u32> {
    let is_there = |seed: &u32| find(store, sha256(&content(*seed))).is_some();
    (0..100).filter(is_there).collect()
}
