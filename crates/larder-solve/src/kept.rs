//! What larder-solve keeps between runs, as files: memos, indexes and shards. Listed, checked, removed.
//!
//! Everything here can be made or fetched again, so that removing a file costs time and nothing else.
//! Files that larder-solve did not write are neither listed nor touched.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_digest::Sha256;
use larder_fs::{PathContext as _, PathError, list_dir};

use crate::{cache, memo, scratch};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptKind {
    /// A remembered solve.
    Memo,
    /// A channel's index.
    Index,
    /// The records of one package name (CEP 16).
    Shard,
    /// What a killed process was about to write.
    LeftOver,
}

/// A file that larder-solve wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is, by its name.
    pub kind: KeptKind,
    /// Its size.
    pub bytes: u64,
    /// When it was written or last used, to a day.
    pub last_used: SystemTime,
}

/// Every file in the two directories, sorted by path. A directory that is missing holds none.
///
/// # Errors
/// If a directory cannot be read.
pub fn kept_files(indexes: &Path, memos: &Path) -> Result<Vec<KeptFile>, PathError> {
    let mut found = Vec::new();
    for path in list_dir(memos)? {
        look(path, memo_kind, &mut found);
    }
    for path in list_dir(indexes)? {
        look(path, index_kind, &mut found);
    }
    for directory in list_dir(&cache::shards(indexes))? {
        if !fs::symlink_metadata(&directory).is_ok_and(|metadata| metadata.is_dir()) {
            continue;
        }
        for path in list_dir(&directory)? {
            look(path, shard_kind, &mut found);
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Removes the scratch directories of processes that were killed. Those that are in use stay.
///
/// # Errors
/// If the directory cannot be read.
pub fn remove_dead_scratch(indexes: &Path) -> Result<(), PathError> {
    for path in list_dir(indexes)? {
        scratch::remove_if_dead(path);
    }
    Ok(())
}

impl KeptFile {
    /// Whether the file is what its name and its own digest say.
    ///
    /// # Errors
    /// What is wrong with it, as text.
    pub fn check(&self) -> Result<(), String> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Ok(metadata) if !metadata.is_file() => return Err("it is not a regular file".into()),
            _ => {}
        }
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) => return Err(format!("it cannot be read: {error}")),
        };
        let damaged = || "its bytes are not those of its digest".to_owned();
        match self.kind {
            KeptKind::Memo => memo::check(&bytes),
            KeptKind::Index => cache::is_whole(bytes).then_some(()).ok_or_else(damaged),
            KeptKind::Shard => {
                let found = cache::sha256(&bytes);
                (shard_digest(&self.path) == Some(found))
                    .then_some(())
                    .ok_or_else(damaged)
            }
            KeptKind::LeftOver => Ok(()),
        }
    }

    /// Removes it, whatever is in its place; says whether it was there.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self) -> Result<bool, PathError> {
        let is_directory = fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.is_dir());
        if is_directory {
            larder_fs::remove_tree(&self.path)?;
            return Ok(true);
        }
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).at("remove file", &self.path),
        }
    }
}

fn look(path: PathBuf, kind: fn(&Path) -> Option<KeptKind>, found: &mut Vec<KeptFile>) {
    let name = path.file_name().and_then(|name| name.to_str());
    let is_left_over =
        name.is_some_and(|name| name.starts_with(".larder-") && name.ends_with(".tmp"));
    let kind = if is_left_over {
        Some(KeptKind::LeftOver)
    } else {
        kind(&path)
    };
    // What is gone meanwhile is not there.
    let metadata = fs::symlink_metadata(&path).ok();
    if let (Some(kind), Some(metadata)) = (kind, metadata)
        && let Ok(last_used) = metadata.modified()
    {
        found.push(KeptFile {
            bytes: metadata.len(),
            path,
            kind,
            last_used,
        });
    }
}

fn memo_kind(path: &Path) -> Option<KeptKind> {
    let name = path.file_name()?.to_str()?;
    name.parse::<Sha256>().is_ok().then_some(KeptKind::Memo)
}

fn index_kind(path: &Path) -> Option<KeptKind> {
    let is_index = path.extension()? == "index";
    is_index.then_some(KeptKind::Index)
}

fn shard_kind(path: &Path) -> Option<KeptKind> {
    shard_digest(path).map(|_| KeptKind::Shard)
}

fn shard_digest(path: &Path) -> Option<Sha256> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(cache::SHARD_SUFFIX)?.parse().ok()
}
