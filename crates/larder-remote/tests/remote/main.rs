//! Remotes from outside: every backend against the contract suite.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../contract/mod.rs"]
mod contract;
mod directory;
