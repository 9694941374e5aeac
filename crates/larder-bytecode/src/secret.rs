//! [`CacheSecret`]: a secret of a project's CI jobs that others who can write to its cache do not know.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Key for sealing files in a cache. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct CacheSecret(Vec<u8>);

/// Error for a secret that is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a secret needs at least {SHORTEST_SECRET} bytes, this one has {length}: `openssl rand -hex 32` makes one"
)]
pub struct SecretError {
    length: usize,
}

/// Shortest secret in bytes. Shorter ones can be found by trying all of them on one sealed file.
const SHORTEST_SECRET: usize = 16;
pub(crate) const SEAL_BYTES: usize = 32;

impl CacheSecret {
    /// Uses `text` as the secret, unchanged.
    ///
    /// # Errors
    /// If it is shorter than 16 bytes.
    pub fn new(text: impl Into<Vec<u8>>) -> Result<Self, SecretError> {
        let bytes = text.into();
        if bytes.len() < SHORTEST_SECRET {
            let length = bytes.len();
            return Err(SecretError { length });
        }
        Ok(Self(bytes))
    }

    /// Computes the HMAC-SHA256 of the concatenated parts.
    pub(crate) fn seal(&self, parts: &[&[u8]]) -> [u8; SEAL_BYTES] {
        self.compute_mac(parts)
            .map_or([0; SEAL_BYTES], |mac| mac.finalize().into_bytes().into())
    }

    /// Whether `seal` is the HMAC of the parts. Compares in constant time.
    pub(crate) fn is_seal_of(&self, seal: &[u8], parts: &[&[u8]]) -> bool {
        self.compute_mac(parts)
            .is_some_and(|mac| mac.verify_slice(seal).is_ok())
    }

    /// Never `None`: HMAC accepts keys of any length.
    fn compute_mac(&self, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        for part in parts {
            mac.update(part);
        }
        Some(mac)
    }
}

impl fmt::Debug for CacheSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CacheSecret(..)")
    }
}
