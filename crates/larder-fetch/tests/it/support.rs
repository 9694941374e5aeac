//! A channel in a directory, a store beside it, and closures whose URLs point wherever a test wants.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_event::{Event, EventRecorder};
use larder_fetch::{
    Backoff, FetchError, FetchOptions, FetchSummary, Network, NetworkOptions, ProxyChoice, fetch,
};
use larder_lock::{Closure, Completeness, LockedPackage};
use larder_store::{Store, StoreOptions};
use larder_testkit::{BuiltPackage, Format, PackageBuilder};
use rattler_conda_types::{RepoDataRecord, Subdir};
use serde_json::{Value, json};

pub(crate) struct World {
    directory: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) recorder: EventRecorder,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("store"), &StoreOptions::default()).unwrap();
        fs::create_dir_all(directory.path().join("channel/linux-64")).unwrap();
        Self {
            directory,
            store,
            recorder: EventRecorder::default(),
        }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    pub(crate) fn channel(&self) -> PathBuf {
        self.path("channel")
    }

    pub(crate) fn file_url(&self) -> String {
        url::Url::from_directory_path(self.channel())
            .unwrap()
            .as_str()
            .trim_end_matches('/')
            .to_owned()
    }

    /// Puts an archive of `size` bytes into the channel.
    pub(crate) fn publish(&self, name: &str, size: usize) -> BuiltPackage {
        self.publish_as(name, size, Format::Conda)
    }

    pub(crate) fn publish_as(&self, name: &str, size: usize, format: Format) -> BuiltPackage {
        let package = archive(name, size, format);
        fs::write(
            self.channel().join("linux-64").join(&package.file_name),
            &package.bytes,
        )
        .unwrap();
        package
    }

    /// Fetches with `options` (see [`options`]), telling the recorder.
    pub(crate) async fn fetch(
        &self,
        closure: &Closure,
        options: &FetchOptions<'_>,
    ) -> Result<FetchSummary, FetchError> {
        fetch(closure, &self.store, options, &self.recorder).await
    }

    /// The names of the objects in the store.
    pub(crate) fn objects(&self) -> Vec<String> {
        let mut names = Vec::new();
        for shard in entries(&self.store.root().join("pkgs")) {
            names.extend(entries(&shard));
        }
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        let mut names: Vec<_> = names.iter().map(name).collect();
        names.sort();
        names
    }

    /// What was begun and not finished.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        entries(&self.store.root().join("tmp"))
    }

    pub(crate) fn retries(&self) -> Vec<String> {
        let reason = |event: Event| match event {
            Event::FetchRetried { reason, .. } => Some(reason),
            _ => None,
        };
        self.recorder
            .events()
            .into_iter()
            .filter_map(reason)
            .collect()
    }
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default()
}

/// An archive's record with `size` bytes that do not compress and differ by name: what is in them
/// does not matter here.
pub(crate) fn archive(name: &str, size: usize, format: Format) -> BuiltPackage {
    let mut state = name
        .bytes()
        .fold(size as u64, |state, byte| state * 31 + u64::from(byte))
        | 1;
    let bytes = (0..size).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    });
    PackageBuilder::new(name, "1.0", "0")
        .build(format)
        .with_bytes(bytes.collect())
}

/// The package as a closure has it, its archive under `base`.
pub(crate) fn locked(package: &BuiltPackage, base: &str) -> LockedPackage {
    locked_with(package, base, |_| ())
}

pub(crate) fn locked_with(
    package: &BuiltPackage,
    base: &str,
    change: impl FnOnce(&mut Value),
) -> LockedPackage {
    let mut record = package.record.clone();
    record["fn"] = json!(package.file_name);
    record["url"] = json!(format!("{base}/{}/{}", package.subdir, package.file_name));
    record["channel"] = json!(base);
    change(&mut record);
    LockedPackage {
        record: serde_json::from_value::<RepoDataRecord>(record).unwrap(),
        completeness: Completeness::Full,
        requested_specs: Vec::new(),
    }
}

pub(crate) fn closure(packages: Vec<LockedPackage>) -> Closure {
    Closure::new(Subdir::Linux64, packages).unwrap()
}

/// No proxy of the machine that runs the tests.
pub(crate) fn network_options() -> NetworkOptions {
    NetworkOptions {
        proxy: ProxyChoice::Direct,
        ..NetworkOptions::default()
    }
}

pub(crate) fn network() -> Network {
    Network::new(&network_options()).unwrap()
}

/// Three more tries, no waits.
pub(crate) fn options(network: &Network) -> FetchOptions<'_> {
    FetchOptions {
        backoff: Backoff::NONE,
        ..FetchOptions::new(network)
    }
}

/// The error and all its causes, as text and as debug output.
pub(crate) fn whole_text(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error:?}\n{error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("\n{cause}"));
        source = cause.source();
    }
    text
}
