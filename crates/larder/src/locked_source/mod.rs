//! Exact packages that are known already: of a lock, of the lock beside a manifest, or of an environment.
//! Never solves.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use larder_event::Reporter;
use larder_fetch::{Credential, redact};
use larder_lock::{Closure, LockFile, LockHead, PipLock, Selection};
use rattler_conda_types::Subdir;
use url::Url;

use crate::{
    DEFAULT_LOCK, DEFAULT_MANIFEST, LockOperationError, LockOptions, Settings, SolvePolicy, Target,
    channels::ChannelSet,
    check_lock,
    choose::{describe_left_out, selection_of_lock},
    existing_prefix,
    inputs::{Input, InputRequest, ManifestInput, read, read_lock},
    platforms,
};

mod environment;
mod error;

pub(crate) use environment::locked;
use environment::of_environment;
pub use error::SourceError;

/// Where exact packages are taken from.
#[derive(Debug, Clone)]
pub enum LockedSource {
    /// A lock, or a manifest whose lock is beside it and still true.
    Files {
        /// None means environment.yml, else conda-lock.yml.
        files: Vec<PathBuf>,
        /// The wanted categories; none means `main` of a lock alone, and all of manifests.
        categories: Vec<String>,
    },
    /// An environment.
    Environment(Target),
}

/// Which platforms are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PlatformChoice {
    /// This machine's if there is one for it, else the only one there is.
    #[default]
    Own,
    /// All there are.
    All,
    /// These.
    Named(Vec<String>),
}

/// Exact packages and what belongs to them.
pub(crate) struct Sourced {
    /// One for each platform, sorted by platform.
    pub(crate) closures: Vec<Closure>,
    /// The pip packages beside each closure. Nothing is passed on.
    pub(crate) pips: Vec<PipLock>,
    /// Of the `pip:` section, with their credentials.
    pub(crate) indexes: Vec<Url>,
    /// The lock or the environment, for messages.
    pub(crate) path: PathBuf,
    pub(crate) head: LockHead,
    /// The environment's name, if it has one.
    pub(crate) name: Option<String>,
    pub(crate) variables: IndexMap<String, String>,
    pub(crate) credentials: Vec<(Url, Credential)>,
}

impl Sourced {
    /// Refuses pip packages.
    pub(crate) fn of_conda_alone(self) -> Result<Self, SourceError> {
        let all: Vec<_> = self.pips.iter().flat_map(|pip| &pip.packages).collect();
        match all.first() {
            None => Ok(self),
            Some(first) => Err(SourceError::Pip {
                count: all.len(),
                first: first.name.clone(),
                path: self.path,
            }),
        }
    }
}

