#![doc = include_str!("../PACK.md")]
#![forbid(unsafe_code)]

mod error;
mod index;
mod member;
mod read;
mod write;

pub use error::{EntryProblem, PackError};
pub use index::{PackIndex, PackedFile};
pub use member::{MemberKind, MemberPath, MemberPathProblem};
pub use read::{Handled, PackReader};
pub use write::PackWriter;

#[cfg(test)]
mod tests;

/// The name of the first member.
pub const INDEX: &str = "larder-pack.json";
/// The name of the lock, the second member.
pub const LOCK: &str = "conda-lock.yml";
