//! What is in an environment and in no record.

use std::{fs, path::Path};

use larder_fs::{PathContext as _, PathError};

use super::{claim::Claims, text};
use crate::{platform_record::is_platform_record, update::SAVED};

const CONDA_META: &str = "conda-meta";

/// Files and links below `prefix` that nobody claims, sorted. Directories are their files.
pub(super) fn find(prefix: &Path, claims: &Claims) -> Result<Vec<String>, PathError> {
    let mut extra = Vec::new();
    let mut directories = vec![prefix.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).at("read directory", &directory)? {
            let entry = entry.at("read directory", &directory)?;
            let path = entry.path();
            let kind = entry.file_type().at("read metadata of", &path)?;
            let Ok(relative) = path.strip_prefix(prefix).map(text) else {
                continue;
            };
            if kind.is_dir() {
                if !is_of_others(&path, &relative) {
                    directories.push(path);
                }
            } else if !claims.contains(&relative)
                && !is_bytecode(&relative)
                && !is_platform_record(&path, &relative)
            {
                extra.push(relative);
            }
        }
    }
    extra.sort();
    Ok(extra)
}

/// `conda-meta` is every tool's own, updates keep aside what they found changed, an environment inside has records of its own.
fn is_of_others(path: &Path, relative: &str) -> bool {
    [CONDA_META, SAVED].contains(&relative) || path.join("conda-meta").join("history").is_file()
}

/// Python writes bytecode as it likes.
fn is_bytecode(path: &str) -> bool {
    path.ends_with(".pyc") && path.contains("__pycache__/")
}
