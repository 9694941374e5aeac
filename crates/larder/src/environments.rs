//! `larder env list`: the environments of conda's registry and of the directories for named ones.
//!
//! Lists what other tools made as well. Changes nothing: lines of the registry whose environment is gone are
//! left to whoever removed it.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use indexmap::IndexMap;
use larder_fs::{PathContext as _, PathError};
use serde::Serialize;

use crate::{Explain, Kind, Settings, activation::is_environment, explain, registry, roots::roots};

/// Every known environment, with the keys of `conda env list --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownEnvironments {
    /// Their directories, sorted.
    pub envs: Vec<PathBuf>,
    /// What is known of each.
    pub envs_details: IndexMap<PathBuf, EnvironmentDetails>,
}

/// What is known of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentDetails {
    /// Its name; empty for one that has only a directory.
    pub name: String,
    /// When it was made, where the file system knows it.
    pub created: Option<String>,
    /// When its history was last written.
    pub last_modified: Option<String>,
    /// Whether it is active in this shell.
    pub active: bool,
    /// Whether conda or mamba lives there.
    pub base: bool,
    /// Whether it is frozen (CEP 22).
    pub frozen: bool,
    /// Whether this user may change it.
    pub writable: bool,
}

/// Why the environments cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentsError {
    /// A file or directory cannot be read.
    #[error(transparent)]
    Read(#[from] PathError),
}

impl Explain for EnvironmentsError {
    fn kind(&self) -> Kind {
        let Self::Read(error) = self;
        explain::path_kind(error)
    }

    fn code(&self) -> &'static str {
        "environments::read"
    }
}

/// Every environment that is there: registered, in a directory for named ones, or a root.
///
/// # Errors
/// See [`EnvironmentsError`].
pub fn environments(settings: &Settings) -> Result<KnownEnvironments, EnvironmentsError> {
    let mut prefixes: BTreeSet<PathBuf> = roots(settings).into_iter().collect();
    if let Some(home) = &settings.home {
        prefixes.extend(registry::registered(home)?);
    }
    for directory in &settings.environments {
        prefixes.extend(children(directory)?);
    }
    prefixes.retain(|prefix| is_environment(prefix));
    let mut envs_details = IndexMap::new();
    for prefix in &prefixes {
        envs_details.insert(prefix.clone(), details(prefix, settings)?);
    }
    Ok(KnownEnvironments {
        envs: prefixes.into_iter().collect(),
        envs_details,
    })
}

fn children(directory: &Path) -> Result<Vec<PathBuf>, PathError> {
    let entries = match fs::read_dir(directory) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        entries => entries.at("read directory", directory)?,
    };
    entries
        .map(|entry| Ok(entry.at("read directory", directory)?.path()))
        .collect()
}

fn details(prefix: &Path, settings: &Settings) -> Result<EnvironmentDetails, PathError> {
    let meta = prefix.join("conda-meta");
    let created = fs::metadata(&meta).and_then(|meta| meta.created());
    let modified = fs::metadata(meta.join("history")).and_then(|history| history.modified());
    let active = settings.variables.get("CONDA_PREFIX").map(Path::new);
    let is_base = roots(settings).iter().any(|root| root == prefix);
    Ok(EnvironmentDetails {
        name: name(prefix, settings).unwrap_or_default(),
        created: created.ok().and_then(timestamp),
        last_modified: modified.ok().and_then(timestamp),
        active: active == Some(prefix),
        base: is_base,
        // One environment that cannot be read is no reason to list none.
        frozen: larder_link::frozen(prefix).is_ok_and(|message| message.is_some()),
        writable: larder_fs::can_write(&meta),
    })
}

/// What `-n` calls the environment at `prefix`: `base` for a root, none for one outside the directories for
/// named environments.
pub(crate) fn name(prefix: &Path, settings: &Settings) -> Option<String> {
    if roots(settings).iter().any(|root| root == prefix) {
        return Some("base".into());
    }
    let parent = prefix.parent()?;
    let is_named = settings.environments.iter().any(|place| place == parent);
    let name = prefix.file_name()?.to_string_lossy().into_owned();
    is_named.then_some(name)
}

/// As Python's `isoformat` in UTC.
fn timestamp(time: SystemTime) -> Option<String> {
    let time = jiff::Timestamp::try_from(time).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string())
}