/// Reads the packages that `source` names.
///
/// # Errors
/// See [`SourceError`]; nothing has changed.
pub(crate) fn read_source(
    source: &LockedSource,
    choice: &PlatformChoice,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Sourced, SourceError> {
    let sourced = match source {
        LockedSource::Environment(target) => {
            let prefix = existing_prefix(target, settings)?;
            of_environment(&prefix, choice, settings, reporter)?
        }
        LockedSource::Files { files, categories } => {
            let files = files_or_default(files, settings);
            let request = InputRequest {
                categories,
                ..InputRequest::files(&files)
            };
            match read(&request, settings, reporter)? {
                Input::Lock { path, lock, .. } => {
                    let selection = selection_of_lock(categories);
                    let sourced = of_lock(&lock, &path, &selection, choice)?;
                    if categories.is_empty() {
                        warn_of_left_out(&lock, &sourced, &selection, reporter);
                    }
                    sourced
                }
                Input::Manifest(input) => {
                    of_manifest(&input, &files, choice, (settings, reporter))?
                }
            }
        }
    };
    let mut packages = sourced.closures.iter().flat_map(Closure::packages);
    if let Some(package) = packages.find(|package| package.checksum().is_none()) {
        return Err(SourceError::NoDigest {
            path: sourced.path.clone(),
            package: package.dist(),
            url: redact(&package.record.url),
        });
    }
    let lines = sourced.pips.iter().flat_map(PipLock::passed_on);
    let mut lines: Vec<String> = lines.cloned().collect();
    lines.dedup();
    if lines.is_empty() {
        return Ok(sourced);
    }
    let path = sourced.path;
    Err(SourceError::PassedOn { path, lines })
}

fn warn_of_left_out(
    lock: &LockFile,
    sourced: &Sourced,
    selection: &Selection,
    reporter: &dyn Reporter,
) {
    let mut texts = sourced
        .closures
        .iter()
        .filter_map(|closure| describe_left_out(lock, &sourced.path, closure.subdir(), selection));
    if let Some(text) = texts.next() {
        reporter.warn("lock::categories", text);
    }
}

/// A directory with a lock alone needs no `-f`.
fn files_or_default(files: &[PathBuf], settings: &Settings) -> Vec<PathBuf> {
    let is_there = |name: &str| settings.absolute(name).is_file();
    let has_lock_alone = !is_there(DEFAULT_MANIFEST) && is_there(DEFAULT_LOCK);
    if files.is_empty() && has_lock_alone {
        return vec![PathBuf::from(DEFAULT_LOCK)];
    }
    files.to_vec()
}

fn of_manifest(
    input: &ManifestInput,
    files: &[PathBuf],
    choice: &PlatformChoice,
    (settings, reporter): (&Settings, &dyn Reporter),
) -> Result<Sourced, SourceError> {
    let options = LockOptions {
        files: files.to_vec(),
        channels: Vec::new(),
        policy: SolvePolicy::default(),
        platforms: Vec::new(),
        output: None,
        format: None,
        upgrade: false,
        upgrade_packages: Vec::new(),
        dry_run: false,
    };
    let report = check_lock(&options, settings, reporter).map_err(Box::new)?;
    let path = report.path;
    if !report.fresh {
        let texts = |(platform, reasons): (String, Vec<String>)| {
            let text = move |reason: String| format!("{platform}: {reason}");
            reasons.into_iter().map(text).collect::<Vec<_>>()
        };
        let reasons = report.reasons.into_iter().flat_map(texts).collect();
        let files = files.to_vec();
        return Err(SourceError::Stale {
            path,
            reasons,
            files,
        });
    }
    let Some(lock) = read_lock(&path, settings)? else {
        return Err(Box::new(LockOperationError::NoLock { path }).into());
    };
    let selection = Selection::categories(input.manifest.categories.iter().cloned());
    let mut sourced = of_lock(&lock, &path, &selection, choice)?;
    sourced.name.clone_from(&input.manifest.name);
    sourced.variables.clone_from(&input.manifest.variables);
    for closure in &sourced.closures {
        let subdir = closure.subdir();
        let channels = ChannelSet::new(&[], &input.manifest, subdir, settings, reporter)?;
        sourced
            .credentials
            .extend_from_slice(channels.credentials());
        let section = crate::pip::section(input, subdir, settings).map_err(Box::new)?;
        let indexes = section.iter().flat_map(|section| section.indexes());
        sourced.indexes.extend(indexes.cloned());
    }
    Ok(sourced)
}

fn of_lock(
    lock: &LockFile,
    path: &Path,
    selection: &Selection,
    choice: &PlatformChoice,
) -> Result<Sourced, SourceError> {
    let subdirs = chosen(choice, lock.platforms(), path)?;
    let (mut closures, mut pips) = (Vec::new(), Vec::new());
    let mut head = LockHead {
        channels: lock.channels().to_vec(),
        ..LockHead::default()
    };
    for subdir in subdirs {
        pips.push(lock.pip(subdir, selection));
        let unusable = |source| SourceError::Unusable {
            path: path.to_owned(),
            source,
        };
        closures.push(lock.closure(subdir, selection).map_err(unusable)?);
        let assumed = lock.virtual_packages(subdir);
        if !assumed.is_empty() {
            head.virtual_packages.insert(subdir, assumed.to_vec());
        }
    }
    Ok(Sourced {
        closures,
        pips,
        indexes: Vec::new(),
        path: path.to_owned(),
        head,
        name: None,
        variables: IndexMap::new(),
        credentials: Vec::new(),
    })
}

fn chosen(
    choice: &PlatformChoice,
    there: &[Subdir],
    path: &Path,
) -> Result<Vec<Subdir>, SourceError> {
    let mut wanted = match (choice, there) {
        (PlatformChoice::All, _) => there.to_vec(),
        (PlatformChoice::Named(names), _) => platforms::parse_all(names)?,
        (PlatformChoice::Own, [only]) => vec![*only],
        (PlatformChoice::Own, _) => vec![platforms::current()?],
    };
    wanted.sort();
    wanted.dedup();
    match wanted.iter().find(|subdir| !there.contains(subdir)) {
        None => Ok(wanted),
        Some(missing) => Err(SourceError::NotLocked {
            path: path.to_owned(),
            wanted: missing.to_string(),
            found: there
                .iter()
                .map(|subdir| subdir.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}
