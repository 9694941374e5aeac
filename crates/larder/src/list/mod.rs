//! `larder list`: what an environment holds, from its records.

use std::{
    io,
    path::{Path, PathBuf},
};

use larder_fs::PathError;
use rattler_conda_types::PrefixRecord;
use regex::{Regex, RegexBuilder};
use serde::Serialize;

use crate::{Explain, Kind, activation::is_environment, channel_name, explain};

mod explicit;

pub use explicit::explicit_list;

/// How many threads read records: more do not make it faster.
const THREADS: usize = 4;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// A regular expression that is found in names, whatever their case; none means all.
    pub pattern: Option<String>,
    /// `pattern` is a whole name.
    pub full_name: bool,
    /// List what pip installed as well.
    pub pip: bool,
    /// From the end of the alphabet.
    pub reverse: bool,
}

/// One package of an environment, with the keys that `conda list --json` has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedPackage {
    /// The channel's base URL.
    pub base_url: String,
    /// The build number.
    pub build_number: u64,
    /// The build string.
    pub build_string: String,
    /// The channel's name: the last part of its URL.
    pub channel: String,
    /// `name-version-build`.
    pub dist_name: String,
    /// The package name.
    pub name: String,
    /// The subdir that the package is from.
    pub platform: String,
    /// The version.
    pub version: String,
}

/// Why an environment cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The directory has no `conda-meta/history`.
    #[error("`{}` is not a conda environment: it has no conda-meta/history", prefix.display())]
    NotAnEnvironment {
        /// The directory.
        prefix: PathBuf,
    },
    /// The pattern is no regular expression.
    #[error("`{pattern}` is no regular expression")]
    Pattern {
        /// As given.
        pattern: String,
        /// Why.
        #[source]
        source: Box<regex::Error>,
    },
    /// Nothing is called so.
    #[error("no package of `{}` matches `{pattern}`", prefix.display())]
    NoMatch {
        /// The environment.
        prefix: PathBuf,
        /// As given.
        pattern: String,
    },
    /// There is no package of that name.
    #[error("the package `{name}` is not in `{}`", prefix.display())]
    NotInstalled {
        /// The environment.
        prefix: PathBuf,
        /// The name.
        name: String,
    },
    /// What pip installed cannot be read.
    #[error(transparent)]
    Pip(#[from] PathError),
    /// A record cannot be read.
    #[error("cannot read the records in `{}`", path.display())]
    Records {
        /// The directory `conda-meta`.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Explain for ListError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotAnEnvironment { .. }
            | Self::Pattern { .. }
            | Self::NoMatch { .. }
            | Self::NotInstalled { .. } => Kind::Refused,
            Self::Records { source, .. } if source.kind() == io::ErrorKind::InvalidData => {
                Kind::Damage
            }
            Self::Pip(error) => explain::path_kind(error),
            Self::Records { .. } => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAnEnvironment { .. } => "list::not-an-environment",
            Self::Pattern { .. } => "list::pattern",
            Self::NoMatch { .. } => "list::no-match",
            Self::NotInstalled { .. } => "list::not-installed",
            Self::Pip(_) => "list::pip",
            Self::Records { .. } => "list::records",
        }
    }
}

/// The packages of the environment at `prefix`, sorted by name.
///
/// # Errors
/// See [`ListError`].
pub fn list(prefix: &Path) -> Result<Vec<ListedPackage>, ListError> {
    let mut packages: Vec<_> = records(prefix)?.iter().map(listed).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

/// The packages of the environment at `prefix` that `options` mean, sorted by name; what pip installed has
/// the channel `pypi`, as with conda.
///
/// # Errors
/// See [`ListError`].
pub fn list_packages(
    prefix: &Path,
    options: &ListOptions,
) -> Result<Vec<ListedPackage>, ListError> {
    let meant = Meant::new(options)?;
    let records = records(prefix)?;
    let mut packages: Vec<_> = records.iter().map(listed).collect();
    if options.pip {
        let pip = larder_link::pip_packages(prefix, &records)?;
        packages.extend(pip.iter().map(from_pip));
    }
    packages.retain(|package| meant.contains(&package.name));
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    if options.reverse {
        packages.reverse();
    }
    match &options.pattern {
        Some(pattern) if packages.is_empty() => Err(nothing(prefix, pattern, options.full_name)),
        _ => Ok(packages),
    }
}

fn nothing(prefix: &Path, pattern: &str, is_name: bool) -> ListError {
    let (prefix, pattern) = (prefix.to_owned(), pattern.to_owned());
    match is_name {
        true => ListError::NotInstalled {
            prefix,
            name: pattern,
        },
        false => ListError::NoMatch { prefix, pattern },
    }
}

/// Which names are meant.
enum Meant<'a> {
    All,
    Name(&'a str),
    Matching(Regex),
}

impl<'a> Meant<'a> {
    fn new(options: &'a ListOptions) -> Result<Self, ListError> {
        let Some(pattern) = &options.pattern else {
            return Ok(Self::All);
        };
        if options.full_name {
            return Ok(Self::Name(pattern));
        }
        let regex = RegexBuilder::new(pattern).case_insensitive(true).build();
        regex
            .map(Self::Matching)
            .map_err(|source| ListError::Pattern {
                pattern: pattern.clone(),
                source: Box::new(source),
            })
    }

    fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Name(meant) => *meant == name,
            Self::Matching(regex) => regex.is_match(name),
        }
    }
}

/// A package of pip's, in conda's words for it.
fn from_pip(package: &larder_link::PipPackage) -> ListedPackage {
    let name = pip_name(&package.name);
    ListedPackage {
        base_url: "https://conda.anaconda.org/pypi".into(),
        build_number: 0,
        build_string: "pypi_0".into(),
        channel: "pypi".into(),
        dist_name: format!("{name}-{}-pypi_0", package.version),
        name,
        platform: "pypi".into(),
        version: package.version.clone(),
    }
}

/// The name as conda and PyPI's index have it: lower case, one `-` for each run of `-`, `_` and `.`.
pub(crate) fn pip_name(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

/// The records of the environment at `prefix`.
///
/// # Errors
/// See [`ListError`].
pub(crate) fn records(prefix: &Path) -> Result<Vec<PrefixRecord>, ListError> {
    if !is_environment(prefix) {
        return Err(ListError::NotAnEnvironment {
            prefix: prefix.to_owned(),
        });
    }
    let failed = |source| ListError::Records {
        path: prefix.join("conda-meta"),
        source,
    };
    let (records, damaged) = larder_link::prefix_records(prefix, THREADS).map_err(|error| {
        failed(io::Error::new(
            error.kind(),
            format!("{error}: {}", error.source),
        ))
    })?;
    match damaged.first() {
        Some(record) => {
            let text = format!("{}: {}", record.path, record.problem);
            Err(failed(io::Error::new(io::ErrorKind::InvalidData, text)))
        }
        None => Ok(records),
    }
}

fn listed(record: &PrefixRecord) -> ListedPackage {
    let package = &record.repodata_record.package_record;
    let name = package.name.as_normalized().to_owned();
    let base_url = channel_name::base_url(
        record
            .repodata_record
            .channel
            .as_deref()
            .unwrap_or_default(),
        &package.subdir,
    );
    ListedPackage {
        build_number: package.build_number,
        build_string: package.build.to_string(),
        channel: channel_name::name(&base_url),
        dist_name: format!("{name}-{}-{}", package.version, package.build),
        name,
        platform: package.subdir.clone(),
        version: package.version.to_string(),
        base_url,
    }
}
