//! A directory as text, so that two environments can be compared with `assert_eq!`.
//!
//! Times, owners and inode numbers are left out on purpose; nothing is followed or changed.

use std::fs;
use std::path::Path;

use larder_digest::Hasher;
use serde_json::Value;

use crate::must;

/// One line for each path under `dir`, sorted by path: `dir 0755 share`, `link bin/sh -> bash`,
/// `file 0644 etc/x sha256:...`. Other kinds (pipes, sockets) are `other`.
pub fn tree_of(dir: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    visit(dir, "", &mut lines);
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// An environment as [`tree_of`] has it, but its records in full, without how their files arrived, and
/// without larder's memory of the run: what must not depend on the way it was made.
pub fn environment_of(prefix: &Path) -> Vec<String> {
    let mut lines = tree_of(prefix);
    lines.retain(|line| !line.contains(" conda-meta/"));
    let meta = prefix.join("conda-meta");
    for entry in must(fs::read_dir(&meta), format_args!("list {}", meta.display())) {
        let path = must(entry, "list conda-meta").path();
        if path.ends_with("larder") {
            continue;
        }
        let text = must(
            fs::read_to_string(&path),
            format_args!("read {}", path.display()),
        );
        lines.push(format!("{}: {}", path.display(), without_link_type(text)));
    }
    lines.sort();
    lines
}

fn without_link_type(text: String) -> String {
    let Ok(mut record) = serde_json::from_str::<Value>(&text) else {
        return text;
    };
    if let Some(link) = record.get_mut("link") {
        link["type"] = Value::Null;
    }
    record.to_string()
}

fn visit(dir: &Path, relative: &str, lines: &mut Vec<(String, String)>) {
    let listing = must(fs::read_dir(dir), format_args!("list {}", dir.display()));
    for entry in listing {
        let entry = must(entry, format_args!("list {}", dir.display()));
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if relative.is_empty() {
            name
        } else {
            format!("{relative}/{name}")
        };
        lines.push((path.clone(), line(&entry.path(), &path)));
        if must(entry.file_type(), "inspect a path").is_dir() {
            visit(&entry.path(), &path, lines);
        }
    }
}

fn line(full: &Path, path: &str) -> String {
    let metadata = must(
        fs::symlink_metadata(full),
        format_args!("inspect {}", full.display()),
    );
    if metadata.is_symlink() {
        let target = must(fs::read_link(full), format_args!("read {}", full.display()));
        return format!("link {path} -> {}", target.display());
    }
    let mode = mode(&metadata);
    if metadata.is_dir() {
        return format!("dir {mode:04o} {path}");
    }
    if !metadata.is_file() {
        return format!("other {mode:04o} {path}");
    }
    let mut hasher = Hasher::sha256();
    hasher.update(&must(
        fs::read(full),
        format_args!("read {}", full.display()),
    ));
    format!(
        "file {mode:04o} {path} sha256:{}",
        hasher.finish().sha256.to_hex()
    )
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(metadata: &fs::Metadata) -> u32 {
    if metadata.permissions().readonly() {
        0o444
    } else {
        0o644
    }
}
