//! `conda-meta/larder`: what the environment was made from, so that a run that wants the very same finds
//! the work done without touching any other file.
//!
//! Not `*.json`, which other tools would read as a record. It counts only while `history` is as long as
//! it says: whoever else changes the environment appends there. It is a memory, not a proof of what is on
//! the disk; `verify` has that.

use std::{io, path::Path};

use larder_digest::{Hasher, Sha256};
use larder_fs::{Durability, PathContext as _, PathError, write_atomic};
use serde::{Deserialize, Serialize};

use crate::control_files::{MAX_SMALL, open_conda_meta, read_control_file};

/// In `conda-meta`.
pub(crate) const FILE: &str = "larder";
const VERSION: u32 = 1;

/// What an environment was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Of the exact packages and what was done with them.
    pub closure: Sha256,
    /// Of everything that the closure was come by, if the same again would give the same.
    pub inputs: Option<Sha256>,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    /// The bytes of `history` right after the change.
    history: u64,
    #[serde(flatten)]
    fingerprint: Fingerprint,
}

impl Fingerprint {
    /// A digest of texts, none of which can be taken for two or for a part of another.
    pub fn digest<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> Sha256 {
        let mut hasher = Hasher::sha256();
        for text in texts {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        hasher.finish().sha256
    }

    /// The content of the file beside a history of `history` bytes.
    pub(crate) fn to_text(self, history: u64) -> String {
        let file = File {
            version: VERSION,
            history,
            fingerprint: self,
        };
        // Two digests and two numbers.
        serde_json::to_string(&file).unwrap_or_default()
    }
}

/// Notes what the environment at `prefix` is made from: for one that turned out to be right as it is.
///
/// # Errors
/// If it cannot be written.
pub fn remember(prefix: &Path, fingerprint: Fingerprint) -> Result<(), PathError> {
    let meta = prefix.join("conda-meta");
    let Some(length) = history_length(prefix)? else {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        return Err(missing).at("read metadata of", meta.join("history"));
    };
    let text = fingerprint.to_text(length);
    write_atomic(&meta.join(FILE), text.as_bytes(), Durability::Lazy)
}

/// The bytes of `history`; `None` if there is none.
fn history_length(prefix: &Path) -> Result<Option<u64>, PathError> {
    let Some(meta) = open_conda_meta(prefix)? else {
        return Ok(None);
    };
    match meta.open_regular("history") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        history => {
            let metadata = history?.metadata();
            let metadata = metadata.at("read metadata of", meta.path().join("history"))?;
            Ok(Some(metadata.len()))
        }
    }
}

/// What the environment at `prefix` was made from, if larder made it, nobody has changed it since by way
/// of a package manager, and no change of it is unfinished.
pub fn fingerprint(prefix: &Path) -> Option<Fingerprint> {
    let meta = prefix.join("conda-meta");
    let bytes = read_control_file(prefix, FILE, MAX_SMALL).ok()??;
    let file: File = serde_json::from_slice(&bytes).ok()?;
    let history = history_length(prefix).ok()??;
    let is_there = |name: &str| meta.join(name).symlink_metadata().is_ok();
    let is_settled = !is_there(crate::crash::MARKER) && !is_there(crate::update::DIRECTORY);
    (file.version == VERSION && file.history == history && is_settled).then_some(file.fingerprint)
}
