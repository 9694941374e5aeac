//! What a package cache holds. Follows no link and opens no archive.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_fs::{PathContext as _, PathError};
use larder_store::ObjectKind;

/// mamba's caches have scheme, host, up to a few parts of a channel, and subdir above an archive.
const DEEPEST: usize = 10;

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) archives: Vec<FoundArchive>,
    /// Extracted packages, without those whose archive is there as well.
    pub(super) extracted: Vec<PathBuf>,
    /// Files that may be a channel's index.
    pub(super) indexes: Vec<PathBuf>,
    /// `urls.txt` and `urls`.
    pub(super) urls: Vec<PathBuf>,
}

/// An archive, as far as its name and size tell.
#[derive(Debug, Clone)]
pub(super) struct FoundArchive {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) kind: ObjectKind,
    pub(super) size: u64,
}

impl FoundArchive {
    /// Where the package is if it was extracted.
    pub(super) fn extracted(&self) -> PathBuf {
        self.path.with_file_name(stem(&self.name, self.kind))
    }
}

/// A file name without its extension.
pub(super) fn stem(name: &str, kind: ObjectKind) -> &str {
    let stem = name.strip_suffix(kind.extension()).unwrap_or(name);
    stem.strip_suffix('.').unwrap_or(stem)
}

/// Looks through a package cache, or any directory of archives.
///
/// # Errors
/// If a directory cannot be read.
pub(super) fn scan(directory: &Path) -> Result<Scan, PathError> {
    let mut scan = Scan::default();
    scan.visit(directory, 0)?;
    scan.archives.sort_by(|a, b| a.path.cmp(&b.path));
    let archives: Vec<PathBuf> = scan.archives.iter().map(FoundArchive::extracted).collect();
    scan.extracted.retain(|path| !archives.contains(path));
    scan.extracted.sort();
    Ok(scan)
}

impl Scan {
    fn visit(&mut self, directory: &Path, depth: usize) -> Result<(), PathError> {
        for entry in fs::read_dir(directory).at("read directory", directory)? {
            let entry = entry.at("read directory", directory)?;
            let path = entry.path();
            let metadata = entry.metadata().at("read metadata of", &path)?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            if metadata.is_dir() {
                self.directory(&path, &name, depth)?;
            } else if metadata.is_file() {
                self.file(path, name, metadata.len());
            }
        }
        Ok(())
    }

    fn directory(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), PathError> {
        let is_package = path.join("info/index.json").is_file();
        if is_package {
            self.extracted.push(path.to_owned());
        } else if depth < DEEPEST && !name.starts_with('.') {
            self.visit(path, depth + 1)?;
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, name: String, size: u64) {
        let is_in_cache = || {
            path.parent()
                .is_some_and(|parent| parent.ends_with("cache"))
        };
        match ObjectKind::from_file_name(&name) {
            Some(kind @ (ObjectKind::Conda | ObjectKind::TarBz2)) => {
                self.archives.push(FoundArchive {
                    path,
                    name,
                    kind,
                    size,
                });
            }
            _ if name == "urls.txt" || name == "urls" => self.urls.push(path),
            _ if name == "repodata.json" => self.indexes.push(path),
            // conda and mamba keep notes on their indexes beside them.
            _ if name.ends_with(".json")
                && !name.ends_with(".info.json")
                && !name.ends_with(".state.json")
                && is_in_cache() =>
            {
                self.indexes.push(path);
            }
            _ => {}
        }
    }
}
