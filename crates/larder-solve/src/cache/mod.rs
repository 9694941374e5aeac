//! Indexes and shards between runs: a client that answers from the cache what it can prove.
//!
//! [`IndexClient`] stands between rattler's gateway and the network. An index (shard index,
//! `repodata.json` and its compressed forms) is kept as it arrived. It is used again only if its digest is
//! recorded outside the cache ([`crate::MachineRecords`]), after one conditional request per run; without a
//! record it is fetched whole. A shard is kept under its digest, which a proven index gives, and needs no
//! request. So a cache that others write, or a damaged one, costs time and nothing else. Answers that are
//! truncated, too large, or send elsewhere are refused here and never kept.
//!
//! It never keeps credentials (URLs are those of the clean channel) and never touches packages.

mod bounds;
mod check;
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

pub(crate) use bounds::{MOST_KEPT_BYTES, REPODATA};
pub use bounds::{
    REPODATA_BYTES, SHARD_BYTES, SHARD_INDEX_BYTES, SHARD_INDEX_UNPACKED_BYTES,
    SHARD_UNPACKED_BYTES, UNPACK_RATIO, UNPACK_RATIO_FLOOR,
};
pub(crate) use client::{AcceptFlawed, IndexClient};
pub(crate) use entry::{
    RecordedIndex, SHARD_SUFFIX, read_file, remove_whatever_it_is, sha256, shards,
};
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
        entry::{Directory, Entry, parse, sha256},
        keeper::Shard,
        kind::Kind,
        log::Log,
        shard_index::{Verdict, look_at},
    };
}
