//! Objects of a store on a remote.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod objects;
mod support;
