//! Real solves over small channels on disk and on loopback.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod archspec;
mod bounds;
mod cache;
mod conda_forge;
mod cuda;
mod explain;
mod faults;
mod index;
mod local;
mod memo;
mod memo_conda_forge;
mod memo_doubt;
mod memo_random;
mod memo_stale;
mod places;
mod relations;
mod retry;
mod rules;
mod scratch;
mod shards;
mod support;
mod times;
mod v3;
mod virtual_packages;
