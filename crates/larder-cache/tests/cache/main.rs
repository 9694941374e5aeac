//! The cache from outside: remotes against the contract suite, archives, restores and scopes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod archive;
#[path = "../contract/mod.rs"]
mod contract;
mod directory;
mod keys;
mod restores;
mod scopes;
mod snapshot;
