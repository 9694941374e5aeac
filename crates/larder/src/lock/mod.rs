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
use larder_fs::{Durability, sweep_beside, write_atomic};
use larder_lock::{Closure, ExportOptions, LockDiff, LockFile, LockFormat};
use larder_solve::SolveError;
use larder_store::{RootKind, Store};
use rattler_conda_types::{RepoDataRecord, Subdir};
use serde::Serialize;
use url::Url;

use crate::{
    PlatformError, Settings, SolvePolicy,
    channels::ChannelSet,
    inputs::{Input, InputRequest, ManifestInput, read},
    leftovers,
    network::LazyNetwork,
    pip,
    platforms::{default, parse_all},
    solving::{Solving, Want},
    virtual_file::VirtualPackages,
};

mod check;
mod cool_down;
mod error;
mod head;
mod in_turn;
mod merge;
mod old;
pub(crate) mod online;
mod sources;
mod with_pip;

pub(crate) use check::check_against;
pub use check::{CheckReport, check_lock, check_lock_online};
pub use error::LockOperationError;
use in_turn::InTurn;
pub use merge::{MergeOptions, merge_locks};
use old::Old;
pub use sources::{LockSources, lock_sources};
use with_pip::LockedSection;

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
    /// The format to write; none means that of CEP 37.
    pub format: Option<LockFormat>,
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
    /// What changed, if there was a lock that could be read.
    pub diff: Option<LockDiff>,
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
    let old = Old::find(options, &input, settings, reporter);
    let subdirs = subdirs(options, &input, &old.platforms(), settings)?;
    tell_of_dropped(&old.platforms(), &subdirs, reporter);
    let wants = wants(options, &input, &subdirs, settings, reporter)?;
    let network = LazyNetwork::new(settings, credentials(&wants));
    let store = network.while_made(|| crate::store::open(settings, Durability::Flush, reporter))?;
    // A memo gives what a solve would; without a remote that remembers there is hardly one for a lock.
    let solving = match settings.share {
        Some(_) => Solving::with_memos,
        None => Solving::new,
    };
    let solving = solving(network.get()?, &store, settings, &options.policy, reporter);
    let pins_for = |want: &Want| {
        if options.upgrade {
            Vec::new()
        } else {
            old.pins(want.subdir, &options.upgrade_packages)
        }
    };
    let pins: Vec<_> = wants.iter().map(pins_for).collect();
    let closures = solve_all(&solving, &wants, &pins, reporter).await?;
    let ended = solving.end();
    refuse_unverifiable(&closures)?;
    let cut_offs = &options.policy.exclude_newer;
    let context = (&store, settings, reporter);
    let pips = with_pip::lock_pips(&input, &wants, &closures, cut_offs, context).await?;
    refuse_unknown(&options.upgrade_packages, &old, &closures, &pips)?;
    let head = head::head(&input, &wants, &closures, &old.path);
    let mut lock = with_pip::joined(LockFile::new(&closures, &head), &pips, &head.category);
    cool_down::record_cut_offs(&mut lock, old.lock.as_ref(), cut_offs);
    let format = options.format.unwrap_or(LockFormat::CondaLock);
    let text = single_text(&lock, format, reporter)?;
    let changed = fs::read_to_string(&old.path).ok().as_ref() != Some(&text);
    if changed && !options.dry_run {
        write_atomic(&old.path, text.as_bytes(), Durability::Flush)?;
        remember(&store, &old.path, (&closures, &pips), reporter);
    }
    if !options.dry_run {
        sweep_beside(&old.path);
        leftovers::sweep(&store, &settings.trees, reporter);
    }
    // What the solver had on the disk is gone when the run ends.
    ended.await.ok();
    Ok(LockReport {
        path: old.path,
        diff: old.lock.map(|old| LockFile::diff(&old, &lock)),
        packages: closures
            .iter()
            .map(|closure| (closure.subdir(), closure.packages().len()))
            .map(|(subdir, conda)| (subdir.to_string(), conda + with_pip::count(&pips, subdir)))
            .collect(),
        changed,
        dry_run: options.dry_run,
        milliseconds: crate::elapsed_milliseconds(begun),
    })
}

/// Side by side: a solve keeps one core busy. What they say is told in the order of the subdirs, and the first that
/// fails is the one that is told.
async fn solve_all(
    solving: &Solving<'_>,
    wants: &[Want],
    pins: &[Vec<RepoDataRecord>],
    reporter: &dyn Reporter,
) -> Result<Vec<Closure>, SolveError> {
    let turns: Vec<InTurn<'_>> = wants.iter().map(|_| InTurn::new(reporter)).collect();
    let solves = wants.iter().zip(pins).zip(&turns);
    let solves = solves.map(|((want, pins), turn)| solving.solve_telling(want, pins, turn));
    let closures = futures::future::join_all(solves).await;
    turns.into_iter().for_each(InTurn::tell);
    closures.into_iter().collect()
}

