//! What is wrong with an index or a shard, found before anything else reads it.
//!
//! Sizes, the form of the file, the addresses that it names, and the texts that rattler's parser must not get.

use std::io::{self, Write};

use larder_digest::Sha256;
use serde::Deserialize;
use url::Url;

use super::{
    bounds::{REPODATA, SHARD, SHARD_INDEX, SizeLimit, UnpackError},
    entry::sha256,
    error::IndexError,
    kind::{Kind, is_shard_index, is_zst},
    shard_index::{Verdict, look_at},
};
use crate::spec_bounds::{JsonScan, scan_msgpack};

/// What an index is good for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CheckedIndex {
    /// It can be used.
    Usable,
    /// It can be used without some of its records; why.
    Flawed(String),
    /// A shard index of another version: a plain index is to be used instead.
    OtherVersion,
}

/// The limits for a file of this kind.
pub(super) fn size_limit(url: &Url, kind: Kind) -> SizeLimit {
    match kind {
        Kind::Shard(_) => SHARD,
        _ if is_shard_index(url) => SHARD_INDEX,
        _ => REPODATA,
    }
}

/// Checks an index. A file that is truncated on the server has a correct length, so this unpacks all of it.
pub(super) fn check_index(url: &Url, kind: Kind, body: &[u8]) -> Result<CheckedIndex, IndexError> {
    if is_shard_index(url) {
        return check_shard_index(url, kind, body);
    }
    let mut scan = ScanAndHead::default();
    unpack(url, kind, body, &mut scan)?;
    if let Some(base) = scan.base_url() {
        check_address(url, "base_url", &base)?;
    }
    Ok(match scan.texts.problem() {
        Some(flaw) => CheckedIndex::Flawed(flaw),
        None => CheckedIndex::Usable,
    })
}

fn check_shard_index(url: &Url, kind: Kind, body: &[u8]) -> Result<CheckedIndex, IndexError> {
    let mut unpacked = Vec::new();
    unpack(url, kind, body, &mut unpacked)?;
    match look_at(&unpacked) {
        Verdict::Bad(reason) => Err(IndexError::BadShardIndex {
            url: url.clone(),
            reason,
        }),
        Verdict::OtherVersion => Ok(CheckedIndex::OtherVersion),
        Verdict::Usable(addresses) => {
            // Rattler's gateway panics on an address to which nothing can be joined, such as `data:,`.
            check_address(url, "base_url", &addresses.base_url)?;
            check_address(url, "shards_base_url", &addresses.shards_base_url)?;
            Ok(CheckedIndex::Usable)
        }
    }
}

/// Checks that a shard is the one that its index names.
pub(super) fn check_digest(
    url: &Url,
    kind: Kind,
    bytes: &[u8],
    tries: u32,
) -> Result<(), IndexError> {
    let Kind::Shard(expected) = kind else {
        return Ok(());
    };
    let found: Sha256 = sha256(bytes);
    if found == expected {
        return Ok(());
    }
    Err(IndexError::Mismatch {
        url: url.clone(),
        expected: Box::new(expected),
        found: Box::new(found),
        tries,
    })
}

/// Checks what is in a shard whose digest is right.
pub(super) fn check_shard(url: &Url, kind: Kind, body: &[u8]) -> Result<(), IndexError> {
    let mut unpacked = Vec::new();
    unpack(url, kind, body, &mut unpacked)?;
    match scan_msgpack(&unpacked) {
        None => Ok(()),
        Some(reason) => Err(IndexError::BadRecord {
            url: url.clone(),
            reason,
        }),
    }
}

fn unpack(url: &Url, kind: Kind, body: &[u8], sink: &mut dyn Write) -> Result<(), IndexError> {
    size_limit(url, kind)
        .unpack(url, body, sink)
        .map_err(|error| match error {
            UnpackError::Damaged(source) => IndexError::Damaged {
                url: url.clone(),
                found: body.len(),
                source,
            },
            UnpackError::TooLarge(limit) => IndexError::TooLarge {
                url: url.clone(),
                limit,
                unpacked: is_zst(url) || url.path().ends_with(".bz2"),
            },
        })
}

/// Checks where an index says that its files are: a channel on the network cannot name files of this machine,
/// nor fall back from https to http, whoever wrote it.
fn check_address(index: &Url, field: &'static str, text: &str) -> Result<(), IndexError> {
    let reason = match index.join(text) {
        Err(error) => error.to_string(),
        Ok(target) => match crate::address::problem_of(index, &target) {
            None => return Ok(()),
            Some(problem) => problem,
        },
    };
    let shown = larder_redact::redact_text(text);
    let shown = shown.chars().filter(|c| !c.is_control());
    Err(IndexError::BadAddress {
        url: index.clone(),
        field,
        text: shown.take(128).collect(),
        reason,
    })
}

/// Scans the texts of a `repodata.json` and keeps it, to look for `info`.
#[derive(Default)]
struct ScanAndHead {
    texts: JsonScan,
    all: Vec<u8>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    base_url: Option<String>,
}

impl ScanAndHead {
    /// The `base_url` of the index, wherever in the file it is. What makes no sense has none: the gateway says so.
    fn base_url(&self) -> Option<String> {
        let head: Head = serde_json::from_slice(&self.all).ok()?;
        head.info?.base_url
    }
}

impl Write for ScanAndHead {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.texts.write_all(bytes)?;
        self.all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An empty file is an empty index (CEP 36).
pub(super) fn readable(kind: Kind, body: Vec<u8>) -> Vec<u8> {
    if kind == Kind::Plain && body.is_empty() {
        return b"{}".to_vec();
    }
    body
}
