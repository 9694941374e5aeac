//! [`CacheSecret`]: what the machines of one CI know and whoever can write to its cache does not.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Seals what goes into a cache. Its text is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct CacheSecret(Vec<u8>);

/// A text that is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a secret needs at least {SHORTEST} bytes, this one has {length}: `openssl rand -hex 32` makes one"
)]
pub struct SecretError {
    length: usize,
}

/// Shorter ones can be guessed from one sealed file.
const SHORTEST: usize = 16;
pub(crate) const SEAL: usize = 32;

impl CacheSecret {
    /// Takes the text as it is.
    ///
    /// # Errors
    /// If it is so short that it could be guessed.
    pub fn new(text: impl Into<Vec<u8>>) -> Result<Self, SecretError> {
        let bytes = text.into();
        if bytes.len() < SHORTEST {
            let length = bytes.len();
            return Err(SecretError { length });
        }
        Ok(Self(bytes))
    }

    /// HMAC-SHA256 over the parts, one after the other.
    pub(crate) fn seal(&self, parts: &[&[u8]]) -> [u8; SEAL] {
        self.mac(parts)
            .map_or([0; SEAL], |mac| mac.finalize().into_bytes().into())
    }

    /// Compares in constant time.
    pub(crate) fn is_seal_of(&self, seal: &[u8], parts: &[&[u8]]) -> bool {
        self.mac(parts)
            .is_some_and(|mac| mac.verify_slice(seal).is_ok())
    }

    /// HMAC takes keys of any length, so there always is one.
    fn mac(&self, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
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
