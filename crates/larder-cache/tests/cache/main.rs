//! The cache from outside: remotes against the contract suite, archives, restores and scopes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod archive;
#[path = "../contract/mod.rs"]
mod contract;
mod directory;
mod hostile;
mod keys;
mod restores;
mod saves;
mod scopes;
mod snapshot;
