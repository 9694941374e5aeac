//! The `pip:` section: locked beside the conda packages, its wheels in the store, installed before an
//! environment's commit.
//!
//! Puts larder-pypi, the store and the network together; no other module runs uv or pip.

mod addition;
pub(crate) mod built;
mod check;
mod difference;
mod error;
mod index;
pub(crate) mod memo;
mod objects;
mod resolve;
pub(crate) mod tool;

pub(crate) use addition::{PipAddition, installed_for};
pub(crate) use check::{check_installed, check_lock};
pub(crate) use difference::{PipChange, Wanted, again, change};
pub use error::PipError;
pub(crate) use index::{check_unhashed, compare_with_indexes};
pub(crate) use objects::{PipFetch, PipFetched, file_name, index_credentials, needed, pin};
pub(crate) use resolve::{PipRun, section};
