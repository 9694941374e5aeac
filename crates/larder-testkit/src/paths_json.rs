//! What `info/` says about the files of a package: `paths.json` (CEP 34) and its forerunners
//! `files`, `has_prefix` and `no_link`.
//!
//! It describes the entries truthfully; lies are told with `PackageBuilder::info_file`.

use larder_digest::Hasher;
use serde_json::{Value, json};

use crate::tarball::RawEntry;

/// The text that stands for the prefix placeholder in the contents that tests give.
pub(crate) const PREFIX_MARK: &str = "{{PREFIX}}";

/// How a prefix placeholder is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileMode {
    Text,
    Binary,
}

impl FileMode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

/// What a package holds at one path.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    File {
        bytes: Vec<u8>,
        executable: bool,
        prefix: Option<FileMode>,
        no_link: bool,
    },
    Symlink(String),
    Directory,
}

/// One path of a package with what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) content: Content,
}

impl Entry {
    /// The entry with [`PREFIX_MARK`] replaced by `placeholder` where a prefix mode is set.
    pub(crate) fn resolved(&self, placeholder: &str) -> Self {
        let mut entry = self.clone();
        if let Content::File {
            bytes,
            prefix: Some(_),
            ..
        } = &mut entry.content
        {
            *bytes = replace(bytes, PREFIX_MARK.as_bytes(), placeholder.as_bytes());
        }
        entry
    }

    pub(crate) fn raw(&self) -> RawEntry {
        match &self.content {
            Content::File {
                bytes,
                executable: true,
                ..
            } => RawEntry::executable(bytes.clone()),
            Content::File { bytes, .. } => RawEntry::file(bytes.clone()),
            Content::Symlink(target) => RawEntry::Symlink(target.clone()),
            Content::Directory => RawEntry::Directory(0o755),
        }
    }
}

pub(crate) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

pub(crate) fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        result.extend(&rest[..at]);
        result.extend(to);
        rest = &rest[at + from.len()..];
    }
    result.extend(rest);
    result
}

/// `info/paths.json` for resolved entries, sorted by path.
pub(crate) fn paths_json(entries: &[Entry], placeholder: &str) -> Value {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Vec<Value> = sorted
        .iter()
        .map(|entry| path_entry(entry, entries, placeholder))
        .collect();
    json!({ "paths": paths, "paths_version": 1 })
}

fn path_entry(entry: &Entry, all: &[Entry], placeholder: &str) -> Value {
    let path = &entry.path;
    match &entry.content {
        Content::Directory => json!({ "_path": path, "path_type": "directory" }),
        Content::Symlink(target) => {
            let bytes = target_bytes(path, target, all);
            with_digest(json!({ "_path": path, "path_type": "softlink" }), bytes)
        }
        Content::File {
            bytes,
            prefix,
            no_link,
            ..
        } => {
            let mut value = json!({ "_path": path, "path_type": "hardlink" });
            if *no_link {
                value["no_link"] = true.into();
            }
            if let Some(mode) = prefix {
                value["file_mode"] = mode.as_str().into();
                value["prefix_placeholder"] = placeholder.into();
            }
            with_digest(value, bytes)
        }
    }
}

fn with_digest(mut value: Value, bytes: &[u8]) -> Value {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    let digests = hasher.finish();
    value["sha256"] = digests.sha256.to_hex().into();
    value["size_in_bytes"] = digests.size.into();
    value
}

/// The bytes that a symbolic link leads to inside the package, as CEP 34 wants them hashed; a link
/// that leads elsewhere counts as empty.
fn target_bytes<'a>(link: &str, target: &str, all: &'a [Entry]) -> &'a [u8] {
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    let found = all
        .iter()
        .find(|entry| entry.path == path)
        .map(|entry| &entry.content);
    match found {
        Some(Content::File { bytes, .. }) => bytes,
        _ => &[],
    }
}

/// The deprecated `info/files`, `info/has_prefix` and `info/no_link` (the last two if needed).
pub(crate) fn legacy_files(entries: &[Entry], placeholder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = String::new();
    let mut has_prefix = String::new();
    let mut no_links = String::new();
    for Entry { path, content } in entries {
        if let Content::Directory = content {
            continue;
        }
        files += &format!("{path}\n");
        if let Content::File {
            prefix, no_link, ..
        } = content
        {
            if let Some(mode) = prefix {
                has_prefix += &format!("{placeholder} {} {path}\n", mode.as_str());
            }
            if *no_link {
                no_links += &format!("{path}\n");
            }
        }
    }
    let optional = [("info/has_prefix", has_prefix), ("info/no_link", no_links)];
    let mut result = vec![("info/files".to_owned(), files.into_bytes())];
    result.extend(
        optional
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(path, text)| (path.to_owned(), text.into_bytes())),
    );
    result
}
