//! [`PackageInfo`]: what an archive says about itself, validated.
//!
//! Everything that linking needs is in it, so that linking never parses `info/paths.json` again. It is
//! kept beside each tree in a compact binary form.

use rattler_conda_types::{
    NoArchType,
    package::{EntryPoint, IndexJson},
};
use serde::{Deserialize, Serialize};

use crate::{Content, ContentProblem, Contents, InfoFiles, MetadataProblem, RelPath, UnpackError};

mod legacy;
mod link_json;
mod path_entry;
mod paths_json;
mod scripts;

pub use path_entry::{FileMode, PLACEHOLDER_BYTES, PathEntry, PathKind, Placeholder};
pub use scripts::{LinkAction, LinkScript, ScriptShell};

/// Where the list of paths comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Listing {
    /// `info/paths.json`, which takes precedence.
    PathsJson,
    /// `info/files`, `info/has_prefix`, `info/no_link` of archives from before `paths.json`.
    Legacy,
}

/// What an archive says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageInfo {
    /// The text of `info/index.json`, with keys that nobody knows.
    pub index_json: String,
    /// The same, parsed.
    pub index: IndexJson,
    /// What to link, in the order listed.
    pub paths: Vec<PathEntry>,
    /// Where `paths` comes from.
    pub listing: Listing,
    /// Console scripts of a noarch python package.
    pub entry_points: Vec<EntryPoint>,
    /// As `info/index.json` has it, else `info/link.json`.
    pub noarch: NoArchType,
    /// Scripts among `paths` that are run around linking.
    pub link_scripts: Vec<LinkScript>,
}

impl PackageInfo {
    /// Parses and validates the files below `info/`. `package` is for errors.
    ///
    /// Sizes and kinds of a [`Listing::Legacy`], `executable` and link targets are known only after
    /// [`PackageInfo::confirm`].
    ///
    /// # Errors
    /// [`UnpackError::Metadata`]
    pub fn parse(files: &InfoFiles, package: &str) -> Result<Self, UnpackError> {
        let at = |file| {
            move |source| UnpackError::Metadata {
                package: package.to_owned(),
                file,
                source,
            }
        };
        let (index_json, index) = parse_index(files).map_err(at("info/index.json"))?;
        let (paths, listing) = match files.get("info/paths.json") {
            Some(bytes) => (
                paths_json::parse(bytes).map_err(at("info/paths.json"))?,
                Listing::PathsJson,
            ),
            None => (
                legacy::parse(files).map_err(|(file, problem)| at(file)(problem))?,
                Listing::Legacy,
            ),
        };
        let link = link_json::parse(files).map_err(at("info/link.json"))?;
        let noarch = match index.noarch {
            NoArchType(None) => link.noarch,
            known => known,
        };
        Ok(Self {
            link_scripts: scripts::find(index.name.as_normalized(), &paths),
            index_json,
            index,
            paths,
            listing,
            entry_points: link.entry_points,
            noarch,
        })
    }

    /// Whether [`PackageInfo::parse`] looks at this file.
    pub(crate) fn reads(path: &RelPath) -> bool {
        const FILES: [&str; 6] = [
            "info/index.json",
            "info/paths.json",
            "info/link.json",
            "info/files",
            "info/has_prefix",
            "info/no_link",
        ];
        FILES.contains(&path.as_str())
    }

    /// Holds what an archive really holds against what it lists, and fills in what only the contents
    /// tell. Files that are not listed are not looked at: they are never linked (CEP 34).
    ///
    /// # Errors
    /// [`UnpackError::Content`] for the first path that is missing or differs.
    pub fn confirm(&mut self, contents: &Contents, package: &str) -> Result<(), UnpackError> {
        for entry in &mut self.paths {
            confirm_entry(entry, contents, self.listing).map_err(|source| {
                UnpackError::Content {
                    package: package.to_owned(),
                    entry: entry.path.to_string(),
                    source: Box::new(source),
                }
            })?;
        }
        Ok(())
    }

    /// Pairs of listed paths that are one path where letter case does not count.
    pub fn case_collisions(&self) -> Vec<(&RelPath, &RelPath)> {
        let mut folded: Vec<(String, &RelPath)> = self
            .paths
            .iter()
            .map(|entry| (entry.path.as_str().to_lowercase(), &entry.path))
            .collect();
        folded.sort();
        folded
            .windows(2)
            .filter(|pair| pair[0].0 == pair[1].0)
            .map(|pair| (pair[0].1, pair[1].1))
            .collect()
    }
}

fn parse_index(files: &InfoFiles) -> Result<(String, IndexJson), MetadataProblem> {
    let bytes = files
        .get("info/index.json")
        .ok_or(MetadataProblem::Missing)?;
    let text = std::str::from_utf8(bytes).map_err(|_| MetadataProblem::NotUtf8)?;
    let index = serde_json::from_str(text).map_err(MetadataProblem::Json)?;
    Ok((text.to_owned(), index))
}

fn confirm_entry(
    entry: &mut PathEntry,
    contents: &Contents,
    listing: Listing,
) -> Result<(), ContentProblem> {
    let path = entry.path.as_str();
    let found = match contents.get(path) {
        Some(found) => found,
        None if contents.has_directory(path) => &Content::Directory,
        None => return Err(ContentProblem::Missing),
    };
    match (entry.kind, found) {
        (PathKind::File, Content::File { .. }) => entry.take_file(found),
        (PathKind::Softlink, Content::Symlink { target }) => {
            entry.link_target = Some(target.clone());
            Ok(())
        }
        (PathKind::Directory, Content::Directory) => Ok(()),
        (PathKind::File, other) if listing == Listing::Legacy => {
            entry.take_kind(other);
            Ok(())
        }
        (listed, found) => Err(ContentProblem::Kind {
            listed: listed.noun(),
            found: found.noun(),
        }),
    }
}
