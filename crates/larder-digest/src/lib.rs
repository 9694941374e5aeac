//! Digest types [`Sha256`] and [`Md5`], and readers and writers that hash the bytes passing through them
//! ([`HashingReader`], [`HashingWriter`]), so that no second pass over the data is needed.
//!
//! Never opens files.
//!
//! ```
//! use larder_digest::{Checksum, Hasher, Sha256};
//!
//! let mut hasher = Hasher::sha256();
//! hasher.update(b"abc");
//! let expected = Checksum::Sha256(Sha256::of(b"abc"));
//! assert!(expected.check(&hasher.finish()).is_ok());
//! ```
#![forbid(unsafe_code)]

mod checksum;
mod digest;
mod stream;

pub use checksum::{Checksum, ChecksumMismatch};
pub use digest::{Md5, ParseDigestError, Sha256};
pub use stream::{Digests, Hasher, HashingReader, HashingWriter};

#[cfg(test)]
mod tests;
