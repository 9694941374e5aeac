//! What has changed from one lock to another, package by package, for people and for programs.
//!
//! Compares what is installed: another order, another format or a package's metadata is no change.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use rattler_conda_types::Subdir;
use serde::Serialize;

use crate::{
    LockFile, address,
    file::{Content, LockEntry},
};

/// The differences between two locks. As JSON:
///
/// ```json
/// {
///   "channels": { "old": ["https://..."], "new": ["https://..."] },
///   "platforms": [
///     {
///       "platform": "linux-64",
///       "locked": "both",
///       "added": [{ "name": "zlib", "manager": "conda", "category": "main",
///                   "version": "1.3.1", "build": "h0_0", "channel": "https://...", "hash": "sha256:..." }],
///       "removed": [],
///       "changed": [{ "name": "numpy", "manager": "conda", "category": "main",
///                     "old": { "version": "1.26.4", "build": "py311_0", "channel": "https://...", "hash": "sha256:..." },
///                     "new": { "version": "2.1.0", "build": "py311_1", "channel": "https://...", "hash": "sha256:..." } }]
///     }
///   ]
/// }
/// ```
///
/// `channels` is `null` if they are the same. `platforms` has only those that differ, sorted; `locked`
/// is `old`, `new` or `both`, after the locks that the platform is in. The packages of each list are
/// sorted by name. `manager` is `conda` or `pip`; `build`, `channel` and `hash` may be `null`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LockDiff {
    /// The channels, if they or their order differ.
    pub channels: Option<Channels>,
    /// The platforms that differ, sorted.
    pub platforms: Vec<PlatformDiff>,
}

/// The channels of both locks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Channels {
    /// Base URLs, in order.
    pub old: Vec<String>,
    /// Base URLs, in order.
    pub new: Vec<String>,
}

/// The differences on one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlatformDiff {
    /// The platform.
    pub platform: Subdir,
    /// Which of the locks are for it.
    pub locked: Presence,
    /// Packages of the new lock alone, sorted by name.
    pub added: Vec<Listed>,
    /// Packages of the old lock alone, sorted by name.
    pub removed: Vec<Listed>,
    /// Packages of both locks that differ, sorted by name.
    pub changed: Vec<Change>,
}

/// Which of two locks have a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// The old one.
    Old,
    /// The new one.
    New,
    /// Both.
    Both,
}

/// A package that is in one of the locks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The package name.
    pub name: String,
    /// `conda` or `pip`.
    pub manager: &'static str,
    /// The category (CEP 37).
    pub category: String,
    /// What is locked.
    #[serde(flatten)]
    pub package: PackageSide,
}

/// A package that is in both locks and not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The package name.
    pub name: String,
    /// `conda` or `pip`.
    pub manager: &'static str,
    /// The category (CEP 37).
    pub category: String,
    /// As in the old lock.
    pub old: PackageSide,
    /// As in the new lock.
    pub new: PackageSide,
}

/// What one lock says of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageSide {
    /// The version.
    pub version: String,
    /// The build string; none for pip.
    pub build: Option<String>,
    /// The base URL of the channel, if the lock or the package's URL says it; none for pip.
    pub channel: Option<String>,
    /// `sha256:<hex>` or `md5:<hex>` of the archive, the best that both locks have.
    pub hash: Option<String>,
}

impl LockFile {
    /// What has changed from `old` to `new`.
    pub fn diff(old: &Self, new: &Self) -> LockDiff {
        let urls = |lock: &Self| {
            address::base_url_list(lock.channels.iter().map(|channel| channel.url.as_str()))
        };
        let channels = Channels {
            old: urls(old),
            new: urls(new),
        };
        let platforms: BTreeSet<Subdir> = old
            .platforms
            .iter()
            .chain(&new.platforms)
            .copied()
            .collect();
        LockDiff {
            channels: (channels.old != channels.new).then_some(channels),
            platforms: platforms
                .into_iter()
                .filter_map(|platform| of_platform(old, new, platform))
                .collect(),
        }
    }
}

