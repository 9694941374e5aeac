//! What the cache holds on disk.
//!
//! `<first 32 digits of the URL's sha256>.index`: one line of JSON ([`IndexHead`]), then the body as it
//! arrived. `shards/ab/<sha256>.msgpack.zst`: a shard's bytes as they arrived. Both are written beside their
//! place and renamed, and hashed when they are read.
//!
//! **Nothing here is proof of where a file comes from**: the directory may be restored from a cache that
//! others write. Whether an index is a channel's is decided by [`crate::MachineRecords`]; a shard is named by
//! the digest that such an index gives. What cannot be used (damaged, too large, a link, a FIFO) is absent.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_digest::{Hasher, Sha256};
use larder_fs::{
    Durability, PathContext as _, PathError, create_shared_dir, mark_used, open_regular,
    remove_tree, share_file, write_atomic,
};
use larder_redact::clean;
use serde::{Deserialize, Serialize};
use url::Url;

use super::bounds;

/// The first line of a kept index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexHead {
    /// Whose body this is; another URL's entry is no entry.
    pub(crate) url: Url,
    /// Whether the server said that there is no such file.
    pub(crate) missing: bool,
    /// Of the body, in hexadecimal.
    pub(crate) sha256: String,
}

/// What this machine records of an index that a server sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordedIndex {
    /// Whether the server said that there is no such file.
    pub(crate) missing: bool,
    /// Of the body, in hexadecimal.
    pub(crate) sha256: String,
    /// For `If-None-Match`.
    pub(crate) etag: Option<String>,
    /// For `If-Modified-Since`.
    pub(crate) last_modified: Option<String>,
    /// Why rattler may not read it as it is, if it has such records.
    pub(crate) flaw: Option<String>,
}

/// An index as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) head: IndexHead,
    pub(crate) body: Vec<u8>,
}

impl Entry {
    /// The entry for a body that a server sent.
    pub(crate) fn new(url: &Url, body: Vec<u8>) -> Self {
        let head = IndexHead {
            url: url.clone(),
            missing: false,
            sha256: sha256(&body).to_hex(),
        };
        Self { head, body }
    }

    /// The entry for a file that the server does not have.
    pub(crate) fn missing(url: &Url) -> Self {
        let entry = Self::new(url, Vec::new());
        let head = IndexHead {
            missing: true,
            ..entry.head
        };
        Self { head, ..entry }
    }

    /// Whether this is what the machine has recorded.
    pub(crate) fn is_recorded_as(&self, recorded: &RecordedIndex) -> bool {
        self.head.missing == recorded.missing && self.head.sha256 == recorded.sha256
    }
}

/// How the names of shards end, after their digest.
pub(crate) const SHARD_SUFFIX: &str = ".msgpack.zst";

/// Where shards are kept in the directory of a cache.
pub(crate) fn shards(cache: &Path) -> PathBuf {
    cache.join("shards")
}

