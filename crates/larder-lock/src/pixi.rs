//! rattler's lock, `pixi.lock`: read through `rattler_lock` in all its versions, written in its
//! newest.
//!
//! Only this module knows `rattler_lock`. What it gives is checked as any lock is: names, versions and
//! builds against the URL, credentials against the text.

mod check;
mod pip;
mod platform;
mod read;
mod write;

pub(crate) use read::{environment_names, read};
pub(crate) use write::write;

#[cfg(test)]
mod tests;
