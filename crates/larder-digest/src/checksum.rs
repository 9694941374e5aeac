//! The expected checksum of an archive, from a lock or a channel, and its comparison with the actual digests.

use std::fmt;

use crate::{Digests, Md5, Sha256};

/// The expected checksum of an archive: SHA-256 if known, else MD5 (CEP 32, "Installing packages").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// Also the name of the object in the store.
    Sha256(Sha256),
    /// The object's name in the store is unknown until its bytes have been read.
    Md5(Md5),
}

/// Error for bytes whose digest is not the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct ChecksumMismatch {
    /// Checksum from the lock or the channel.
    pub expected: Checksum,
    /// Checksum of the bytes: of the expected kind if it was computed, else the SHA-256.
    pub found: Checksum,
}

impl Checksum {
    /// The SHA-256 if known, else the MD5, else `None`.
    pub fn strongest(sha256: Option<Sha256>, md5: Option<Md5>) -> Option<Self> {
        sha256.map(Self::Sha256).or(md5.map(Self::Md5))
    }

    /// Compares the checksum with the digests of the actual bytes.
    ///
    /// # Errors
    /// If they differ, or if an MD5 is expected but was not computed
    /// ([`Hasher::for_checksum`](crate::Hasher::for_checksum) computes it).
    pub fn check(&self, digests: &Digests) -> Result<(), ChecksumMismatch> {
        let found = match self {
            Self::Sha256(_) => Self::Sha256(digests.sha256),
            Self::Md5(_) => digests.md5.map_or(Self::Sha256(digests.sha256), Self::Md5),
        };
        if *self == found {
            Ok(())
        } else {
            Err(ChecksumMismatch {
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
