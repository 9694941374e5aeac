//! Exact packages that are known already: of a lock, of the lock beside a manifest, or of an environment.
//! Never solves.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use larder_event::Reporter;
use larder_fetch::{Credential, redact};
use larder_link::PipFile;
use larder_lock::{
    Closure, ClosureError, Completeness, DuplicatePackage, LockChannel, LockFile, LockHead,
    LockedPackage, PipLock, PipRequest, Selection,
};
use rattler_conda_types::{PrefixRecord, Subdir};
use url::Url;

use crate::{
    ChannelsError, DEFAULT_LOCK, DEFAULT_MANIFEST, Explain, InputError, Kind, ListError,
    LockOperationError, LockOptions, PlatformError, Settings, SolvePolicy, Target, TargetError,
    activation::{VariablesError, environment_variables},
    channel_name,
    channels::ChannelSet,
    check_lock, existing_prefix,
    inputs::{Input, ManifestInput, read, read_lock},
    list::records,
    platforms,
};

/// Where exact packages are taken from.
#[derive(Debug, Clone)]
pub enum LockedSource {
    /// A lock, or a manifest whose lock is beside it and still true; none means environment.yml, else
    /// conda-lock.yml.
    Files(Vec<PathBuf>),
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

/// Why there are no packages.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "most variants are errors of parts, which say what happened"
)]
pub enum SourceError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Records(#[from] ListError),
    #[error(transparent)]
    Variables(#[from] VariablesError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error(transparent)]
    Channels(#[from] ChannelsError),
    #[error(transparent)]
    Check(#[from] Box<LockOperationError>),
    #[error(transparent)]
    Duplicate(#[from] DuplicatePackage),
    /// The lock does not satisfy the manifest.
    #[error("`{}` is stale:{}", path.display(), listed(reasons))]
    Stale {
        /// The lock.
        path: PathBuf,
        /// Every reason, with its platform.
        reasons: Vec<String>,
    },
    /// A platform that is not there.
    #[error("`{}` is for {found}, not for {wanted}", path.display())]
    NotLocked {
        /// The lock or the environment.
        path: PathBuf,
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// The lock has no closure for the platform.
    #[error("`{}` cannot be used", path.display())]
    Unusable {
        /// The lock.
        path: PathBuf,
        /// Why.
        #[source]
        source: ClosureError,
    },
    /// There are packages for pip, where only those of conda have a place.
    #[error("`{}` has {count} packages from PyPI (the first is {first}), which have no place in a package cache of conda", path.display())]
    Pip {
        /// The lock or the environment.
        path: PathBuf,
        /// How many.
        count: usize,
        /// The name of one.
        first: String,
    },
    /// Something of the `pip:` section has no bytes that could be taken along.
    #[error("`{}` has lines for pip that no bytes are locked for: {}", path.display(), lines.join(", "))]
    PassedOn {
        /// The lock or the environment.
        path: PathBuf,
        /// The lines, or the names of what is installed for them.
        lines: Vec<String>,
    },
    /// A file of the environment.
    #[error(transparent)]
    PipFile(larder_fs::PathError),
    /// A line of the `pip:` section.
    #[error(transparent)]
    Section(#[from] Box<crate::PipError>),
    /// A record without a digest.
    #[error("{package} has neither sha256 nor md5 in `{}`: nothing could be verified ({url})", path.display())]
    NoDigest {
        /// The lock or the environment.
        path: PathBuf,
        /// `name-version-build`.
        package: String,
        /// Where it is from, redacted.
        url: String,
    },
}

impl Explain for SourceError {
    fn kind(&self) -> Kind {
        match self {
            Self::Input(error) => error.kind(),
            Self::Target(error) => error.kind(),
            Self::Records(error) => error.kind(),
            Self::Check(error) => error.kind(),
            Self::Section(error) => error.kind(),
            Self::Variables(VariablesError::Read(_)) | Self::PipFile(_) => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Input(error) => error.code(),
            Self::Target(error) => error.code(),
            Self::Records(error) => error.code(),
            Self::Check(error) => error.code(),
            Self::Variables(_) => "source::variables",
            Self::Platform(_) | Self::NotLocked { .. } => "input::platform",
            Self::Channels(_) => "input::channel",
            Self::Stale { .. } => "lock::stale",
            Self::Unusable { .. } | Self::Duplicate(_) => "lock::unusable",
            Self::Pip { .. } | Self::PassedOn { .. } => "lock::pip-packages",
            Self::PipFile(_) => "list::pip",
            Self::Section(error) => error.code(),
            Self::NoDigest { .. } => "lock::no-digest",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            Self::Check(error) => error.hint(),
            Self::Stale { .. } => Some("`larder lock` mends it".into()),
            Self::NotLocked { .. } => Some("`larder lock --platform` adds one".into()),
            Self::NoDigest { .. } => Some("`larder lock` writes a lock with digests".into()),
            Self::PassedOn { .. } => {
                Some("a wheel at an address can be locked: build one, and name that".into())
            }
            Self::Section(error) => error.hint(),
            _ => None,
        }
    }
}

fn listed(reasons: &[String]) -> String {
    reasons
        .iter()
        .map(|reason| format!("\n  - {reason}"))
        .collect()
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
            of_environment(&prefix, choice, reporter)?
        }
        LockedSource::Files(files) => {
            let files = files_or_default(files, settings);
            match read(&files, &[], None, (settings, reporter))? {
                Input::Lock { path, lock, .. } => {
                    let selection = Selection::default();
                    of_lock(&lock, &path, &selection, choice)?
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
        return Err(SourceError::Stale { path, reasons });
    }
    let Some(lock) = read_lock(&path, settings)? else {
        return Err(Box::new(LockOperationError::NoLock { path }).into());
    };
    let mut sourced = of_lock(&lock, &path, &Selection::all(), choice)?;
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

fn of_environment(
    prefix: &Path,
    choice: &PlatformChoice,
    reporter: &dyn Reporter,
) -> Result<Sourced, SourceError> {
    let records = records(prefix)?;
    let pip = installed_pip(prefix, &records, reporter)?;
    let of_platform = |record: &PrefixRecord| {
        let subdir: Subdir = record.repodata_record.package_record.subdir.parse().ok()?;
        (subdir != Subdir::NoArch).then_some(subdir)
    };
    let subdir = match records.iter().find_map(of_platform) {
        Some(subdir) => subdir,
        None => platforms::current()?,
    };
    chosen(choice, &[subdir], prefix)?;
    let packages: Vec<LockedPackage> = records.into_iter().map(locked).collect();
    let channels: BTreeSet<&str> = packages
        .iter()
        .filter_map(|package| package.record.channel.as_deref())
        .collect();
    let channels = channels.into_iter().map(LockChannel::of).collect();
    Ok(Sourced {
        head: LockHead {
            channels,
            ..LockHead::default()
        },
        closures: vec![Closure::new(subdir, packages)?],
        pips: vec![pip],
        indexes: Vec::new(),
        path: prefix.to_owned(),
        name: prefix
            .file_name()
            .and_then(|name| name.to_str())
            .map(str::to_owned),
        variables: environment_variables(prefix)?,
        credentials: Vec::new(),
    })
}

/// The pip packages of an environment, as a lock has them; what somebody installed by hand is not among them.
fn installed_pip(
    prefix: &Path,
    records: &[PrefixRecord],
    reporter: &dyn Reporter,
) -> Result<PipLock, SourceError> {
    let file = PipFile::read(prefix).map_err(SourceError::PipFile)?;
    let known = file.map(|file| file.packages).unwrap_or_default();
    let installed = larder_link::pip_packages(prefix, records).map_err(SourceError::PipFile)?;
    let is_known = |metadata: &str| known.iter().any(|package| package.metadata == metadata);
    let by_hand = installed.iter().filter(|found| !is_known(&found.metadata));
    let by_hand: Vec<&str> = by_hand.map(|found| found.name.as_str()).collect();
    if !by_hand.is_empty() {
        let text = format!(
            "installed by hand, not known by its bytes and left out: {}",
            by_hand.join(", ")
        );
        reporter.warn("source::pip-extras", text);
    }
    let named = known.iter().filter(|package| package.sha256.is_none());
    let named = named.map(|package| package.name.clone()).collect();
    let mut python = records
        .iter()
        .map(|record| &record.repodata_record.package_record)
        .filter(|record| record.name.as_normalized() == "python");
    let python = python.next().map(|record| record.version.to_string());
    let python = python.unwrap_or_default();
    let minor: Vec<&str> = python.splitn(3, '.').take(2).collect();
    let requirements = known.iter().filter(|package| package.sha256.is_some());
    let requirements = requirements.map(|package| format!("{}=={}", package.name, package.version));
    Ok(PipLock {
        request: (!known.is_empty())
            .then(|| PipRequest::new(requirements.collect(), named, minor.join("."))),
        packages: known.iter().filter_map(crate::pip::again).collect(),
    })
}

/// conda writes a record's channel with the subdir.
pub(crate) fn locked(record: PrefixRecord) -> LockedPackage {
    let requested_specs = record.requested_specs;
    let mut record = record.repodata_record;
    let subdir = record.package_record.subdir.clone();
    record.channel = record
        .channel
        .map(|channel| channel_name::base_url(&channel, &subdir));
    LockedPackage {
        record,
        completeness: Completeness::Full,
        requested_specs,
    }
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
