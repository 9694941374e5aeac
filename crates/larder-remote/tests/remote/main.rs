//! Remotes from outside: every backend against the contract suite.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../contract/mod.rs"]
mod contract;
mod directory;
mod ghac;