fn manifest_input(
    options: &LockOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<ManifestInput, LockOperationError> {
    match read(&InputRequest::files(&options.files), settings, reporter)? {
        Input::Manifest(input) => Ok(input),
        Input::Lock { path, .. } => Err(LockOperationError::NotAManifest { path }),
    }
}

/// The command line's, else the manifest's, else those of the lock that is there, else this machine's.
fn subdirs(
    options: &LockOptions,
    input: &ManifestInput,
    locked: &[Subdir],
    settings: &Settings,
) -> Result<Vec<Subdir>, PlatformError> {
    let of_manifest = input.manifest.platforms.clone();
    let mut subdirs = match (options.platforms.as_slice(), of_manifest) {
        ([], Some(platforms)) if !platforms.is_empty() => platforms,
        ([], _) if !locked.is_empty() => locked.to_vec(),
        ([], _) => vec![default(settings)?],
        (named, _) => parse_all(named)?,
    };
    subdirs.sort();
    subdirs.dedup();
    Ok(subdirs)
}

fn tell_of_dropped(locked: &[Subdir], subdirs: &[Subdir], reporter: &dyn Reporter) {
    let dropped = locked.iter().filter(|subdir| !subdirs.contains(subdir));
    let dropped: Vec<_> = dropped.map(|subdir| subdir.as_str()).collect();
    if !dropped.is_empty() {
        let text = format!("the lock is no longer for {}", dropped.join(", "));
        reporter.warn("lock::platform-dropped", text);
    }
}

/// The lock as one text. What the format cannot say is told.
fn single_text(
    lock: &LockFile,
    format: LockFormat,
    reporter: &dyn Reporter,
) -> Result<String, LockOperationError> {
    if format == LockFormat::CondaLock {
        return Ok(lock.to_yaml());
    }
    let exported = lock.export(format, &ExportOptions::default())?;
    for loss in &exported.losses {
        reporter.warn("lock::loss", format!("{format}: {loss}"));
    }
    let mut texts = exported.texts.into_iter();
    match (texts.next(), texts.next()) {
        (Some(text), None) => Ok(text.text),
        _ => Err(LockOperationError::OneFileEach { format }),
    }
}

/// A mistyped name would upgrade nothing, without a word.
fn refuse_unknown(
    named: &[String],
    old: &Old,
    closures: &[Closure],
    pips: &[LockedSection],
) -> Result<(), LockOperationError> {
    let mut known = old.names();
    let conda = closures.iter().flat_map(Closure::packages);
    known.extend(conda.map(|package| package.name().to_owned()));
    let wheels = pips.iter().flat_map(|locked| &locked.pip.packages);
    known.extend(wheels.map(|package| package.name.clone()));
    let is_known = |name: &String| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    match named.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) => Err(LockOperationError::UnknownPackage {
            name: name.clone(),
            suggestions: larder_solve::closest(name, known.iter().map(String::as_str), 3)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }),
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
        tell_of_configured(&channels, settings, reporter);
        let channels = Arc::new(channels.for_lock());
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

/// A lock is for everybody, a configuration is one user's.
fn tell_of_configured(channels: &ChannelSet, settings: &Settings, reporter: &dyn Reporter) {
    let Some(first) = settings.default_channels.first() else {
        return;
    };
    if channels.are_configured() {
        let text = format!(
            "the manifest names no channels: this lock depends on those at {}; \
             `channels:` in the manifest makes it the same for everybody",
            first.from
        );
        reporter.warn("lock::configured-channels", text);
    } else {
        let text =
            "the channels of the configuration are not used for locks: the manifest has its own";
        reporter.note(text.into());
    }
}

fn credentials(wants: &[Want]) -> Vec<(Url, Credential)> {
    wants
        .iter()
        .flat_map(|want| want.channels.credentials().to_vec())
        .collect()
}

/// The store keeps what a lock needs.
fn remember(
    store: &Store,
    path: &Path,
    (closures, pips): (&[Closure], &[LockedSection]),
    reporter: &dyn Reporter,
) {
    let wheels = pips
        .iter()
        .flat_map(|locked| pip::needed(&locked.pip.packages));
    let needed = closures
        .iter()
        .flat_map(crate::store::of_closure)
        .chain(wheels);
    crate::store::record(store, RootKind::Lock, path, needed, reporter);
}
