//! `larder list`: what an environment holds, from its records.

use std::path::{Path, PathBuf};

use rattler_conda_types::PrefixRecord;
use serde::Serialize;

use crate::{Explain, Kind, activation::is_environment, channel_name};

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
    /// A record cannot be read.
    #[error("cannot read the records in `{}`", path.display())]
    Records {
        /// The directory `conda-meta`.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Explain for ListError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotAnEnvironment { .. } => Kind::Refused,
            Self::Records { source, .. } if source.kind() == std::io::ErrorKind::InvalidData => {
                Kind::Damage
            }
            Self::Records { .. } => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAnEnvironment { .. } => "list::not-an-environment",
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
    PrefixRecord::collect_from_prefix(prefix).map_err(|source| ListError::Records {
        path: prefix.join("conda-meta"),
        source,
    })
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
