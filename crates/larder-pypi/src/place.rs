//! Lines of a `pip:` section that name a place (a repository, a directory, a file, an address) rather than a
//! distribution of an index, compared with what a lock has for them.

use std::path::{Path, PathBuf};

use url::Url;

use crate::{Section, resolved::normal, section::LineKind};

/// A place that a line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NamedPlace {
    /// A repository, with the branch, tag or commit that is asked for and the directory in it.
    Repository {
        url: String,
        reference: Option<String>,
        subdirectory: Option<String>,
    },
    /// A directory or file of this machine, absolute.
    Local { path: PathBuf, is_editable: bool },
    /// An address of a wheel or a source, without its fragment.
    Address(String),
}

impl NamedPlace {
    /// The place that a line names, relative to `directory`; nothing if it is none.
    pub(crate) fn parse(line: &str, directory: &Path) -> Option<Self> {
        // Options of the requirement, then a marker, stand behind it.
        let line = line.split(" --").next().unwrap_or(line);
        let line = line.split(" ;").next().unwrap_or(line).trim();
        let editable = ["--editable", "-e"]
            .iter()
            .find_map(|option| line.strip_prefix(option));
        let is_editable = editable.is_some();
        let place = editable.map_or(line, |rest| rest.trim_start_matches([' ', '\t', '=']));
        let place = place.trim_matches(['"', '\'']);
        let place = match place.split_once('@') {
            // `name @ place`, not the `@` of an address or a path.
            Some((name, place)) if !name.contains(['/', ':', '\\']) && !name.starts_with('.') => {
                place.trim()
            }
            _ => place,
        };
        if let Some(repository) = repository(place) {
            return Some(repository);
        }
        match Url::parse(place) {
            Ok(url) if url.scheme() == "file" => {
                let path = url.to_file_path().ok()?;
                let path = normal(&path);
                Some(Self::Local { path, is_editable })
            }
            Ok(url) if url.scheme().len() > 1 => Some(Self::Address(clean_address(&url))),
            _ => {
                let path = match place
                    .strip_suffix(']')
                    .and_then(|place| place.rsplit_once('['))
                {
                    Some((path, _extras)) => path,
                    None => place,
                };
                let path = normal(&directory.join(path));
                Some(Self::Local { path, is_editable })
            }
        }
    }

    /// Whether what a lock passes on is what this line of a section means.
    pub(crate) fn accepts(&self, locked: &Self) -> bool {
        match (self, locked) {
            (
                Self::Repository {
                    url,
                    reference,
                    subdirectory,
                },
                Self::Repository {
                    url: locked_url,
                    reference: commit,
                    subdirectory: locked_subdirectory,
                },
            ) => {
                // A branch or tag is resolved to a commit; a commit must be that commit.
                let is_commit = |text: &&String| {
                    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
                };
                let pinned = reference.as_ref().filter(is_commit);
                url == locked_url
                    && subdirectory == locked_subdirectory
                    && pinned.is_none_or(|pinned| Some(pinned) == commit.as_ref())
            }
            (one, other) => one == other,
        }
    }
}

/// Whether a line of the section names the place that a lock passes on as `passed_on`.
pub(crate) fn names_place(section: &Section, passed_on: &str) -> bool {
    let Some(locked) = NamedPlace::parse(passed_on, &section.directory) else {
        return false;
    };
    let lines = section.requirements().iter();
    let mut places = lines.filter(|line| LineKind::of(line) == LineKind::Place);
    places.any(|line| {
        NamedPlace::parse(line, &section.directory).is_some_and(|place| place.accepts(&locked))
    })
}

/// An address as locks have it: without credentials and fragment.
pub(crate) fn clean_address(url: &Url) -> String {
    let mut url = larder_redact::clean(url);
    url.set_fragment(None);
    url.to_string()
}

fn repository(place: &str) -> Option<NamedPlace> {
    let tools = ["git+", "hg+", "svn+", "bzr+"];
    if !tools.iter().any(|tool| place.starts_with(tool)) {
        return None;
    }
    let place = larder_redact::redact_text(place);
    let (url, fragment) = place.split_once('#').unwrap_or((&place, ""));
    let subdirectory = fragment
        .split('&')
        .find_map(|part| part.strip_prefix("subdirectory="));
    // The user of an address has an `@`, too: only one in the path is before a reference.
    let path = url.find("://").map_or(0, |at| at + 3);
    let path = path + url[path..].find('/').unwrap_or(0);
    let (url, reference) = match url[path..].rfind('@') {
        Some(at) => (&url[..path + at], Some(url[path + at + 1..].to_owned())),
        None => (url, None),
    };
    let url = url.trim_end_matches('/').trim_end_matches(".git");
    Some(NamedPlace::Repository {
        url: url.to_owned(),
        reference,
        subdirectory: subdirectory.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests;
