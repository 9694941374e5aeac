//! Lock files and closures: read, written, compared, checked against what was asked for.
//!
//! Pure: text in, text out. Never touches the network, the solver or the store.
#![forbid(unsafe_code)]

mod closure;

pub use closure::{Closure, Completeness, DuplicatePackage, LockedPackage};
