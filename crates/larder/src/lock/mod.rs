//! `larder lock`: the exact packages that a manifest means, for one or several subdirs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use larder_event::Reporter;
use larder_fetch::{Credential, redact};
use larder_fs::{Durability, write_atomic};
use larder_lock::{Closure, LockFile, LockedPackage, Selection};
use larder_store::{ObjectId, ObjectKind, RootKind, Store, StoreOptions};
use rattler_conda_types::{RepoDataRecord, Subdir};
use serde::Serialize;
use url::Url;

use crate::{
    PlatformError, Settings, SolvePolicy,
    channels::ChannelSet,
    inputs::{DEFAULT_LOCK, Input, ManifestInput, read, read_lock, refuse_pip},
    network::LazyNetwork,
    platforms::{current, parse_all},
    solving::{Solving, Want},
    virtual_file::VirtualPackages,
};

mod check;
mod error;
mod head;
mod sources;

pub use check::{CheckReport, check_lock};
pub use error::LockOperationError;
pub use sources::{LockSources, lock_sources};

/// What to lock.
#[derive(Debug, Clone)]
pub struct LockOptions {
    /// Manifests, as the user named them; none means environment.yml.
    pub files: Vec<PathBuf>,
    /// Channels before those of the manifest.
    pub channels: Vec<String>,
    /// How to choose among what fits.
    pub policy: SolvePolicy,
    /// Subdirs; none means those of the manifest, else this machine's.
    pub platforms: Vec<String>,
    /// Where to write; none means conda-lock.yml beside the first manifest.
    pub output: Option<PathBuf>,
    /// Forget the pins of the lock that is there.
    pub upgrade: bool,
    /// Forget the pins of these packages.
    pub upgrade_packages: Vec<String>,
    /// Write nothing.
    pub dry_run: bool,
}

/// What was locked.
#[derive(Debug, Clone, Serialize)]
pub struct LockReport {
    /// The lock file, absolute.
    pub path: PathBuf,
    /// How many packages each subdir has.
    pub packages: BTreeMap<String, usize>,
    /// Whether the file's content changed (or would have).
    pub changed: bool,
    /// Whether nothing was written on request.
    pub dry_run: bool,
    /// How long it took.
    pub milliseconds: u64,
}

