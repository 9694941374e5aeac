//! Archives, hostile and real, and the trees made of them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests, outside of test functions"
)]

mod containers;
mod hostile;
mod mutations;
mod real_packages;
mod support;
#[cfg(unix)]
mod tree_damage;
mod trees;
mod upkeep;
