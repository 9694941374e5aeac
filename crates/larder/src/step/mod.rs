//! `larder ci`: the step of a CI job that restores a store, makes an environment and saves what is new.
//!
//! Keys are made of what was asked for, and entries are saved under what came of it: so a restore finds the
//! newest store of this very environment, else of any, and nothing is saved that is there already. Knows no
//! service; who runs the step gives directories, scopes and the remote, and tells the outcome.

mod key;
mod notes;
mod report;
mod store;
mod summary;

pub use key::{KeyParts, StepKey, step_key};
pub use notes::Cold;
pub use report::{CacheUse, StepReport};
pub use store::{StepStore, trim};
pub use summary::summary;

#[cfg(test)]
mod tests;
