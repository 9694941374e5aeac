//! The formats of an export, by conda's names and file names.

use std::{fmt, path::Path};

use serde::Serialize;

/// How an environment is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum EnvFormat {
    /// environment.yml (CEP 24).
    #[serde(rename = "environment-yaml")]
    Yaml,
    /// The same as JSON.
    #[serde(rename = "environment-json")]
    Json,
    /// A list of URLs (CEP 23).
    #[serde(rename = "explicit")]
    Explicit,
    /// conda-lock.yml (CEP 37).
    #[serde(rename = "conda-lock")]
    CondaLock,
    /// rattler's lock, pixi.lock.
    #[serde(rename = "pixi")]
    Pixi,
    /// A list of specs, for `create --file`.
    #[serde(rename = "requirements")]
    Requirements,
}

impl EnvFormat {
    /// The format that a file's name stands for; any other `.yml` is an environment.yml.
    pub fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        Some(match name {
            "environment.json" => Self::Json,
            "explicit.txt" => Self::Explicit,
            "requirements.txt" | "spec.txt" => Self::Requirements,
            "pixi.lock" => Self::Pixi,
            _ if name.ends_with("conda-lock.yml") || name.ends_with("conda-lock.yaml") => {
                Self::CondaLock
            }
            _ if name.ends_with(".yml") || name.ends_with(".yaml") => Self::Yaml,
            _ => return None,
        })
    }
}

impl fmt::Display for EnvFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yaml => "environment-yaml",
            Self::Json => "environment-json",
            Self::Explicit => "explicit",
            Self::CondaLock => "conda-lock",
            Self::Pixi => "pixi",
            Self::Requirements => "requirements",
        })
    }
}
