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
mod entry;
mod error;
mod kind;
mod response;

pub(crate) use client::{IndexClient, Retry};
pub use error::IndexError;
