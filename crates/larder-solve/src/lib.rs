//! Specs, channels and virtual packages to the exact records of an environment.
//!
//! [`Solver`] loads the channels' indexes (sharded, zst or plain; CEP 15, 16, 36, 42, 48) through
//! rattler's gateway, asks resolvo, and gives a [`larder_lock::Closure`], or an explanation in the
//! user's own lines. [`virtual_packages`] says what the target system provides (CEP 30, 46).
//!
//! It never reads the environment, never downloads a package, and knows neither manifests nor lock files.
#![forbid(unsafe_code)]

mod address;
mod cache;
mod channels;
mod cut_offs;
mod depends;
mod error;
mod explain;
mod failure;
mod kept;
mod load;
mod local;
mod memo;
mod mend;
mod notices;
mod pause;
mod places;
mod pool;
mod records;
mod request;
mod resolve;
mod scratch;
mod session;
mod solved;
mod solver;
mod spec_bounds;
mod suggestions;
mod unfit;
mod unmet_keys;
pub mod virtual_packages;

pub use cache::{
    IndexError, REPODATA_BYTES, SHARD_BYTES, SHARD_INDEX_BYTES, SHARD_INDEX_UNPACKED_BYTES,
    SHARD_UNPACKED_BYTES, UNPACK_RATIO, UNPACK_RATIO_FLOOR,
};
pub use cut_offs::{ChannelCutOff, CutOff, CutOffs, TooNew};
pub use error::{ClosureError, GatewayFailure, SolveError};
pub use explain::{Conflict, Explanation};
pub use kept::{KeptFile, KeptKind, kept_files, remove_dead_scratch};
pub use memo::MEMO_BYTES;
pub use pause::Pause;
pub use records::MachineRecords;
pub use request::{Priority, Requested, SolveRequest, SolverOptions, Strategy};
pub use solved::{How, Solved};
pub use solver::Solver;
pub use spec_bounds::RECORD_SPECS;
pub use suggestions::closest;

/// Whether the bytes are those of a memo's file, by their own digest; of one of another version only the beginning is
/// known. That it is true is proven by the channels' indexes alone, when it is used.
///
/// # Errors
/// What is wrong with them.
pub fn check_memo(bytes: &[u8]) -> Result<(), String> {
    memo::check(bytes)
}

#[cfg(test)]
mod tests;
