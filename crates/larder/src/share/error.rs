//! Why nothing was moved between store and remote, or not everything.

use std::path::PathBuf;

use larder_fetch::{FetchError, NetworkError};
use larder_fs::PathError;
use larder_share::ShareError;
use larder_store::{OpenError, RootError, StoreError};

use crate::{Explain, GatherError, InputError, Kind, PlatformError, explain};

/// Why nothing was moved between store and remote, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum ShareOperationError {
    /// No remote was named.
    #[error("no remote is named")]
    NoRemote,
    /// The network is not to be used.
    #[error("offline: {url} is not asked")]
    Offline {
        /// The remote.
        url: String,
    },
    /// The remote.
    #[error(transparent)]
    Remote(#[from] ShareError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store cannot be searched.
    #[error(transparent)]
    Find(#[from] StoreError),
    /// The store cannot be listed.
    #[error(transparent)]
    Look(PathError),
    /// The store's roots cannot be read.
    #[error(transparent)]
    Root(#[from] RootError),
    /// A lock cannot be read.
    #[error(transparent)]
    Lock(#[from] InputError),
    /// There is no such lock.
    #[error("there is no lock at `{}`", path.display())]
    NoLock {
        /// Where it should be.
        path: PathBuf,
    },
    /// A platform that the lock is not for.
    #[error("`{}` is not for {wanted}", path.display())]
    NotLocked {
        /// The lock.
        path: PathBuf,
        /// What was asked for.
        wanted: String,
    },
    /// No such platform.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The network client.
    #[error(transparent)]
    Network(NetworkError),
    /// What the remote promised did not come.
    #[error(transparent)]
    Fetch(FetchError),
}

impl From<GatherError> for ShareOperationError {
    fn from(error: GatherError) -> Self {
        match error {
            GatherError::Network(error) => Self::Network(error),
            GatherError::Fetch(error) => Self::Fetch(error),
        }
    }
}

impl Explain for ShareOperationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Remote(error) => error.kind(),
            Self::Store(error) => explain::open_kind(error),
            Self::Find(_) | Self::Look(_) => Kind::World,
            Self::Root(error) => explain::root_kind(error),
            Self::Lock(error) => error.kind(),
            Self::Fetch(error) if error.is_damage() => Kind::Damage,
            Self::Fetch(_) => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoRemote => "usage::no-remote",
            Self::Offline { .. } => "fetch::offline",
            Self::Remote(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Find(error) => error.code(),
            Self::Look(_) => "store::io",
            Self::Root(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::NoLock { .. } => "lock::missing",
            Self::NotLocked { .. } | Self::Platform(_) => "input::platform",
            Self::Network(_) => "network::setup",
            Self::Fetch(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoRemote => {
                Some("--remote or LARDER_REMOTE names it, such as file:///srv/larder".into())
            }
            Self::NotLocked { .. } => Some("--platform names one that it has, or all".into()),
            Self::Remote(error) => error.hint(),
            Self::Store(error) => explain::open_hint(error),
            Self::Root(error) => explain::root_hint(error),
            Self::Lock(error) => error.hint(),
            _ => None,
        }
    }
}

impl Explain for ShareError {
    fn kind(&self) -> Kind {
        match self {
            Self::Remote(error) => error.kind(),
            Self::Slow { .. } | Self::Broken { .. } => Kind::World,
            Self::Damaged { .. } => Kind::Damage,
            Self::Url { .. } => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Remote(error) => error.code(),
            Self::Slow { .. } => "share::slow",
            Self::Broken { .. } => "share::broken",
            Self::Damaged { .. } => "share::damaged",
            Self::Url { .. } => "remote::url",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Remote(error) => error.hint(),
            Self::Slow { .. } | Self::Broken { .. } => Some("try again: it continues".into()),
            Self::Damaged { .. } | Self::Url { .. } => None,
        }
    }
}
