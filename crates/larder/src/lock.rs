//! `larder lock`: the exact packages that a manifest means, for one or several subdirs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use larder_digest::Hasher;
use larder_event::Reporter;
use larder_fetch::{Network, NetworkError, redact};
use larder_fs::{Durability, PathContext as _, PathError, write_atomic};
use larder_lock::{Closure, InputDigests, LockChannel, LockFile, LockHead, Selection};
use larder_solve::{Priority, SolveError};
use larder_store::{OpenError, Store, StoreOptions};
use rattler_conda_types::{RepoDataRecord, Subdir};
use serde::Serialize;

use crate::{
    Explain, Kind, Settings,
    channels::{ChannelSet, ChannelsError},
    inputs::{DEFAULT_LOCK, Input, InputError, ManifestInput, read, read_lock, refuse_pip},
    network,
    platforms::{PlatformError, current, parse_all},
    solving::{Solving, Want},
};

/// What to lock.
#[derive(Debug, Clone)]
pub struct LockOptions {
    /// Manifests, as the user named them; none means environment.yml.
    pub files: Vec<PathBuf>,
    /// Channels before those of the manifest.
    pub channels: Vec<String>,
    /// What the order of the channels means.
    pub priority: Priority,
    /// Subdirs; none means those of the manifest, else this machine's.
    pub platforms: Vec<String>,
    /// Where to write; none means conda-lock.yml beside the first manifest.
    pub output: Option<PathBuf>,
    /// Forget the pins of the lock that is there.
    pub upgrade: bool,
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

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockOperationError {
    /// The manifest.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The subdirs.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The channels.
    #[error(transparent)]
    Channels(#[from] ChannelsError),
    /// A lock was given where a manifest is needed.
    #[error("`{}` is a lock already: `larder lock` wants an environment.yml", path.display())]
    NotAManifest {
        /// The file.
        path: PathBuf,
    },
    /// The network client.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The store, which holds the channels' indexes.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The solver found no answer, or could not look.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// The channel gives neither sha256 nor md5 for a package.
    #[error("{package} cannot be locked: its channel has neither sha256 nor md5 for {url}")]
    NoDigest {
        /// `name-version-build`.
        package: String,
        /// Where it is, without credentials.
        url: String,
    },
    /// The lock cannot be written.
    #[error(transparent)]
    Write(#[from] PathError),
}

impl Explain for LockOperationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Input(error) => error.kind(),
            Self::Solve(error) => crate::explain::solve_kind(error),
            Self::Store(error) => crate::explain::open_kind(error),
            Self::Platform(_)
            | Self::Channels(_)
            | Self::NoDigest { .. }
            | Self::NotAManifest { .. } => Kind::Refused,
            Self::Network(_) | Self::Write(_) => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Input(error) => error.code(),
            Self::Platform(_) => "input::platform",
            Self::Channels(_) => "input::channel",
            Self::NotAManifest { .. } => "lock::not-a-manifest",
            Self::NoDigest { .. } => "lock::no-digest",
            Self::Network(_) => "network::setup",
            Self::Store(error) => error.code(),
            Self::Solve(error) => crate::explain::solve_code(error),
            Self::Write(_) => "lock::write",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            _ => None,
        }
    }
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
    let input = match read(&options.files, &[], settings, reporter)? {
        Input::Manifest(input) => input,
        Input::Lock { path, .. } => return Err(LockOperationError::NotAManifest { path }),
    };
    refuse_pip(&input.manifest)?;
    let subdirs = subdirs(options, &input)?;
    let (old, path) = old_and_path(options, &input, settings, reporter);

    let wants = wants(options, &input, &subdirs, settings, reporter)?;
    let closures = solve_all(&wants, old.as_ref(), options.priority, settings, reporter).await?;
    refuse_unverifiable(&closures)?;
    let head = head(&input, &wants, &path)?;
    let text = LockFile::new(&closures, &head).to_yaml();
    let changed = fs::read_to_string(&path).ok().as_ref() != Some(&text);
    if changed && !options.dry_run {
        write_atomic(&path, text.as_bytes(), Durability::Lazy)?;
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

fn subdirs(options: &LockOptions, input: &ManifestInput) -> Result<Vec<Subdir>, PlatformError> {
    let mut subdirs = match (options.platforms.as_slice(), &input.manifest.platforms) {
        ([], Some(platforms)) if !platforms.is_empty() => platforms.clone(),
        ([], _) => vec![current()?],
        (named, _) => parse_all(named)?,
    };
    subdirs.sort();
    subdirs.dedup();
    Ok(subdirs)
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
        Some((path, lock)) => ((!options.upgrade).then_some(lock), path),
        None => (None, named.unwrap_or_else(default)),
    }
}

fn wants(
    options: &LockOptions,
    input: &ManifestInput,
    subdirs: &[Subdir],
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Vec<Want>, ChannelsError> {
    let want = |subdir: &Subdir| {
        let channels = ChannelSet::new(
            &options.channels,
            &input.manifest,
            *subdir,
            settings,
            reporter,
        )?;
        Ok(Want::new(
            &input.manifest,
            *subdir,
            &Arc::new(channels),
            settings,
            reporter,
        ))
    };
    subdirs.iter().map(want).collect()
}

/// Side by side would gain little: repodata is shared and a solve of one subdir keeps a core busy.
async fn solve_all(
    wants: &[Want],
    old: Option<&LockFile>,
    priority: Priority,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Vec<Closure>, LockOperationError> {
    let credentials = wants
        .iter()
        .flat_map(|want| want.channels.credentials().to_vec())
        .collect();
    let network: Network = network::network(settings, credentials)?;
    let store = Store::open(&settings.store, &StoreOptions::default())?;
    let solving = Solving::new(&network, &store, settings, priority, reporter);
    let mut closures = Vec::new();
    for want in wants {
        closures.push(solving.solve(want, &pins(old, want.subdir)).await?);
    }
    Ok(closures)
}

fn pins(old: Option<&LockFile>, subdir: Subdir) -> Vec<RepoDataRecord> {
    let closure = old.and_then(|lock| lock.closure(subdir, &Selection::all()).ok());
    closure
        .map(|closure| {
            closure
                .packages()
                .iter()
                .map(|package| package.record.clone())
                .collect()
        })
        .unwrap_or_default()
}

fn head(input: &ManifestInput, wants: &[Want], path: &Path) -> Result<LockHead, PathError> {
    let directory = path.parent().unwrap_or(path);
    let mut head = LockHead {
        category: input.manifest.category.clone(),
        ..LockHead::default()
    };
    for file in &input.files {
        let bytes = fs::read(file).at("read", file)?;
        let mut hasher = Hasher::both();
        hasher.update(&bytes);
        let digests = hasher.finish();
        let source = relative(file, directory);
        head.inputs.insert(
            source.clone(),
            InputDigests {
                md5: digests.md5,
                sha256: digests.sha256,
            },
        );
        head.sources.push(source);
    }
    let mut channels: Vec<LockChannel> = Vec::new();
    for channel in wants.iter().flat_map(|want| want.channels.lock_channels()) {
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    head.channels = channels;
    Ok(head)
}

/// `file` as seen from `directory`, with `/` on every system (CEP 37, `sources`).
fn relative(file: &Path, directory: &Path) -> String {
    let common = file
        .components()
        .zip(directory.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = directory.components().skip(common).map(|_| "..".to_owned());
    let down = file
        .components()
        .skip(common)
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}
