//! Channels in a directory: archives, and the indexes that describe them (CEP 36, CEP 16).
//!
//! `noarch` is always written, even if empty. A channel is written once and never read back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use url::Url;

use crate::archive::compress_zstd;
use crate::build::BuiltPackage;
use crate::must;
use crate::shards::write_shards;

/// An index file of a subdir.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Index {
    /// `repodata.json`.
    Plain,
    /// `repodata.json.zst`.
    Zst,
    /// `repodata_shards.msgpack.zst` and `shards/`.
    Sharded,
}

/// A channel being described; [`ChannelBuilder::write`] puts it on disk.
#[derive(Debug, Clone)]
#[must_use]
pub struct ChannelBuilder {
    packages: Vec<BuiltPackage>,
    indexes: BTreeSet<Index>,
    removed: BTreeSet<String>,
    subdirs: BTreeSet<String>,
    info: Vec<(String, String, Value)>,
    top_level: Vec<(String, String, Value)>,
}

/// A channel on disk.
#[derive(Debug, Clone)]
pub struct LocalChannel {
    /// The directory that holds the subdirs.
    pub path: PathBuf,
}

impl Default for ChannelBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ChannelBuilder {
    /// A channel without packages, to be written with all three indexes.
    pub fn new() -> Self {
        Self {
            packages: Vec::new(),
            indexes: BTreeSet::from([Index::Plain, Index::Zst, Index::Sharded]),
            removed: BTreeSet::new(),
            subdirs: BTreeSet::from(["noarch".to_owned()]),
            info: Vec::new(),
            top_level: Vec::new(),
        }
    }

    /// Adds a package.
    pub fn package(mut self, package: BuiltPackage) -> Self {
        let known = self
            .packages
            .iter()
            .any(|other| other.file_name == package.file_name && other.subdir == package.subdir);
        assert!(
            !known,
            "{}/{} is already there",
            package.subdir, package.file_name
        );
        self.subdirs.insert(package.subdir.clone());
        self.packages.push(package);
        self
    }

    /// Adds packages.
    pub fn packages(self, packages: impl IntoIterator<Item = BuiltPackage>) -> Self {
        packages.into_iter().fold(self, Self::package)
    }

    /// Writes just these indexes.
    pub fn indexes(mut self, indexes: &[Index]) -> Self {
        self.indexes = indexes.iter().copied().collect();
        self
    }

    /// Writes this subdir even if no package is in it.
    pub fn subdir(mut self, subdir: &str) -> Self {
        self.subdirs.insert(subdir.to_owned());
        self
    }

    /// Patches the record of a package that is already there, as channels do: the archive keeps
    /// its own `index.json`.
    pub fn patch(mut self, file_name: &str, change: impl FnOnce(&mut Value)) -> Self {
        let found = self
            .packages
            .iter_mut()
            .find(|package| package.file_name == file_name);
        let package = found.unwrap_or_else(|| panic!("patch: no package {file_name} was added"));
        change(&mut package.record);
        self
    }

    /// Takes a package out of the index and lists it under `removed`. Its archive stays.
    pub fn removed(mut self, file_name: &str) -> Self {
        let known = self
            .packages
            .iter()
            .any(|package| package.file_name == file_name);
        assert!(known, "removed: no package {file_name} was added");
        self.removed.insert(file_name.to_owned());
        self
    }

    /// Sets a key of `info` (of the plain and the sharded index) of a subdir.
    pub fn info(self, subdir: &str, key: &str, value: Value) -> Self {
        let mut channel = self.subdir(subdir);
        channel
            .info
            .push((subdir.to_owned(), key.to_owned(), value));
        channel
    }

    /// Sets a key beside `packages` in a subdir, for example `v3`, whose records go to their shards
    /// as well.
    pub fn top_level(self, subdir: &str, key: &str, value: Value) -> Self {
        let mut channel = self.subdir(subdir);
        channel
            .top_level
            .push((subdir.to_owned(), key.to_owned(), value));
        channel
    }