/// The directory.
#[derive(Debug, Clone)]
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    /// The index that is kept for `url`, if it is whole.
    pub(crate) fn index(&self, url: &Url) -> Result<Option<Entry>, PathError> {
        let limit = bounds::MOST_KEPT_BYTES;
        let Some(bytes) = read(&self.index_path(url), limit)? else {
            return Ok(None);
        };
        let entry = parse(bytes).filter(|entry| entry.head.url == clean(url));
        Ok(entry.map(|mut entry| {
            entry.head.url = url.clone();
            entry
        }))
    }

    /// Keeps an index. A power loss may lose it; its digest tells.
    pub(crate) fn keep_index(&self, entry: &Entry) -> Result<(), PathError> {
        let path = self.index_path(&entry.head.url);
        let head = IndexHead {
            url: clean(&entry.head.url),
            ..entry.head.clone()
        };
        let mut bytes = serde_json::to_vec(&head)
            .map_err(io::Error::from)
            .at("describe index for", &path)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&entry.body);
        self.write(&path, &bytes)
    }

    /// Drops every index (shards stay): whole as they are, one of them makes no sense.
    pub(crate) fn forget_indexes(&self) -> Result<(), PathError> {
        for entry in fs::read_dir(&self.0).at("list", &self.0)?.flatten() {
            let path = entry.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "index")
            {
                remove_whatever_it_is(&path)?;
            }
        }
        Ok(())
    }

    /// The shard with this digest, if it is there and whole.
    pub(crate) fn shard(&self, digest: Sha256) -> Result<Option<Vec<u8>>, PathError> {
        let bytes = read(&self.shard_path(digest), bounds::SHARD.body)?;
        Ok(bytes.filter(|bytes| sha256(bytes) == digest))
    }

    /// Keeps a shard whose bytes have this digest.
    pub(crate) fn keep_shard(&self, digest: Sha256, bytes: &[u8]) -> Result<(), PathError> {
        self.write(&self.shard_path(digest), bytes)
    }

    fn index_path(&self, url: &Url) -> PathBuf {
        let key = sha256(clean(url).as_str().as_bytes()).to_hex();
        self.0.join(format!("{}.index", &key[..32]))
    }

    fn shard_path(&self, digest: Sha256) -> PathBuf {
        let hex = digest.to_hex();
        let directory = shards(&self.0).join(&hex[..2]);
        directory.join(format!("{hex}{SHARD_SUFFIX}"))
    }

    /// Writes a file of the cache. A restored cache may have a link where a directory should be, which would
    /// lead the write out of the store, or a directory where the file should be: they are removed first.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), PathError> {
        if let Some(parent) = path.parent() {
            for directory in parent.ancestors().take_while(|above| *above != self.0) {
                if is_other_than(directory, fs::FileType::is_dir) {
                    remove_whatever_it_is(directory)?;
                }
            }
            create_shared_dir(parent)?;
        }
        if is_other_than(path, fs::FileType::is_file) {
            remove_whatever_it_is(path)?;
        }
        write_atomic(path, bytes, Durability::Lazy)?;
        share_file(path)
    }
}

/// Whether something is at `path` that is not of the expected type. Links are not followed.
fn is_other_than(path: &Path, is_expected: fn(&fs::FileType) -> bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| !is_expected(&metadata.file_type()))
}

/// Removes a file, a link (not what it leads to) or a directory with all that is in it.
pub(crate) fn remove_whatever_it_is(path: &Path) -> Result<(), PathError> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return remove_tree(path);
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", path),
        _ => Ok(()),
    }
}

/// Splits and checks an index file; nothing if it is damaged.
pub(crate) fn parse(mut bytes: Vec<u8>) -> Option<Entry> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let head: IndexHead = serde_json::from_slice(&bytes[..end]).ok()?;
    let body = bytes.split_off(end + 1);
    let is_whole = sha256(&body).to_hex() == head.sha256;
    is_whole.then_some(Entry { head, body })
}

/// The digest of bytes in memory.
pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}

/// Reads a file and marks it as used: by its time collection tells what is not. `None` if it is absent, and also
/// if it is a link, a FIFO or larger than larder would have written: then it is none of larder's.
fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, PathError> {
    match read_file(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_unusable(&error.source) => {
            tracing::debug!("{error}: {}", error.source);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whatever keeps a file of a restored cache from being read makes it absent: a link that leads to itself and a
/// file or directory without rights (archives restore modes) are not the job's failure.
fn is_unusable(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::OutOfMemory | io::ErrorKind::Interrupted
    )
}

/// Reads a regular file of at most `limit` bytes and marks it as used.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, PathError> {
    use io::Read as _;

    let file = open_regular(path).at("open file", path)?;
    mark_used(&file);
    let mut bytes = Vec::new();
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.at("read", path)?;
    if bytes.len() as u64 > limit {
        let text = format!("it is larger than {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text)).at("read", path);
    }
    Ok(bytes)
}
