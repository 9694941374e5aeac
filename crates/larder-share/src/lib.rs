//! The objects of a store on a remote: [`Shelf`], and the layouts that implement it.
//!
//! # What is trusted
//! Nothing that comes from a remote. An object is asked for by the SHA-256 that a lock or a channel's index
//! gives, and whoever reads it hashes it before it gets a name in the store. A remembered solve ([`NoteKind::Memo`])
//! has a digest of its own against damage, and against forgery the proof that larder-solve holds against the
//! channels' own indexes: nothing of its records gets into an environment. Locks do not travel by themselves:
//! a lock is the root of trust, so one that somebody else may write would let them choose bytes. What a remote can do is
//! be slow, be empty, and say that it has what it has not; each costs time alone.
//!
//! What goes out is hashed on the way: an object that is damaged here never becomes one there.
//!
//! This crate knows no conda, prints nothing, and asks nothing but the remote.
#![forbid(unsafe_code)]

mod clock;
mod delete;
mod error;
mod limits;
mod load;
mod note;
pub mod objects;
mod open;
pub mod packs;
mod shelf;
mod source;

pub use error::ShareError;
pub use limits::{Limits, in_time, timed_body};
pub use load::{Load, Put, Unsent, Weighed};
pub use note::{Note, NoteKind, NoteName};
pub use open::shelf_in;
pub use shelf::{CollectOptions, Collected, Shelf};
pub use source::{Source, StoreSource};