impl LockDiff {
    /// Whether both locks install the same from the same channels.
    pub fn is_empty(&self) -> bool {
        self.channels.is_none() && self.platforms.is_empty()
    }
}

type Key<'a> = (&'a str, &'static str, &'a str);

fn of_platform(old: &LockFile, new: &LockFile, platform: Subdir) -> Option<PlatformDiff> {
    let has = |lock: &LockFile| lock.platforms.contains(&platform);
    let locked = match (has(old), has(new)) {
        (true, true) => Presence::Both,
        (true, false) => Presence::Old,
        _ => Presence::New,
    };
    let mut diff = PlatformDiff {
        platform,
        locked,
        added: Vec::new(),
        removed: Vec::new(),
        changed: Vec::new(),
    };
    let (old, new) = (entries(old, platform), entries(new, platform));
    let keys: BTreeSet<&Key<'_>> = old.keys().chain(new.keys()).collect();
    for key in keys {
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) => diff.changed.extend(change(old, new)),
            (Some(old), None) => diff.removed.push(listed(old)),
            (None, Some(new)) => diff.added.push(listed(new)),
            (None, None) => {}
        }
    }
    let same = diff.added.is_empty() && diff.removed.is_empty() && diff.changed.is_empty();
    (!same || locked != Presence::Both).then_some(diff)
}

fn entries(lock: &LockFile, platform: Subdir) -> BTreeMap<Key<'_>, &LockEntry> {
    let entries = lock.packages.iter();
    entries
        .filter(|entry| entry.platform == platform)
        .map(|entry| ((entry.name(), entry.manager(), &*entry.category), entry))
        .collect()
}

fn listed(entry: &LockEntry) -> Listed {
    let (sha256, md5) = hashes(entry);
    Listed {
        name: entry.name().to_owned(),
        manager: entry.manager(),
        category: entry.category.clone(),
        package: side(entry, sha256.or(md5)),
    }
}

fn change(old: &LockEntry, new: &LockEntry) -> Option<Change> {
    let ((old_sha256, old_md5), (new_sha256, new_md5)) = (hashes(old), hashes(new));
    // What only one of the locks says is no difference.
    let (old_hash, new_hash) = match (old_sha256, new_sha256) {
        (Some(old), Some(new)) => (Some(old), Some(new)),
        _ => old_md5.zip(new_md5).unzip(),
    };
    let (mut old_side, mut new_side) = (side(old, old_hash), side(new, new_hash));
    if old_side.channel.is_none() || new_side.channel.is_none() {
        (old_side.channel, new_side.channel) = (None, None);
    }
    (old_side != new_side).then(|| Change {
        name: old.name().to_owned(),
        manager: old.manager(),
        category: old.category.clone(),
        old: old_side,
        new: new_side,
    })
}

/// SHA-256 and MD5.
fn hashes(entry: &LockEntry) -> (Option<String>, Option<String>) {
    let (sha256, md5) = match &entry.content {
        Content::Conda(package) => (package.sha256(), package.md5()),
        Content::Pip(package) => (package.sha256, package.md5),
    };
    (
        sha256.map(|digest| format!("sha256:{}", digest.to_hex())),
        md5.map(|digest| format!("md5:{}", digest.to_hex())),
    )
}

fn side(entry: &LockEntry, hash: Option<String>) -> PackageSide {
    match &entry.content {
        Content::Conda(package) => {
            let record = &package.record.package_record;
            PackageSide {
                version: record.version.as_str().into_owned(),
                build: Some(record.build.as_str().to_owned()),
                channel: package
                    .record
                    .channel
                    .as_deref()
                    .map(|channel| address::clean(channel).url),
                hash,
            }
        }
        Content::Pip(package) => PackageSide {
            version: package.version.clone(),
            build: None,
            channel: None,
            hash,
        },
    }
}

#[cfg(test)]
mod tests;
