//! Why there are no exact packages.

use std::path::PathBuf;

use larder_lock::{ClosureError, DuplicatePackage};

use crate::{
    ChannelsError, Explain, InputError, Kind, ListError, LockOperationError, PlatformError,
    TargetError, activation::VariablesError,
};

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
        /// The manifests as they were named; none for the default one.
        files: Vec<PathBuf>,
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
            Self::Stale { files, .. } => {
                let files = files.iter().map(|file| format!(" -f {}", file.display()));
                Some(format!(
                    "`larder lock{}` mends it",
                    files.collect::<String>()
                ))
            }
            // An environment has one platform, and nothing adds another.
            Self::NotLocked { path, .. } if path.is_dir() => None,
            Self::NotLocked { wanted, found, .. } => {
                // `larder lock` keeps the platforms that it is given, and no others.
                let all = found.split(", ").chain([wanted.as_str()]);
                let options = all.filter(|subdir| !subdir.is_empty());
                let options = options.map(|subdir| format!(" --platform {subdir}"));
                Some(format!(
                    "`larder lock{}` adds it",
                    options.collect::<String>()
                ))
            }
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
