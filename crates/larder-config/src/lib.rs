//! conda's configuration: `.condarc` files and `CONDA_*` variables, found, merged and typed as conda
//! does, each value with the place that it came from.
//!
//! Pure given a reader of files: never opens a file itself, never reads the environment or the home
//! directory, and decides nothing: what a value means for an operation is for `larder` to say. Every
//! key that conda knows is in one table ([`keys`]), with what it is to larder.
#![forbid(unsafe_code)]

mod config;
mod error;
mod files;
mod key;
mod load;
mod merge;
mod origin;
mod parameters;
mod raw;
mod typed;

pub use config::{Config, Setting};
pub use error::{ConfigError, ConfigWarning};
pub use files::{Files, Found, Places, candidates};
pub use key::{Key, Kind, Treatment, find, keys};
pub use load::{Loaded, load};
pub use origin::Origin;
pub use typed::{Located, Mapping, Value};

#[cfg(test)]
mod tests;
