//! Subdirs from the command line, that of this machine, and those of existing environments.
//!
//! An environment is for one platform. It says so itself: `subdir` in a configuration file of the prefix (conda
//! and larder write `.condarc`, mamba `platform` in `.mambarc`), else the packages in it. The files are read as
//! hostile input, and nothing but these two keys counts here.

use std::path::{Path, PathBuf};

use larder_config::{ConfigError, Places};
use rattler_conda_types::Subdir;

use crate::{
    Explain, Kind, Settings, activation::is_environment, configuration::read_configuration,
};

/// What asks for a platform on the command line.
const FLAG: &str = "`--platform`";
/// The variable that asks for one.
const CONDA_SUBDIR: &str = "CONDA_SUBDIR";
/// Keys that record a platform, conda's first.
const KEYS: [&str; 2] = ["subdir", "platform"];

/// A subdir that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// Not the name of one.
    #[error("`{text}` is not a platform: expected one like linux-64, osx-arm64 or win-64")]
    Unknown {
        /// As the user wrote it.
        text: String,
    },
    /// An environment is for one platform, and another one was asked for.
    #[error(
        "{asked_by} asks for {asked}, but the environment `{}` is for {platform} ({known_from})",
        prefix.display()
    )]
    Disagrees {
        /// The environment.
        prefix: PathBuf,
        /// What was asked for.
        asked: Subdir,
        /// By what.
        asked_by: &'static str,
        /// The environment's platform.
        platform: Subdir,
        /// What says so.
        known_from: String,
    },
    /// The record of an environment's platform names none. What it says instead is not shown: the file may be
    /// a link to one of the user's.
    #[error(
        "{origin}: this is not the name of a platform: expected one like linux-64, osx-arm64 or win-64"
    )]
    Record {
        /// File, line and column.
        origin: String,
    },
    /// A file that may record an environment's platform cannot be read.
    #[error("the platform of the environment `{}` is not known", prefix.display())]
    RecordUnreadable {
        /// The environment.
        prefix: PathBuf,
        /// Why.
        #[source]
        source: Box<ConfigError>,
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

    fn hint(&self) -> Option<String> {
        match self {
            Self::Disagrees {
                asked,
                asked_by: FLAG,
                platform,
                ..
            } => Some(format!(
                "leave `--platform` out to keep it for {platform}, or make another environment: `larder create -p DIR --platform {asked}`"
            )),
            Self::Disagrees { platform, .. } => Some(format!(
                "unset {CONDA_SUBDIR}, or say `--platform {platform}`"
            )),
            Self::Record { .. } => Some("write the platform there, or remove the line".into()),
            Self::RecordUnreadable { .. } => Some(
                "mend the file or remove it: `subdir: PLATFORM` is all that larder needs of it"
                    .into(),
            ),
            _ => None,
        }
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

/// The platform of the environment at `prefix`, where `asked` and the variable must agree with it; of a new
/// environment what [`given_or_default`] says.
///
/// # Errors
/// If they disagree, or the record of the platform cannot be read.
pub(crate) fn for_prefix(
    prefix: &Path,
    asked: Option<&str>,
    settings: &Settings,
) -> Result<Subdir, PlatformError> {
    if !is_environment(prefix) {
        return given_or_default(asked, settings);
    }
    let variable = settings.variables.get(CONDA_SUBDIR);
    let variable = variable.filter(|text| !text.is_empty());
    let (asked, asked_by) = match (asked, variable) {
        (Some(text), _) => (Some(parse(text)?), FLAG),
        (None, Some(text)) => (Some(parse(text)?), CONDA_SUBDIR),
        (None, None) => (None, FLAG),
    };
    let known = match recorded(prefix)? {
        Some(known) => Some(known),
        None => of_packages(prefix),
    };
    match (asked, known) {
        (Some(asked), Some((platform, known_from))) if asked != platform => {
            Err(PlatformError::Disagrees {
                prefix: prefix.to_owned(),
                asked,
                asked_by,
                platform,
                known_from,
            })
        }
        (Some(asked), _) => Ok(asked),
        (None, Some((platform, _))) => Ok(platform),
        (None, None) => default(settings),
    }
}

/// The platform of an environment for those that only look at it: a record that cannot be read is passed over.
///
/// # Errors
/// If neither the environment nor this machine has one.
pub fn environment_subdir(prefix: &Path, settings: &Settings) -> Result<Subdir, PlatformError> {
    let known = recorded(prefix).ok().flatten();
    match known.or_else(|| of_packages(prefix)) {
        Some((platform, _)) => Ok(platform),
        None => default(settings),
    }
}

/// The platform of an environment that is for another machine than this one.
pub(crate) fn foreign(prefix: &Path) -> Option<Subdir> {
    let known = recorded(prefix).ok().flatten();
    let (platform, _) = known.or_else(|| of_packages(prefix))?;
    (Subdir::current() != Some(platform)).then_some(platform)
}

/// The platform that the files in a prefix record, and where.
fn recorded(prefix: &Path) -> Result<Option<(Subdir, String)>, PlatformError> {
    let places = Places {
        prefix: Some(prefix.to_owned()),
        mambarc: Some(prefix.join(".mambarc")),
        ..Places::default()
    };
    let loaded = read_configuration(&places, &Default::default());
    let concerns_platform = |error: &ConfigError| match error {
        ConfigError::Type { key, .. } => KEYS.contains(key),
        ConfigError::Twins { preferred, .. } => KEYS.contains(preferred),
        _ => true,
    };
    if let Some(error) = loaded.errors.into_iter().find(concerns_platform) {
        return Err(PlatformError::RecordUnreadable {
            prefix: prefix.to_owned(),
            source: Box::new(error),
        });
    }
    let config = &loaded.config;
    let setting = |key: &&str| Some((config.get(key)?, config.text(key)?));
    let Some((setting, text)) = KEYS.iter().find_map(setting) else {
        return Ok(None);
    };
    let origin = setting.origin.to_string();
    match parse(text) {
        Ok(platform) => Ok(Some((platform, origin))),
        Err(_) => Err(PlatformError::Record { origin }),
    }
}

/// The platform of the first installed package that is for one. Most environments need one record read.
fn of_packages(prefix: &Path) -> Option<(Subdir, String)> {
    let names = larder_link::record_names(prefix).ok()?;
    names.into_iter().find_map(|name| {
        let record = larder_link::prefix_record(prefix, &name).ok()?;
        let platform = parse(&record.repodata_record.package_record.subdir).ok()?;
        Some((platform, format!("conda-meta/{name}")))
    })
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
