//! Objects of a store on a remote.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod interleaved;
mod memory;
mod objects;
mod support;
