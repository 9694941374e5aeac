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
use larder_fs::{PathError, RootedDir};

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
    let memo_root = store_of(memos);
    for path in memo_root.list(memos)? {
        look(&memo_root, path, memo_kind, &mut found);
    }
    let index_root = store_of(indexes);
    for path in index_root.list(indexes)? {
        look(&index_root, path, index_kind, &mut found);
    }
    for directory in index_root.list(&cache::shards(indexes))? {
        for path in index_root.list(&directory)? {
            look(&index_root, path, shard_kind, &mut found);
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
    for path in store_of(indexes).list(indexes)? {
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
        let bytes = match cache::read_file(&self.path, cache::MOST_KEPT_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => return Err(format!("it cannot be read: {}", error.source)),
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
        let root = root_of(&self.path, self.kind);
        let status = match root.status(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            status => status?,
        };
        if status.is_dir {
            root.remove_tree(&self.path)?;
            return Ok(true);
        }
        match root.remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The store that a directory of memos or indexes is in: no link below it is followed, the directory itself
/// included, as both may come out of a restored cache.
fn store_of(directory: &Path) -> RootedDir {
    RootedDir::new(directory.parent().unwrap_or(directory))
}

/// The store that a file is in, by how deep files of its kind are.
fn root_of(path: &Path, kind: KeptKind) -> RootedDir {
    let depth = match kind {
        // `repodata/shards/ab/<name>`; left-overs can be there as well.
        KeptKind::Shard => 4,
        KeptKind::LeftOver if is_in_shards(path) => 4,
        KeptKind::Memo | KeptKind::Index | KeptKind::LeftOver => 2,
    };
    RootedDir::new(path.ancestors().nth(depth).unwrap_or(path))
}

fn is_in_shards(path: &Path) -> bool {
    let directory = path.ancestors().nth(2);
    directory.is_some_and(|directory| {
        *directory == cache::shards(directory.parent().unwrap_or(directory))
    })
}

fn look(
    root: &RootedDir,
    path: PathBuf,
    kind: fn(&Path) -> Option<KeptKind>,
    found: &mut Vec<KeptFile>,
) {
    let name = path.file_name().and_then(|name| name.to_str());
    let is_left_over =
        name.is_some_and(|name| name.starts_with(".larder-") && name.ends_with(".tmp"));
    let kind = if is_left_over {
        Some(KeptKind::LeftOver)
    } else {
        kind(&path)
    };
    // What is gone meanwhile is not there.
    if let (Some(kind), Ok(status)) = (kind, root.status(&path)) {
        found.push(KeptFile {
            bytes: status.size,
            path,
            kind,
            last_used: status.modified,
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
