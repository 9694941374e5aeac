//! Indexes and shards between runs: a client that answers from the cache what it can prove.
//!
//! [`IndexClient`] stands between rattler's gateway and the network. An index (shard index,
//! `repodata.json` and its compressed forms) is kept as it arrived, with its digest, and revalidated
//! by one conditional request per run; a shard is kept under its digest and needs no request. Whatever
//! does not match its digest is fetched again, so a damaged cache costs time and nothing else.
//! Truncated and undecodable answers are refused here and never kept.
//!
//! It never keeps credentials (URLs are those of the clean channel) and never touches packages.

mod client;
mod disk;
mod entry;
mod error;
mod keeper;
mod kind;
mod log;
mod response;
mod retry;
mod shard_index;

use std::path::Path;

use larder_fs::PathError;

pub(crate) use client::IndexClient;
pub(crate) use entry::{SHARD_SUFFIX, sha256, shards};
pub use error::IndexError;
pub(crate) use keeper::Keeper;
pub(crate) use log::Log;

/// Whether the bytes of an index file are those that were kept.
pub(crate) fn is_whole(bytes: Vec<u8>) -> bool {
    entry::parse(bytes).is_some()
}

/// Drops every kept index, so that one that arrived whole but makes no sense is not served again on
/// a server's "not modified".
pub(crate) fn forget_indexes(directory: &Path) -> Result<(), PathError> {
    entry::Directory(directory.to_owned()).forget_indexes()
}

/// The parts, for unit tests.
#[cfg(test)]
pub(crate) mod testing {
    pub(crate) use super::{
        client::missing as is_missing_entry,
        entry::{Directory, Entry, Validators, parse, sha256},
        kind::Kind,
        log::Log,
        shard_index::{Verdict, look_at},
    };
}
