//! Subdirs from the command line, and that of this machine.

use rattler_conda_types::Subdir;

use crate::{Explain, Kind, Settings};

/// A subdir that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// Not the name of one.
    #[error("`{text}` is not a platform: expected one like linux-64, osx-arm64 or win-64")]
    Unknown {
        /// As the user wrote it.
        text: String,
    },
    /// This machine has none.
    #[error("this machine has no conda subdir: name one with `--platform`")]
    NoCurrent,
}

impl Explain for PlatformError {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn code(&self) -> &'static str {
        "input::platform"
    }
}

/// The subdir of this machine.
///
/// # Errors
/// On machines that conda does not know.
pub fn current() -> Result<Subdir, PlatformError> {
    Subdir::current().ok_or(PlatformError::NoCurrent)
}

/// The subdir that is meant where none is named: the configuration's, else this machine's.
///
/// # Errors
/// As [`current`].
pub(crate) fn default(settings: &Settings) -> Result<Subdir, PlatformError> {
    settings.subdir.map_or_else(current, Ok)
}

/// The subdir that the user named, else [`default`].
///
/// # Errors
/// If it is none, or this machine has none.
pub(crate) fn given_or_default(
    text: Option<&str>,
    settings: &Settings,
) -> Result<Subdir, PlatformError> {
    text.map_or_else(|| default(settings), parse)
}

/// Reads the name of a subdir; `noarch` is none (CEP 24).
///
/// # Errors
/// If it is not one that larder knows.
pub(crate) fn parse(text: &str) -> Result<Subdir, PlatformError> {
    larder_manifest::parse_subdir(text)
        .ok()
        .filter(|subdir| *subdir != Subdir::NoArch)
        .ok_or_else(|| PlatformError::Unknown {
            text: larder_manifest::without_credentials(text),
        })
}

pub(crate) fn parse_all(texts: &[String]) -> Result<Vec<Subdir>, PlatformError> {
    texts.iter().map(|text| parse(text)).collect()
}
