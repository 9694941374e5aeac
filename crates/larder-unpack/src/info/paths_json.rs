//! `info/paths.json` (CEP 34).

use std::collections::HashSet;

use larder_digest::Sha256;
use serde::Deserialize;

use super::{FileMode, PathEntry, PathKind, Placeholder};
use crate::{EntryProblem, MetadataProblem, RelPath};

#[derive(Deserialize)]
struct PathsJson {
    paths_version: i64,
    paths: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "_path")]
    path: String,
    #[serde(default)]
    path_type: PathType,
    file_mode: Option<Mode>,
    prefix_placeholder: Option<String>,
    no_link: Option<bool>,
    sha256: Option<Sha256>,
    size_in_bytes: Option<u64>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum PathType {
    #[default]
    Hardlink,
    Softlink,
    Directory,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Text,
    Binary,
}

/// Parses the whole file; every path has passed [`check_path`] and is there once.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<PathEntry>, MetadataProblem> {
    let json: PathsJson = serde_json::from_slice(bytes).map_err(MetadataProblem::Json)?;
    if json.paths_version != 1 {
        return Err(MetadataProblem::Version {
            key: "paths_version",
            found: json.paths_version,
        });
    }
    let entries: Vec<PathEntry> = json
        .paths
        .into_iter()
        .map(entry)
        .collect::<Result<_, _>>()?;
    check_unique(&entries)?;
    Ok(entries)
}

fn entry(listed: Listed) -> Result<PathEntry, MetadataProblem> {
    let mode = match listed.file_mode {
        Some(Mode::Binary) => FileMode::Binary,
        Some(Mode::Text) | None => FileMode::Text,
    };
    Ok(PathEntry {
        path: check_path(&listed.path)?,
        kind: match listed.path_type {
            PathType::Hardlink => PathKind::File,
            PathType::Softlink => PathKind::Softlink,
            PathType::Directory => PathKind::Directory,
        },
        prefix: listed
            .prefix_placeholder
            .filter(|text| !text.is_empty())
            .map(|text| Placeholder::new(text, mode))
            .transpose()?,
        no_link: listed.no_link.unwrap_or(false),
        sha256: listed.sha256,
        size: listed.size_in_bytes.unwrap_or(0),
        executable: false,
        link_target: None,
    })
}

/// A path that a package may list: one of the package, but not `info/` nor `conda-meta/`.
pub(super) fn check_path(text: &str) -> Result<RelPath, MetadataProblem> {
    let refused = |problem| MetadataProblem::Path {
        path: text.escape_debug().to_string(),
        problem,
    };
    let path = RelPath::try_from(text).map_err(|problem| refused(EntryProblem::Name(problem)))?;
    if path.is_info() {
        return Err(refused(EntryProblem::InfoInPackage));
    }
    if path.is_conda_meta() {
        return Err(refused(EntryProblem::CondaMeta));
    }
    Ok(path)
}

pub(super) fn check_unique(entries: &[PathEntry]) -> Result<(), MetadataProblem> {
    let mut seen = HashSet::with_capacity(entries.len());
    match entries.iter().find(|entry| !seen.insert(&entry.path)) {
        Some(twice) => Err(MetadataProblem::DuplicatePath(twice.path.to_string())),
        None => Ok(()),
    }
}
