//! Activation in real shells: in, deeper, out again, and the variables are those of before.

mod jobs;
mod prompt;
mod shells;
mod values;
mod world;

#[cfg(unix)]
pub(crate) use world::{BASH, FISH, NUSHELL, Real, XONSH, ZSH};
