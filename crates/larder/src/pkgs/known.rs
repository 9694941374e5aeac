//! Which digests an archive of a package cache may have, by everything around it that says so.
//!
//! An object's name is its digest, so nothing that is said here can put wrong bytes under a name: a digest
//! that somebody vouched for tells a whole archive from a truncated or a damaged one.

use std::{fs, fs::File, path::Path};

use larder_digest::Checksum;
use larder_event::Reporter;
use larder_fs::PathContext as _;
use larder_lock::{LockFile, Selection};

use super::{
    repodata::{self, ByName, Digests, Record},
    scan::{FoundArchive, Scan},
};

/// What is known of archives, by file name.
#[derive(Debug)]
pub(super) struct Known(ByName);

impl Known {
    /// What indexes, lists of URLs and locks say of the archives that were found. A file that cannot be
    /// read says nothing, with a warning.
    pub(super) fn gather(scans: &[Scan], locks: &[LockFile], reporter: &dyn Reporter) -> Self {
        let archives = scans.iter().flat_map(|scan| &scan.archives);
        let names = archives.map(|archive| (archive.name.clone(), Vec::new()));
        let mut known = Self(names.collect());
        for lock in locks {
            known.add_lock(lock);
        }
        let warn = |path: &Path, reason: String| {
            let text = format!("`{}` says nothing of archives: {reason}", path.display());
            reporter.warn("import::unreadable", text);
        };
        for path in scans.iter().flat_map(|scan| &scan.indexes) {
            let read = match File::open(path).at("open", path) {
                Ok(file) => repodata::read(file, &mut known.0).map_err(|error| error.to_string()),
                Err(error) => Err(error.source.to_string()),
            };
            read.unwrap_or_else(|reason| warn(path, reason));
        }
        for path in scans.iter().flat_map(|scan| &scan.urls) {
            match fs::read_to_string(path) {
                Ok(text) => text.lines().for_each(|line| known.add_url(line)),
                Err(error) => warn(path, error.to_string()),
            }
        }
        known
    }

    fn add_lock(&mut self, lock: &LockFile) {
        let closures = lock
            .platforms()
            .iter()
            .filter_map(|platform| lock.closure(*platform, &Selection::all()).ok());
        for closure in closures {
            for package in closure.packages() {
                if let Some(digests) = self.0.get_mut(&package.record.identifier.to_string()) {
                    digests.push(Digests {
                        sha256: package.sha256(),
                        md5: package.md5(),
                    });
                }
            }
        }
    }

    /// A line of `urls.txt`, which may have a digest at its end as lines of an `@EXPLICIT` list do.
    fn add_url(&mut self, line: &str) {
        let Some((url, digest)) = line.trim().split_once('#') else {
            return;
        };
        let name = url.rsplit('/').next().unwrap_or(url);
        if let Some(known) = self.0.get_mut(name) {
            known.push(Digests {
                sha256: digest
                    .strip_prefix("sha256:")
                    .and_then(|text| text.parse().ok()),
                md5: digest.parse().ok(),
            });
        }
    }

    /// Every digest that the archive may have, each once.
    pub(super) fn checksums(&self, archive: &FoundArchive) -> Vec<Checksum> {
        let listed = self.0.get(&archive.name).into_iter().flatten().copied();
        let mut checksums = Vec::new();
        for digests in beside(archive).into_iter().chain(listed) {
            if let Some(checksum) = Checksum::strongest(digests.sha256, digests.md5)
                && !checksums.contains(&checksum)
            {
                checksums.push(checksum);
            }
        }
        checksums
    }
}

/// What the extracted package beside an archive says, if it is of this archive: `.conda` and `.tar.bz2` of
/// one package are extracted to one place.
fn beside(archive: &FoundArchive) -> Option<Digests> {
    let path = archive.extracted().join("info/repodata_record.json");
    let record: Record = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let of_url = |url: &str| url.rsplit('/').next() == Some(&archive.name);
    let is_of_archive = match (&record.file_name, &record.url) {
        (Some(name), _) => *name == archive.name,
        (None, Some(url)) => of_url(url),
        (None, None) => false,
    };
    is_of_archive.then(|| record.digests())
}
