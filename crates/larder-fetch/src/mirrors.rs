//! Other places that hold the same channel.
//!
//! A mirror changes where bytes come from and nothing else: records, locks and `conda-meta` keep the
//! canonical URL, and the digests that hold are those of the record.

use std::path::PathBuf;

use url::Url;

use crate::base_url::below;

#[cfg(test)]
mod tests;

/// Which URLs to ask instead of a canonical one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MirrorMap {
    entries: Vec<(Url, Vec<Url>)>,
    directories: Vec<PathBuf>,
}

impl MirrorMap {
    /// Asks `mirrors`, in this order, for everything under `base`. The canonical place itself is asked
    /// only if it is one of them, so that a closed network is never left. A later entry of the same base
    /// replaces the earlier one.
    pub fn insert(&mut self, base: Url, mirrors: Vec<Url>) {
        self.entries.retain(|(known, _)| *known != base);
        self.entries.push((base, mirrors));
    }

    /// Looks for archives in a directory of them, such as a package cache of conda's, before any URL.
    pub fn look_in(&mut self, directory: PathBuf) {
        self.directories.push(directory);
    }

    /// The files of this name in the directories, as URLs. Only for archives with a digest: a name
    /// proves nothing.
    pub(crate) fn files(&self, name: &str) -> Vec<Url> {
        let path = |directory: &PathBuf| directory.join(name);
        let paths = self.directories.iter().map(path);
        paths
            .filter(|path| path.is_file())
            .filter_map(|path| Url::from_file_path(path).ok())
            .collect()
    }

    /// The URLs to try for the canonical `url`, in order: those of the longest base that holds it, or
    /// itself. Never empty.
    pub fn urls(&self, url: &Url) -> Vec<Url> {
        let entry = self
            .entries
            .iter()
            .filter(|(_, mirrors)| !mirrors.is_empty())
            .filter_map(|(base, mirrors)| Some((base, mirrors, below(base, url)?)))
            .max_by_key(|(base, _, _)| base.path().trim_end_matches('/').len());
        match entry {
            Some((_, mirrors, rest)) => mirrors.iter().map(|mirror| under(mirror, rest)).collect(),
            None => vec![url.clone()],
        }
    }
}

fn under(mirror: &Url, rest: &str) -> Url {
    let mut url = mirror.clone();
    url.set_path(&format!("{}/{rest}", mirror.path().trim_end_matches('/')));
    url
}
