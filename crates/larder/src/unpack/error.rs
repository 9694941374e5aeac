//! Why nothing was unpacked.

use std::{io, path::PathBuf};

use larder_digest::Sha256;
use larder_fs::PathError;
use larder_lock::ClosureError;
use larder_pack::PackError;
use larder_store::{IngestError, OpenError, StoreError};

use crate::{CreateError, Explain, InputError, Kind, PlatformError, TargetError, explain};

/// Why nothing was unpacked. Members of the pack are named.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "some variants are errors of parts, which say what happened"
)]
pub enum UnpackOperationError {
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Lock(#[from] InputError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    OpenStore(#[from] OpenError),
    #[error(transparent)]
    Create(Box<CreateError>),
    /// The pack cannot be opened.
    #[error(transparent)]
    Open(PathError),
    #[error("cannot prepare the place of the environment")]
    Place(#[source] PathError),
    /// The pack is for other platforms.
    #[error("the pack is for {found}, not for {wanted}")]
    NotPacked {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// The lock contradicts itself.
    #[error("the lock of the pack cannot be used")]
    Unusable {
        /// Why.
        #[source]
        source: ClosureError,
    },
    /// A package without an archive.
    #[error(
        "the lock of the pack names {package}, but the pack has no archive of its sha256, subdir and file name"
    )]
    NoArchive {
        /// `name-version-build`.
        package: String,
    },
    /// A pip package without a wheel.
    #[error(
        "the lock of the pack names {package} of PyPI, but the pack has no wheel of its sha256 and file name"
    )]
    NoWheel {
        /// `name-version`.
        package: String,
    },
    /// An archive without a package.
    #[error("the pack has an archive that is refused: its lock does not name `{entry}`")]
    Foreign {
        /// The member.
        entry: String,
    },
    /// There is no lock to hold the pack against.
    #[error("there is no lock at `{}`", path.display())]
    NoLock {
        /// Where it should be.
        path: PathBuf,
    },
    /// The packages are not those of the trusted lock.
    #[error("the pack is not what `{}` locks:{}", path.display(), listed(differences))]
    Pinned {
        /// The lock.
        path: PathBuf,
        /// Each difference.
        differences: Vec<String>,
    },
    /// The whole pack has another digest.
    #[error(
        "the pack is not the one that was asked for: expected sha256:{expected}, found sha256:{found}"
    )]
    Digest {
        /// What the user gave.
        expected: Sha256,
        /// What the file has.
        found: Sha256,
    },
    /// The store cannot take an archive.
    #[error("cannot put `{entry}` into the store")]
    Store {
        /// The member.
        entry: String,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// Writing the store failed.
    #[error("cannot put `{entry}` into the store")]
    Copy {
        /// The member.
        entry: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The bytes are not those of the index, or the store failed.
    #[error("cannot take `{entry}` from the pack")]
    Ingest {
        /// The member.
        entry: String,
        /// Why.
        #[source]
        source: IngestError,
    },
}

fn listed(differences: &[String]) -> String {
    differences
        .iter()
        .map(|difference| format!("\n  - {difference}"))
        .collect()
}

impl Explain for UnpackOperationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Target(error) => error.kind(),
            Self::Lock(error) => error.kind(),
            Self::OpenStore(error) => explain::open_kind(error),
            Self::Create(error) => error.kind(),
            Self::Pack(PackError::NotAPack { .. } | PackError::Version { .. }) => Kind::Refused,
            Self::Pack(PackError::Read { source, .. })
                if source.kind() != io::ErrorKind::UnexpectedEof =>
            {
                Kind::World
            }
            Self::Open(error) if error.kind() == io::ErrorKind::NotFound => Kind::Refused,
            Self::Platform(_) | Self::NotPacked { .. } | Self::NoLock { .. } => Kind::Refused,
            Self::Open(_)
            | Self::Place(_)
            | Self::Store { .. }
            | Self::Copy { .. }
            | Self::Ingest {
                source: IngestError::Io(_),
                ..
            } => Kind::World,
            _ => Kind::Damage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Platform(_) | Self::NotPacked { .. } => "input::platform",
            Self::Target(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::Pack(error) => error.code(),
            Self::OpenStore(error) => error.code(),
            Self::Create(error) => error.code(),
            Self::Open(_) => "pack::unreadable",
            Self::Place(_) => "link::recover",
            Self::NoArchive { .. }
            | Self::NoWheel { .. }
            | Self::Foreign { .. }
            | Self::Unusable { .. } => "pack::refused",
            Self::NoLock { .. } => "lock::missing",
            Self::Pinned { .. } | Self::Digest { .. } => "pack::not-the-one",
            Self::Store { source, .. } => source.code(),
            Self::Copy { .. } => "store::io",
            Self::Ingest { source, .. } => source.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Target(TargetError::Unnamed) => {
                Some("say where: `larder unpack PACK -p ./env`".into())
            }
            Self::Target(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            Self::Create(error) => error.hint(),
            Self::NotPacked { .. } => {
                Some("`--platform` names another, `larder pack --platform all` packs all".into())
            }
            Self::Pack(PackError::NotAPack { .. }) => Some("`larder pack` writes packs".into()),
            _ => None,
        }
    }
}
