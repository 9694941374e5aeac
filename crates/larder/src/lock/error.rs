//! Why there is no lock.

use std::path::PathBuf;

use larder_fetch::NetworkError;
use larder_fs::PathError;
use larder_lock::{ExportError, LockFormat};
use larder_manifest::SpecError;
use larder_solve::SolveError;
use larder_store::OpenError;

use crate::{
    ChannelsError, Explain, InputError, Kind, PipError, PlatformError, VirtualPackagesError,
};

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
    /// The file of virtual packages.
    #[error(transparent)]
    VirtualPackages(#[from] VirtualPackagesError),
    /// There is no lock to check.
    #[error("there is no lock at `{}`", path.display())]
    NoLock {
        /// Where it should be.
        path: PathBuf,
    },
    /// The indexes are to be asked, and nothing may be asked.
    #[error("`--online` asks the channels' indexes, and this run is offline")]
    OnlineOffline,
    /// A package to upgrade that is neither locked nor part of what was asked for.
    #[error("`--upgrade-package {name}`: no package of that name is locked")]
    UnknownPackage {
        /// The name.
        name: String,
        /// Names that may be meant.
        suggestions: Vec<String>,
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
    /// The `pip:` section.
    #[error(transparent)]
    Pip(#[from] PipError),
    /// The channel gives neither sha256 nor md5 for a package.
    #[error("{package} cannot be locked: its channel has neither sha256 nor md5 for {url}")]
    NoDigest {
        /// `name-version-build`.
        package: String,
        /// Where it is, without credentials.
        url: String,
    },
    /// A spec that a lock says was asked for.
    #[error("the lock says that `{text}` was asked for")]
    Spec {
        /// As the lock has it.
        text: String,
        /// What is wrong with it.
        #[source]
        source: Box<SpecError>,
    },
    /// The format cannot hold the lock.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A format with one file for each platform.
    #[error(
        "{format} has one file for each platform: `larder export --format {format} -o 'NAME-{{platform}}.txt'` writes them"
    )]
    OneFileEach {
        /// The format.
        format: LockFormat,
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
            Self::Pip(error) => error.kind(),
            Self::Store(error) => crate::explain::open_kind(error),
            Self::Platform(_)
            | Self::Channels(_)
            | Self::VirtualPackages(_)
            | Self::NoLock { .. }
            | Self::UnknownPackage { .. }
            | Self::Spec { .. }
            | Self::Export(_)
            | Self::OneFileEach { .. }
            | Self::NoDigest { .. }
            | Self::NotAManifest { .. } => Kind::Refused,
            Self::Network(_) => Kind::Refused,
            Self::Write(_) | Self::OnlineOffline => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Input(error) => error.code(),
            Self::Platform(_) => "input::platform",
            Self::Channels(_) => "input::channel",
            Self::NotAManifest { .. } => "lock::not-a-manifest",
            Self::NoDigest { .. } => "lock::no-digest",
            Self::VirtualPackages(error) => error.code(),
            Self::NoLock { .. } => "lock::missing",
            Self::OnlineOffline => "lock::offline",
            Self::UnknownPackage { .. } => "lock::unknown-package",
            Self::Spec { .. } => "lock::spec",
            Self::Export(_) | Self::OneFileEach { .. } => "lock::format",
            Self::Network(_) => "network::setup",
            Self::Store(error) => error.code(),
            Self::Solve(error) => crate::explain::solve_code(error),
            Self::Pip(error) => error.code(),
            Self::Write(_) => "lock::write",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            Self::Pip(error) => error.hint(),
            Self::Store(error) => crate::explain::open_hint(error),
            Self::VirtualPackages(error) => error.hint(),
            Self::NoLock { .. } => Some("`larder lock` writes it".into()),
            Self::UnknownPackage { suggestions, .. } if !suggestions.is_empty() => {
                Some(format!("did you mean {}?", suggestions.join(" or ")))
            }
            _ => None,
        }
    }

    fn output(&self) -> Option<&str> {
        match self {
            Self::Pip(error) => error.output(),
            _ => None,
        }
    }
}