/// Solves a manifest for its subdirs and writes the lock, unless its content is there already.
///
/// The same manifest, channels and old lock give the same bytes.
///
/// # Errors
/// See [`LockOperationError`]; a lock that was there is unchanged.
pub async fn lock(
    options: &LockOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<LockReport, LockOperationError> {
    let begun = Instant::now();
    let input = manifest_input(options, settings, reporter)?;
    let (old, path) = old_and_path(options, &input, settings, reporter);
    let subdirs = subdirs(options, &input, old.as_ref())?;
    tell_of_dropped(old.as_ref(), &subdirs, reporter);
    let old = old.filter(|_| !options.upgrade);
    let wants = wants(options, &input, &subdirs, settings, reporter)?;
    let store = Store::open(&settings.store, &StoreOptions::default())?;
    let network = LazyNetwork::new(settings, credentials(&wants));
    let solving = Solving::new(network.get()?, &store, settings, &options.policy, reporter);
    let closures = solve_all(&solving, &wants, old.as_ref(), &options.upgrade_packages).await?;
    refuse_unverifiable(&closures)?;
    let head = head::head(&input, &wants, &closures, &path);
    let text = LockFile::new(&closures, &head).to_yaml();
    let changed = fs::read_to_string(&path).ok().as_ref() != Some(&text);
    if changed && !options.dry_run {
        write_atomic(&path, text.as_bytes(), Durability::Flush)?;
        remember(&store, &path, &closures, reporter);
    }
    Ok(LockReport {
        path,
        packages: closures
            .iter()
            .map(|closure| (closure.subdir().to_string(), closure.packages().len()))
            .collect(),
        changed,
        dry_run: options.dry_run,
        milliseconds: crate::milliseconds(begun),
    })
}

fn manifest_input(
    options: &LockOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<ManifestInput, LockOperationError> {
    match read(&options.files, &[], settings, reporter)? {
        Input::Manifest(input) => {
            refuse_pip(&input.manifest)?;
            Ok(input)
        }
        Input::Lock { path, .. } => Err(LockOperationError::NotAManifest { path }),
    }
}

/// The command line's, else the manifest's, else those of the lock that is there, else this machine's.
fn subdirs(
    options: &LockOptions,
    input: &ManifestInput,
    old: Option<&LockFile>,
) -> Result<Vec<Subdir>, PlatformError> {
    let of_manifest = input
        .manifest
        .platforms
        .clone()
        .filter(|platforms| !platforms.is_empty());
    let of_lock = || Some(old?.platforms().to_vec()).filter(|platforms| !platforms.is_empty());
    let mut subdirs = match (options.platforms.as_slice(), of_manifest) {
        ([], Some(platforms)) => platforms,
        ([], None) => of_lock().map_or_else(|| current().map(|subdir| vec![subdir]), Ok)?,
        (named, _) => parse_all(named)?,
    };
    subdirs.sort();
    subdirs.dedup();
    Ok(subdirs)
}

fn tell_of_dropped(old: Option<&LockFile>, subdirs: &[Subdir], reporter: &dyn Reporter) {
    let old = old.map(LockFile::platforms).unwrap_or_default();
    let dropped: Vec<_> = old
        .iter()
        .filter(|subdir| !subdirs.contains(subdir))
        .map(|subdir| subdir.as_str())
        .collect();
    if !dropped.is_empty() {
        let text = format!("the lock is no longer for {}", dropped.join(", "));
        reporter.warn("lock::platform-dropped", text);
    }
}

/// A lock without digests would verify nothing.
fn refuse_unverifiable(closures: &[Closure]) -> Result<(), LockOperationError> {
    let packages = closures.iter().flat_map(Closure::packages);
    match packages
        .into_iter()
        .find(|package| package.checksum().is_none())
    {
        None => Ok(()),
        Some(package) => Err(LockOperationError::NoDigest {
            package: package.dist(),
            url: redact(&package.record.url),
        }),
    }
}

/// The old lock, and where the new one goes: to its place, unless another is named.
///
/// The old pins are only a preference: a lock that cannot be read is no reason not to write a new one.
fn old_and_path(
    options: &LockOptions,
    input: &ManifestInput,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> (Option<LockFile>, PathBuf) {
    let found = match &options.output {
        Some(path) => {
            let path = settings.absolute(path);
            read_lock(&path).map(|lock| lock.map(|lock| (path, lock)))
        }
        None => input.find_lock(),
    };
    let found = found.unwrap_or_else(|error| {
        let text = format!("the pins of the old lock are lost: {error}");
        reporter.warn("lock::old-unreadable", text);
        None
    });
    let named = options.output.as_ref().map(|path| settings.absolute(path));
    let default = || {
        input
            .lock_path()
            .unwrap_or_else(|| settings.absolute(DEFAULT_LOCK))
    };
    match found {
        // A lock that serves other manifests too is read, but this one's goes to its own place.
        Some((path, lock))
            if options.output.is_none() && lock.sources().len() > input.files.len() =>
        {
            let own = input.lock_path().unwrap_or(path);
            (Some(lock), own)
        }
        Some((path, lock)) => (Some(lock), path),
        None => (None, named.unwrap_or_else(default)),
    }
}

fn wants(
    options: &LockOptions,
    input: &ManifestInput,
    subdirs: &[Subdir],
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Vec<Want>, LockOperationError> {
    let virtual_packages = VirtualPackages::read(options.policy.virtual_packages.as_deref())?;
    let mut wants = Vec::new();
    for subdir in subdirs {
        let manifest = &input.manifest;
        let channels = ChannelSet::new(&options.channels, manifest, *subdir, settings, reporter)?;
        let channels = Arc::new(channels);
        wants.push(Want::new(
            manifest,
            *subdir,
            &channels,
            &virtual_packages,
            (settings, reporter),
        ));
    }
    Ok(wants)
}

fn credentials(wants: &[Want]) -> Vec<(Url, Credential)> {
    wants
        .iter()
        .flat_map(|want| want.channels.credentials().to_vec())
        .collect()
}

/// Side by side would gain little: repodata is shared and a solve of one subdir keeps a core busy.
async fn solve_all(
    solving: &Solving<'_>,
    wants: &[Want],
    old: Option<&LockFile>,
    forget: &[String],
) -> Result<Vec<Closure>, LockOperationError> {
    let mut closures = Vec::new();
    for want in wants {
        closures.push(solving.solve(want, &pins(old, want.subdir, forget)).await?);
    }
    Ok(closures)
}

/// The store keeps what a lock needs. That it cannot note so is no reason to have no lock.
fn remember(store: &Store, path: &Path, closures: &[Closure], reporter: &dyn Reporter) {
    let object = |package: &LockedPackage| {
        let kind = ObjectKind::from_file_name(&package.record.identifier.to_string())?;
        Some(ObjectId {
            kind,
            sha256: package.sha256()?,
        })
    };
    let objects = closures
        .iter()
        .flat_map(Closure::packages)
        .filter_map(object);
    if let Err(error) = store.record_root(RootKind::Lock, path, objects) {
        reporter.warn(
            "lock::no-root",
            format!("the store does not know this lock: {error}"),
        );
    }
}

fn pins(old: Option<&LockFile>, subdir: Subdir, forget: &[String]) -> Vec<RepoDataRecord> {
    let closure = old.and_then(|lock| lock.closure(subdir, &Selection::all()).ok());
    let packages = closure.iter().flat_map(Closure::packages);
    let kept = packages.filter(|package| {
        forget
            .iter()
            .all(|name| !name.eq_ignore_ascii_case(package.name()))
    });
    kept.map(|package| package.record.clone()).collect()
}
