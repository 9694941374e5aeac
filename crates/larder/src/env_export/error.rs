//! Why an environment was not exported.

use std::path::PathBuf;

use larder_fs::PathError;
use larder_lock::{DuplicatePackage, ExportError};

use crate::{ConfigVarsError, Explain, Kind, ListError, PlatformError};

/// Why an environment was not exported.
#[derive(Debug, thiserror::Error)]
pub enum EnvExportError {
    /// Its records cannot be read.
    #[error(transparent)]
    Records(#[from] ListError),
    /// Its variables cannot be read.
    #[error(transparent)]
    Variables(#[from] ConfigVarsError),
    /// Its subdir is none that larder knows.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// It has two records of one package.
    #[error(transparent)]
    Duplicate(#[from] DuplicatePackage),
    /// The format cannot hold it.
    #[error(transparent)]
    Format(#[from] ExportError),
    /// A list of URLs cannot name what pip installed.
    #[error("an @EXPLICIT list cannot hold what pip installed: {}", packages.join(", "))]
    Pip {
        /// `name==version`.
        packages: Vec<String>,
    },
    /// The name of the output says nothing of its format.
    #[error("the name `{}` stands for no format", path.display())]
    UnknownFile {
        /// As given.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] PathError),
}

impl Explain for EnvExportError {
    fn kind(&self) -> Kind {
        match self {
            Self::Records(error) => error.kind(),
            Self::Variables(error) => error.kind(),
            Self::Duplicate(_) => Kind::Damage,
            Self::Io(_) => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Records(error) => error.code(),
            Self::Variables(error) => error.code(),
            Self::Platform(_) => "input::platform",
            Self::Duplicate(_) => "export::duplicate",
            Self::Format(_) => "lock::format",
            Self::Pip { .. } => "export::pip",
            Self::UnknownFile { .. } => "export::unknown-format",
            Self::Io(_) => "export::write",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Records(error) => error.hint(),
            Self::Variables(error) => error.hint(),
            Self::Pip { .. } => Some("`--format environment-yaml` has a section for them".into()),
            Self::UnknownFile { .. } => Some(
                "give `--format`, or one of the names environment.yml, environment.json, explicit.txt, \
                 requirements.txt, conda-lock.yml, pixi.lock"
                    .into(),
            ),
            _ => None,
        }
    }
}
