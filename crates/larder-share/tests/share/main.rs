//! Objects of a store on a remote.
#![expect(clippy::unwrap_used, reason = "tests")]

mod objects;
mod support;
