//! What a lock or a channel says about an artifact's bytes, and whether it holds.

use std::fmt;

use crate::{Digests, Md5, Sha256};

/// The checksum to hold an artifact against: SHA-256 where there is one, MD5 only where there is
/// nothing else (CEP 32, "Installing packages").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// The name of the object in the store as well.
    Sha256(Sha256),
    /// The object's name in the store is only known once its bytes have been read.
    Md5(Md5),
}

/// Bytes whose digest is not the one that was expected of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct Mismatch {
    /// What the lock or the channel says.
    pub expected: Checksum,
    /// What the bytes have: of the kind that was expected, if that was computed, else the SHA-256.
    pub found: Checksum,
}

impl Checksum {
    /// The best of what is known, or `None` if nothing is.
    pub fn best(sha256: Option<Sha256>, md5: Option<Md5>) -> Option<Self> {
        sha256.map(Self::Sha256).or(md5.map(Self::Md5))
    }

    /// Compares with the digests of the bytes that arrived.
    ///
    /// # Errors
    /// [`Mismatch`] with both digests. Bytes whose MD5 was expected but not computed
    /// ([`Hasher::for_checksum`](crate::Hasher::for_checksum) does) are not known to be right.
    pub fn check(&self, digests: &Digests) -> Result<(), Mismatch> {
        let found = match self {
            Self::Sha256(_) => Self::Sha256(digests.sha256),
            Self::Md5(_) => digests.md5.map_or(Self::Sha256(digests.sha256), Self::Md5),
        };
        if *self == found {
            Ok(())
        } else {
            Err(Mismatch {
                expected: *self,
                found,
            })
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digest) => write!(f, "sha256:{digest}"),
            Self::Md5(digest) => write!(f, "md5:{digest}"),
        }
    }
}
