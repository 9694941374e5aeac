//! From the description of a package to its archive, its `info/` files and its repodata record.
//!
//! What `info/` says is true unless the test replaced it. The same description always gives the
//! same bytes.

use larder_digest::{Hasher, Md5};
use serde_json::{Map, Value, json};

use crate::archive::{conda_members, tar_bz2_archive};
use crate::package::PackageBuilder;
use crate::paths_json::{Entry, legacy_files, paths_json};
use crate::tarball::RawEntry;
use crate::zipfile::{ZipMember, zip};

/// The archive format of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Version 2, `.conda`.
    Conda,
    /// Version 1, `.tar.bz2`.
    TarBz2,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Self::Conda => ".conda",
            Self::TarBz2 => ".tar.bz2",
        }
    }
}

/// A finished archive with what a channel says about it.
#[derive(Debug, Clone)]
pub struct BuiltPackage {
    /// `name-version-build` with the extension.
    pub file_name: String,
    /// The bytes of the archive.
    pub bytes: Vec<u8>,
    /// The sha256 of the bytes, as hexadecimal text.
    pub sha256: String,
    /// The md5 of the bytes, as hexadecimal text.
    pub md5: String,
    /// The subdir that the archive belongs in.
    pub subdir: String,
    /// The repodata record.
    pub record: Value,
}

impl BuiltPackage {
    /// The same package with other archive bytes: digests and size are those of the new bytes.
    #[must_use]
    pub fn with_bytes(mut self, bytes: Vec<u8>) -> Self {
        let mut hasher = Hasher::sha256();
        hasher.update(&bytes);
        let digests = hasher.finish();
        self.sha256 = digests.sha256.to_hex();
        self.md5 = Md5::of(&bytes).to_hex();
        self.record["md5"] = self.md5.clone().into();
        self.record["sha256"] = self.sha256.clone().into();
        self.record["size"] = digests.size.into();
        self.bytes = bytes;
        self
    }
}

impl PackageBuilder {
    /// `name-version-build`.
    pub fn stem(&self) -> String {
        format!("{}-{}-{}", self.name, self.version, self.build)
    }

    /// Makes the archive and its record.
    pub fn build(self, format: Format) -> BuiltPackage {
        let bytes = match format {
            Format::Conda => zip(&self.conda_members()),
            Format::TarBz2 => tar_bz2_archive(&self.tar_entries()),
        };
        let unhashed = BuiltPackage {
            file_name: self.stem() + format.extension(),
            bytes: Vec::new(),
            sha256: String::new(),
            md5: String::new(),
            subdir: self.subdir.clone(),
            record: self.index_json(),
        };
        unhashed.with_bytes(bytes)
    }

    /// The members of the `.conda` archive, to be broken and given to [`zip`](crate::zip()).
    pub fn conda_members(&self) -> Vec<ZipMember> {
        conda_members(&self.stem(), &self.info_entries(), &self.package_entries())
    }

    /// All tar entries of the `.tar.bz2` archive, to be broken and given to
    /// [`tar_bz2_archive`].
    pub fn tar_entries(&self) -> Vec<(String, RawEntry)> {
        let (info, package) = (self.info_entries(), self.package_entries());
        if self.info_last {
            [package, info].concat()
        } else {
            [info, package].concat()
        }
    }

    /// The tar entries under `info/`.
    pub fn info_entries(&self) -> Vec<(String, RawEntry)> {
        let files = self.info_files().into_iter();
        let mut entries: Vec<_> = files
            .map(|(path, content)| (path, RawEntry::file(content)))
            .collect();
        entries.extend(
            self.raw
                .iter()
                .filter(|(path, _)| path.starts_with("info/"))
                .cloned(),
        );
        entries
    }

    /// The tar entries outside `info/`.
    pub fn package_entries(&self) -> Vec<(String, RawEntry)> {
        let mut entries: Vec<_> = self
            .resolved()
            .into_iter()
            .map(|entry| (entry.path.clone(), entry.raw()))
            .collect();
        entries.extend(
            self.raw
                .iter()
                .filter(|(path, _)| !path.starts_with("info/"))
                .cloned(),
        );
        entries
    }

    fn resolved(&self) -> Vec<Entry> {
        self.entries
            .iter()
            .map(|entry| entry.resolved(&self.placeholder))
            .collect()
    }

    fn info_files(&self) -> Vec<(String, Vec<u8>)> {
        let entries = self.resolved();
        let mut files = vec![
            ("info/index.json".to_owned(), pretty(&self.index_json())),
            (
                "info/paths.json".to_owned(),
                pretty(&paths_json(&entries, &self.placeholder)),
            ),
            (
                "info/about.json".to_owned(),
                pretty(&json!({ "summary": self.name })),
            ),
        ];
        files.extend(legacy_files(&entries, &self.placeholder));
        if let Some(link) = self.link_json() {
            files.push(("info/link.json".to_owned(), pretty(&link)));
        }
        for (path, change) in &self.info_changes {
            files.retain(|(known, _)| known != path);
            files.extend(change.iter().map(|content| (path.clone(), content.clone())));
        }
        files
    }

    fn index_json(&self) -> Value {
        let mut index = Map::new();
        index.insert("build".to_owned(), self.build.as_str().into());
        index.insert("build_number".to_owned(), self.build_number.into());
        if !self.constrains.is_empty() {
            index.insert("constrains".to_owned(), self.constrains.clone().into());
        }
        index.insert("depends".to_owned(), self.depends.clone().into());
        index.insert("license".to_owned(), "MIT".into());
        index.insert("name".to_owned(), self.name.as_str().into());
        if let Some(noarch) = self.noarch {
            index.insert("noarch".to_owned(), noarch.into());
        }
        index.insert("subdir".to_owned(), self.subdir.as_str().into());
        index.insert("timestamp".to_owned(), self.timestamp_ms.into());
        index.insert("version".to_owned(), self.version.as_str().into());
        for (key, value) in &self.index_extra {
            match value {
                Value::Null => index.shift_remove(key),
                value => index.insert(key.clone(), value.clone()),
            };
        }
        Value::Object(index)
    }

    fn link_json(&self) -> Option<Value> {
        let points = &self.entry_points;
        let python = self.noarch == Some("python");
        assert!(
            points.is_empty() || python,
            "{}: entry points need noarch_python()",
            self.name
        );
        let mut noarch = json!({ "type": self.noarch? });
        if !points.is_empty() {
            noarch["entry_points"] = points.clone().into();
        }
        Some(json!({ "noarch": noarch, "package_metadata_version": 1 }))
    }
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("JSON values can be written");
    text.push(b'\n');
    text
}
