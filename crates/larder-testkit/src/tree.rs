//! Packages from readable trees in `fixtures/`: `index.json` beside `files/`.
//!
//! The tree says everything by its shape: the executable bit, symbolic links, and `{{PREFIX}}` where
//! the prefix goes. A directory of the package itself holds just `.empty-directory`, because git
//! keeps no empty ones. The tree is never written to.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::must;
use crate::package::PackageBuilder;
use crate::paths_json::{PREFIX_MARK, contains};

const EMPTY_DIRECTORY: &str = ".empty-directory";

impl PackageBuilder {
    /// Reads `index.json` (name, version, build and any other key), the files under `files/` and,
    /// if there, `link.json`. A file with `{{PREFIX}}` in it holds a prefix: text, or binary if it
    /// has a NUL byte. Anything else in `dir` (a README) is not part of the package.
    pub fn from_tree(dir: &Path) -> Self {
        let index = read_json(&dir.join("index.json"));
        let text = |key: &str| match &index[key] {
            Value::String(text) => text.clone(),
            other => panic!(
                "{}/index.json: {key} is {other}, not a string",
                dir.display()
            ),
        };
        let mut builder = Self::new(&text("name"), &text("version"), &text("build"));
        for (key, value) in index.as_object().into_iter().flatten() {
            builder = index_key(builder, key, value);
        }
        let link = dir.join("link.json");
        if link.exists() {
            builder = builder.info_file("info/link.json", read(&link));
        }
        add_directory(builder, &dir.join("files"), "")
    }
}

fn index_key(builder: PackageBuilder, key: &str, value: &Value) -> PackageBuilder {
    match (key, value) {
        ("name" | "version" | "build", _) => builder,
        ("subdir", Value::String(subdir)) => builder.subdir(subdir),
        ("noarch", Value::String(kind)) if kind == "generic" => builder.noarch_generic(),
        ("noarch", Value::String(kind)) if kind == "python" => builder.noarch_python(),
        (key, value) => builder.index_extra(key, value.clone()),
    }
}

fn add_directory(mut builder: PackageBuilder, dir: &Path, relative: &str) -> PackageBuilder {
    let listing = must(fs::read_dir(dir), format_args!("list {}", dir.display()));
    let mut names: Vec<String> = listing
        .map(|entry| {
            must(entry, "list a fixture")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    let empty = names.iter().all(|name| name == EMPTY_DIRECTORY);
    if empty && !relative.is_empty() {
        return builder.directory(relative);
    }
    for name in names {
        let path = if relative.is_empty() {
            name.clone()
        } else {
            format!("{relative}/{name}")
        };
        builder = add_path(builder, &dir.join(name), &path);
    }
    builder
}

fn add_path(builder: PackageBuilder, source: &Path, path: &str) -> PackageBuilder {
    let metadata = must(
        fs::symlink_metadata(source),
        format_args!("inspect {}", source.display()),
    );
    if metadata.is_symlink() {
        let target = must(fs::read_link(source), "read a link");
        return builder.symlink(path, &target.to_string_lossy());
    }
    if metadata.is_dir() {
        return add_directory(builder, source, path);
    }
    let content = read(source);
    let executable = is_executable(&metadata);
    if !contains(&content, PREFIX_MARK.as_bytes()) {
        return if executable {
            builder.executable(path, content)
        } else {
            builder.file(path, content)
        };
    }
    match (content.contains(&0), executable) {
        (true, _) => builder.binary_prefix(path, content),
        (false, true) => builder.executable_text_prefix(path, content),
        (false, false) => builder.text_prefix(path, content),
    }
}

fn read(path: &Path) -> Vec<u8> {
    must(fs::read(path), format_args!("read {}", path.display()))
}

fn read_json(path: &Path) -> Value {
    must(
        serde_json::from_slice(&read(path)),
        format_args!("parse {}", path.display()),
    )
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &fs::Metadata) -> bool {
    false
}
