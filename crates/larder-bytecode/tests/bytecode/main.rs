//! Bytecode by a real Python: what is compiled, kept, sealed, refused.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bundles;
mod compile;
mod keep;
mod support;
