//! `pylock.toml` (PEP 751) as uv writes it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::resolved::{Artifact, Chosen, PassedOn, file_name};

#[derive(Deserialize)]
struct Pylock {
    #[serde(rename = "lock-version")]
    lock_version: String,
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    index: Option<String>,
    #[serde(default)]
    wheels: Vec<File>,
    sdist: Option<File>,
    archive: Option<File>,
    directory: Option<Directory>,
    vcs: Option<Repository>,
}

#[derive(Deserialize)]
struct File {
    name: Option<String>,
    url: Option<String>,
    path: Option<String>,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Directory {
    path: String,
    #[serde(default)]
    editable: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Repository {
    r#type: String,
    url: Option<String>,
    path: Option<String>,
    commit_id: String,
    subdirectory: Option<String>,
}

/// What the file in `directory` with this text says.
pub(crate) fn parse(text: &str, directory: &Path) -> Result<Vec<Chosen>, String> {
    let pylock: Pylock = toml::from_str(text).map_err(|error| error.to_string())?;
    if !pylock.lock_version.starts_with("1.") {
        return Err(format!("lock-version {} is not known", pylock.lock_version));
    }
    let packages = pylock.packages.into_iter();
    Ok(packages.map(|package| chosen(package, directory)).collect())
}

fn chosen(package: Package, directory: &Path) -> Chosen {
    let local = |path: &str, is_editable| PassedOn::Local {
        path: directory.join(path),
        is_editable,
    };
    let mut passed_on = None;
    if let Some(found) = &package.directory {
        passed_on = Some(local(&found.path, found.editable));
    }
    if let Some(repository) = &package.vcs {
        passed_on = Some(PassedOn::Repository(repository.line()));
    }
    // Files of this machine have no address that a lock could name.
    let files = package
        .wheels
        .iter()
        .chain(&package.archive)
        .chain(&package.sdist);
    let is_local = passed_on.is_none()
        && package
            .wheels
            .iter()
            .chain(&package.archive)
            .chain(&package.sdist)
            .all(|file| file.url.is_none());
    if is_local && let Some(path) = files.filter_map(|file| file.path.as_deref()).next() {
        passed_on = Some(local(path, false));
    }
    Chosen {
        name: package.name,
        version: package.version,
        index: package.index,
        wheels: package.wheels.iter().filter_map(File::artifact).collect(),
        other: package
            .archive
            .or(package.sdist)
            .as_ref()
            .and_then(File::artifact),
        passed_on,
        ..Chosen::default()
    }
}

impl File {
    fn artifact(&self) -> Option<Artifact> {
        let url = self.url.clone()?;
        let name = self.name.clone().unwrap_or_else(|| file_name(&url));
        let sha256 = self.hashes.get("sha256");
        Some(Artifact {
            file_name: name,
            sha256: sha256.and_then(|digest| digest.parse().ok()),
            url,
        })
    }
}

impl Repository {
    fn line(&self) -> String {
        let place = match (&self.url, &self.path) {
            (Some(url), _) => url.clone(),
            (None, Some(path)) => PathBuf::from(path).display().to_string(),
            (None, None) => String::new(),
        };
        let place = larder_redact::redact_text(&place);
        let below = match &self.subdirectory {
            Some(directory) => format!("#subdirectory={directory}"),
            None => String::new(),
        };
        format!("{}+{place}@{}{below}", self.r#type, self.commit_id)
    }
}

#[cfg(test)]
mod tests;
