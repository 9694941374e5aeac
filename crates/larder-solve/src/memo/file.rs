//! The file of a memo: written beside its place and renamed, and no memo at all if anything in it is
//! wrong. See `MEMO.md` for the format.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_fs::{Durability, PathContext as _, PathError, share_file, write_atomic};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    key::{Key, VERSION},
    proof::Proof,
};
use crate::{
    MachineRecords,
    cache::{read_file, remove_whatever_it_is, sha256},
};

const MAGIC: &str = "larder-solve-memo";
/// Larger files are not memos; one of 500 packages has less than 2 MB.
pub const MEMO_BYTES: u64 = 16 << 20;

/// A remembered solve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memo {
    /// The text of the key.
    pub(crate) key: String,
    pub(crate) proof: Proof,
    /// The records, as the index has them.
    pub(crate) packages: Vec<Value>,
}

/// Where the memo of a key is.
pub(crate) fn path(directory: &Path, key: &Key) -> PathBuf {
    directory.join(key.digest.to_hex())
}

/// The memo of `key`, if there is one that this machine has recorded.
///
/// # Errors
/// Why the file cannot be used as a memo of this key.
pub(crate) fn read(
    directory: &Path,
    key: &Key,
    records: &MachineRecords,
) -> Result<Option<Memo>, String> {
    let path = path(directory, key);
    let bytes = match read_file(&path, MEMO_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("the memo cannot be read: {}", error.source)),
    };
    // Every package in a forged memo is the channel's own, but may be an older one than a solve would choose.
    if !records.has_file(&path, &bytes) {
        return Err("the memo in the store was not written by this machine".to_owned());
    }
    let memo = parse(&bytes)?;
    if memo.key != key.text {
        return Err("the memo is that of another request".to_owned());
    }
    Ok(Some(memo))
}

/// Keeps a memo. A power loss may lose it; its digest tells.
pub(crate) fn write(
    directory: &Path,
    key: &Key,
    memo: &Memo,
    records: &MachineRecords,
) -> Result<(), PathError> {
    let path = path(directory, key);
    fs::create_dir_all(directory).at("create directory", directory)?;
    let bytes = compose(memo).map_err(io::Error::from).at("write", &path)?;
    if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        remove_whatever_it_is(&path)?;
    }
    write_atomic(&path, &bytes, Durability::Lazy)?;
    records.record_file(&path, &bytes);
    share_file(&path)
}

/// The bytes of a memo's file.
pub(crate) fn compose(memo: &Memo) -> Result<Vec<u8>, serde_json::Error> {
    let body = serde_json::to_vec(memo)?;
    let mut bytes = format!("{MAGIC} {VERSION} {}\n", sha256(&body)).into_bytes();
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Whether the bytes begin as those of a memo of an earlier or later larder.
pub(crate) fn is_of_other_version(bytes: &[u8]) -> bool {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let text = std::str::from_utf8(line).unwrap_or_default();
    let mut words = text.split(' ');
    words.next() == Some(MAGIC)
        && words
            .next()
            .is_some_and(|word| word.parse::<u32>().is_ok_and(|version| version != VERSION))
}

/// The memo in the bytes of a file.
pub(crate) fn parse(bytes: &[u8]) -> Result<Memo, String> {
    let damaged = || "the memo is damaged".to_owned();
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (head, body) = bytes.split_at(end.ok_or_else(damaged)?);
    let head = std::str::from_utf8(head).map_err(|_| damaged())?;
    let body = &body[1..];
    let mut words = head.split(' ');
    if words.next() != Some(MAGIC) {
        return Err(damaged());
    }
    let version = words.next().ok_or_else(damaged)?;
    if version != VERSION.to_string() {
        return Err(format!(
            "the memo has format {version:.9}, expected {VERSION}"
        ));
    }
    if words.next() != Some(&sha256(body).to_hex()) || words.next().is_some() {
        return Err(damaged());
    }
    serde_json::from_slice(body).map_err(|error| format!("the memo makes no sense: {error}"))
}
