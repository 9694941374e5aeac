//! What each record says of a path. A path may be claimed by several packages, where one clobbered the
//! other; it is right if one of them is.

use std::collections::BTreeMap;

use larder_digest::Sha256;
use rattler_conda_types::{
    PrefixRecord,
    prefix_record::{PathType, PathsEntry},
};

use super::text;

/// What one package says of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) path: String,
    pub(super) package: String,
    pub(super) kind: Kind,
    pub(super) sha256: Option<Sha256>,
    pub(super) size: Option<u64>,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Link,
    Directory,
    /// Records of old tools list names alone.
    Anything,
}

/// Everything that is claimed, by path.
#[derive(Debug, Default)]
pub(super) struct Claims(BTreeMap<String, Vec<Claim>>);

impl Claim {
    /// As recorded; 0 where that is unknown.
    pub(super) fn bytes(&self) -> u64 {
        self.size.unwrap_or_default()
    }
}

impl Claims {
    /// Takes what a record says.
    pub(super) fn of_record(&mut self, record: &PrefixRecord) {
        let package = &record.repodata_record.package_record;
        let name = package.name.as_normalized();
        let dist = format!("{name}-{}-{}", package.version, package.build);
        for entry in &record.paths_data.paths {
            self.insert(of_entry(&dist, entry));
        }
        if record.paths_data.paths.is_empty() {
            for file in &record.files {
                self.insert(Claim {
                    path: text(file),
                    package: dist.clone(),
                    kind: Kind::Anything,
                    sha256: None,
                    size: None,
                });
            }
        }
    }

    pub(super) fn insert(&mut self, claim: Claim) {
        self.0.entry(claim.path.clone()).or_default().push(claim);
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// What `package` says a path holds.
    pub(super) fn digest(&self, path: &str, package: &str) -> Option<Sha256> {
        let mut claims = self.0.get(path)?.iter();
        claims.find(|claim| claim.package == package)?.sha256
    }

    /// One after the other, those of one path together.
    pub(super) fn sorted(&self) -> Vec<&Claim> {
        self.0.values().flatten().collect()
    }
}

fn of_entry(dist: &str, entry: &PathsEntry) -> Claim {
    let kind = match entry.path_type {
        PathType::SoftLink => Kind::Link,
        PathType::Directory => Kind::Directory,
        _ => Kind::File,
    };
    // Other tools give the size in the package, not that of the file with the prefix in it.
    let is_rewritten = entry.sha256_in_prefix.is_some() && entry.sha256_in_prefix != entry.sha256;
    let recorded = entry.sha256_in_prefix.or(entry.sha256);
    Claim {
        path: text(&entry.relative_path),
        package: dist.to_owned(),
        kind,
        sha256: recorded.and_then(|digest| Sha256::from_slice(&digest).ok()),
        size: entry.size_in_bytes.filter(|_| !is_rewritten),
    }
}