    /// Writes the channel into `dir`, which is created.
    pub fn write(self, dir: &Path) -> LocalChannel {
        for subdir in &self.subdirs {
            let target = dir.join(subdir);
            must(
                fs::create_dir_all(&target),
                format_args!("create {}", target.display()),
            );
            for package in self
                .packages
                .iter()
                .filter(|package| &package.subdir == subdir)
            {
                write(&target.join(&package.file_name), &package.bytes);
            }
            self.write_indexes(&target, subdir);
        }
        let path = must(
            fs::canonicalize(dir),
            format_args!("resolve {}", dir.display()),
        );
        LocalChannel { path }
    }

    fn write_indexes(&self, dir: &Path, subdir: &str) {
        let repodata = self.repodata(subdir);
        let text = must(serde_json::to_vec_pretty(&repodata), "write repodata");
        if self.indexes.contains(&Index::Plain) {
            write(&dir.join("repodata.json"), &text);
        }
        if self.indexes.contains(&Index::Zst) {
            write(&dir.join("repodata.json.zst"), &compress_zstd(&text));
        }
        if self.indexes.contains(&Index::Sharded) {
            write_shards(dir, &repodata, &self.removed_of(subdir));
        }
    }

    /// Name of the package and file name of what was removed from a subdir.
    fn removed_of(&self, subdir: &str) -> Vec<(String, String)> {
        let removed = self.packages.iter().filter(|package| {
            package.subdir == subdir && self.removed.contains(&package.file_name)
        });
        let name = |package: &BuiltPackage| package.record["name"].as_str().map(str::to_owned);
        removed
            .map(|package| (name(package).unwrap_or_default(), package.file_name.clone()))
            .collect()
    }

    fn repodata(&self, subdir: &str) -> Value {
        let mut groups: BTreeMap<&str, Map<String, Value>> =
            BTreeMap::from([("packages", Map::new()), ("packages.conda", Map::new())]);
        let mut packages: Vec<_> = self
            .packages
            .iter()
            .filter(|p| p.subdir == subdir)
            .collect();
        packages.sort_by(|a, b| a.file_name.cmp(&b.file_name));
        for package in packages {
            if !self.removed.contains(&package.file_name) {
                let conda = package.file_name.ends_with(".conda");
                let group = if conda { "packages.conda" } else { "packages" };
                let files = groups.entry(group).or_default();
                files.insert(package.file_name.clone(), package.record.clone());
            }
        }
        let removed: Vec<String> = self
            .removed_of(subdir)
            .into_iter()
            .map(|(_, file)| file)
            .collect();
        let mut repodata = json!({
            "info": { "subdir": subdir },
            "packages": groups["packages"],
            "packages.conda": groups["packages.conda"],
            "removed": removed,
            "repodata_version": 1,
        });
        self.add_extras(subdir, &mut repodata);
        repodata
    }

    fn add_extras(&self, subdir: &str, repodata: &mut Value) {
        for (_, key, value) in self.info.iter().filter(|(of, ..)| of == subdir) {
            repodata["info"][key] = value.clone();
            if key == "base_url" {
                // CEP 15: `base_url` exists from version 2 on.
                repodata["repodata_version"] = 2.into();
            }
        }
        for (_, key, value) in self.top_level.iter().filter(|(of, ..)| of == subdir) {
            repodata[key] = value.clone();
        }
    }
}

impl LocalChannel {
    /// The `file://` URL of the channel, without a slash at the end.
    pub fn url(&self) -> String {
        let url = Url::from_file_path(&self.path);
        let url = url.unwrap_or_else(|()| panic!("{} is not absolute", self.path.display()));
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// The path of a file in a subdir.
    pub fn file(&self, subdir: &str, file_name: &str) -> PathBuf {
        self.path.join(subdir).join(file_name)
    }
}

fn write(path: &Path, bytes: &[u8]) {
    must(
        fs::write(path, bytes),
        format_args!("write {}", path.display()),
    );
}
