//! Test support: builds real conda packages and channels, serves them over loopback HTTP with
//! faults, speaks GitHub's cache service, and runs the `larder` binary in a sandbox.
//!
//! Everything is deterministic (fixed times, sorted entries) and every builder panics with a text
//! that says what the test did wrong. Only tests may depend on this crate: it never runs in larder.
#![forbid(unsafe_code)]
#![expect(
    clippy::panic,
    reason = "test support: a mistake in a test ends the test"
)]

mod archive;
mod base64;
mod build;
mod cache_archive;
mod channel;
mod fixtures;
mod ghac;
mod interpreter;
mod listing;
mod mount;
mod package;
mod paths_json;
mod rounds;
mod sandbox;
mod server;
mod services;
mod shards;
mod tarball;
mod trace;
mod tree;
mod wheel;
mod zipfile;

pub use archive::{
    DEFAULT_MTIME, compress_bz2, compress_zstd, conda_archive, conda_members, metadata_json,
    tar_bz2_archive,
};
pub use build::{BuiltPackage, Format};
pub use cache_archive::{CacheFrame, cache_archive};
pub use channel::{ChannelBuilder, Index, LocalChannel};
pub use fixtures::{fixture_channel, fixtures, shared_data};
pub use ghac::{GhacEntry, GhacLimits, GhacOptions, GhacServer, ghac_token};
pub use interpreter::RealPython;
pub use listing::{environment_of, tree_of};
pub use mount::{Mount, PowerLoss};
pub use package::PackageBuilder;
pub use rounds::rounds;
pub use sandbox::{Run, Sandbox};
pub use server::{Auth, Fault, Request, Server};
pub use services::{service, service_variables};
pub use tarball::{RawEntry, tar};
pub use trace::{Action, Call, Disturb, Errno, Traced, Tracer};
pub use wheel::{WheelBuilder, link_page};
pub use zipfile::{Method, ZipMember, zip};

use std::fmt::Display;

/// Unwraps a result whose failure means that the test machine or the test itself is broken.
fn must<T, E: Display>(result: Result<T, E>, what: impl Display) -> T {
    result.unwrap_or_else(|error| panic!("testkit cannot {what}: {error}"))
}

#[cfg(test)]
mod tests;
