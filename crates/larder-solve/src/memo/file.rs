//! The file of a memo: written beside its place and renamed, and no memo at all if anything in it is
//! wrong. See `MEMO.md` for the format.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use larder_fs::{Durability, PathContext as _, PathError, mark_used, share_file, write_atomic};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    key::{Key, VERSION},
    proof::Proof,
};
use crate::cache::sha256;

const MAGIC: &str = "larder-solve-memo";
/// Larger files are no memos; one of 500 packages has less than 2 MB.
const LARGEST: u64 = 64 << 20;

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

/// The memo of `key`, if there is one.
///
/// # Errors
/// Why the file is no memo of this key.
pub(crate) fn read(directory: &Path, key: &Key) -> Result<Option<Memo>, String> {
    let bytes = match bounded(&path(directory, key)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("the memo cannot be read: {error}")),
    };
    let memo = parse(&bytes)?;
    if memo.key != key.text {
        return Err("the memo is that of another request".to_owned());
    }
    Ok(Some(memo))
}

/// Keeps a memo. A power loss may lose it; its digest tells.
pub(crate) fn write(directory: &Path, key: &Key, memo: &Memo) -> Result<(), PathError> {
    let path = path(directory, key);
    fs::create_dir_all(directory).at("create directory", directory)?;
    let bytes = compose(memo).map_err(io::Error::from).at("write", &path)?;
    write_atomic(&path, &bytes, Durability::Lazy)?;
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

fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = larder_fs::open_regular(path)?;
    // By its time collection tells what is not used any more.
    mark_used(&file);
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is too large",
        ));
    }
    Ok(bytes)
}
