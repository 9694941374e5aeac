//! Digests as types: [`Sha256`] and [`Md5`] cannot be mistaken for one another or for other text,
//! and hashing happens on the way ([`HashingReader`], [`HashingWriter`]) instead of in a second pass.
//!
//! This crate never opens a file and knows neither conda nor the store.
#![forbid(unsafe_code)]

mod checksum;
mod digest;
mod stream;

pub use checksum::{Checksum, Mismatch};
pub use digest::{Md5, ParseDigestError, Sha256};
pub use stream::{Digests, Hasher, HashingReader, HashingWriter};

#[cfg(test)]
mod tests;
