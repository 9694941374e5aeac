//! The pipeline cache (`larder cache`): any directories under a key, as Azure's Cache@2 and
//! actions/cache define it, kept on a [`Remote`](larder_remote::Remote).
//!
//! Knows neither conda nor the store. Never prints, never reads the environment or the home: callers
//! give variables, directories and the time.
#![forbid(unsafe_code)]

pub mod archive;
pub mod entry;
pub mod expiry;
pub mod key;
pub mod look_up;
mod pieces;
pub mod preset;
pub mod restore;
pub mod save;
pub mod scope;
mod service;
mod stage;
mod told;
