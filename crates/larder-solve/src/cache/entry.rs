//! What the cache holds on disk.
//!
//! `<first 32 digits of the URL's sha256>.index`: one line of JSON ([`Validators`]), then the body as
//! it arrived. `shards/ab/<sha256>.msgpack.zst`: a shard's bytes as they arrived. Both are written
//! beside their place and renamed; both are hashed before use, and what fails is treated as absent.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use larder_digest::{Hasher, Sha256};
use larder_fs::{
    Durability, PathContext as _, PathError, create_shared_dir, mark_used, open_regular,
    share_file, write_atomic,
};
use larder_redact::clean;
use serde::{Deserialize, Serialize};
use url::Url;

/// How to ask whether an index is still the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Validators {
    /// Whose body this is; another URL's entry is no entry.
    pub(crate) url: Url,
    /// Whether the server said that there is no such file.
    pub(crate) missing: bool,
    /// For `If-None-Match`.
    pub(crate) etag: Option<String>,
    /// For `If-Modified-Since`.
    pub(crate) last_modified: Option<String>,
    /// Of the body, in hexadecimal.
    pub(crate) sha256: String,
}

/// Validators with their own digest: damaged ones would be sent to servers.
#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    validators: Validators,
    /// Of the validators as JSON, in hexadecimal.
    #[serde(default)]
    seal: Option<String>,
}

impl Sealed {
    fn new(validators: Validators) -> Result<Self, serde_json::Error> {
        let seal = Some(seal(&validators)?);
        Ok(Self { validators, seal })
    }

    fn is_whole(&self) -> bool {
        self.seal.is_none() || seal(&self.validators).ok() == self.seal
    }
}

fn seal(validators: &Validators) -> Result<String, serde_json::Error> {
    Ok(sha256(&serde_json::to_vec(validators)?).to_hex())
}

/// An index as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) validators: Validators,
    pub(crate) body: Vec<u8>,
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
        let Some(bytes) = read(&self.index_path(url))? else {
            return Ok(None);
        };
        let entry = parse(bytes).filter(|entry| entry.validators.url == clean(url));
        Ok(entry.map(|mut entry| {
            entry.validators.url = url.clone();
            entry
        }))
    }

    /// Keeps an index. A power loss may lose it; its digest tells.
    pub(crate) fn keep_index(&self, entry: &Entry) -> Result<(), PathError> {
        let validators = Validators {
            url: clean(&entry.validators.url),
            ..entry.validators.clone()
        };
        let mut bytes = Sealed::new(validators)
            .and_then(|sealed| serde_json::to_vec(&sealed))
            .map_err(io::Error::from)
            .at("describe index for", self.index_path(&entry.validators.url))?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&entry.body);
        self.write(&self.index_path(&entry.validators.url), &bytes)
    }

    /// Drops every index (shards stay): whole as they are, one of them makes no sense.
    pub(crate) fn forget_indexes(&self) -> Result<(), PathError> {
        for entry in fs::read_dir(&self.0).at("list", &self.0)?.flatten() {
            let path = entry.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "index")
            {
                fs::remove_file(&path).at("remove", &path)?;
            }
        }
        Ok(())
    }

    /// The shard with this digest, if it is there and whole.
    pub(crate) fn shard(&self, digest: Sha256) -> Result<Option<Vec<u8>>, PathError> {
        let bytes = read(&self.shard_path(digest))?;
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

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), PathError> {
        if let Some(parent) = path.parent() {
            create_shared_dir(parent)?;
        }
        write_atomic(path, bytes, Durability::Lazy)?;
        share_file(path)
    }
}

/// Splits and checks an index file; nothing if it is damaged.
pub(crate) fn parse(mut bytes: Vec<u8>) -> Option<Entry> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let sealed: Sealed = serde_json::from_slice(&bytes[..end]).ok()?;
    let body = bytes.split_off(end + 1);
    let is_whole = sealed.is_whole() && sha256(&body).to_hex() == sealed.validators.sha256;
    let validators = sealed.validators;
    is_whole.then_some(Entry { validators, body })
}

/// The digest of bytes in memory.
pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}

/// What is read is used: by its time collection tells what is not.
fn read(path: &Path) -> Result<Option<Vec<u8>>, PathError> {
    let mut bytes = Vec::new();
    let read = open_regular(path).and_then(|mut file| {
        mark_used(&file);
        file.read_to_end(&mut bytes)
    });
    match read {
        Ok(_) => Ok(Some(bytes)),
        // A link, a FIFO or a directory in an entry's place is no entry.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidData
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).at("read", path),
    }
}
