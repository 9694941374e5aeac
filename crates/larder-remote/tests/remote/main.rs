//! Remotes from outside: every backend against the contract suite.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

#[path = "../contract/mod.rs"]
mod contract;
mod directory;
mod fake;
mod faults;
mod ghac;
mod ghac_server;
mod http;
mod services;
mod tls;
mod urls;
