//! The digest types: fixed length, printed as lower-case hexadecimal text, ordered by bytes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Error for text or bytes that are not a digest of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind} digest: expected {expected} hexadecimal digits")]
pub struct ParseDigestError {
    /// The text as given.
    pub text: String,
    /// `sha256` or `md5`.
    pub kind: &'static str,
    /// Number of hexadecimal digits of this kind of digest.
    pub expected: usize,
}

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident, $length:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Wraps the raw bytes of a digest.
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// Converts bytes of any length, as in the sharded repodata of CEP 16.
            ///
            /// # Errors
            /// If the length is not that of this kind of digest.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, ParseDigestError> {
                bytes.try_into().map(Self).map_err(|_| ParseDigestError {
                    text: to_lower_hex(bytes),
                    kind: $kind,
                    expected: $length * 2,
                })
            }

            /// The raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Lower-case hexadecimal text, as in file names and lock files.
            pub fn to_hex(&self) -> String {
                to_lower_hex(&self.0)
            }

            /// Lower-case hexadecimal ASCII characters, without an allocation.
            pub fn to_hex_bytes(&self) -> [u8; $length * 2] {
                let mut text = [0; $length * 2];
                for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
                    pair.copy_from_slice(&PAIRS[usize::from(byte)]);
                }
                text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_lower_hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), to_lower_hex(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = ParseDigestError;

            /// Parses hexadecimal text in upper or lower case.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $length];
                decode_hex(text, &mut bytes).map(|()| Self(bytes)).ok_or_else(|| ParseDigestError {
                    text: text.to_owned(),
                    kind: $kind,
                    expected: $length * 2,
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&to_lower_hex(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

digest_type!(
    /// A SHA-256 digest. Names the objects in the store.
    Sha256, 32, "sha256"
);
digest_type!(
    /// An MD5 digest. Used only for channels without SHA-256.
    Md5, 16, "md5"
);

/// The two hexadecimal digits of each byte value.
const PAIRS: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
};

fn to_lower_hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| PAIRS[usize::from(*byte)]);
    digits.map(char::from).collect()
}

fn decode_hex(text: &str, bytes: &mut [u8]) -> Option<()> {
    let text = text.as_bytes();
    if text.len() != bytes.len() * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = decode_hex_digit(pair[0])? << 4 | decode_hex_digit(pair[1])?;
    }
    Some(())
}

fn decode_hex_digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}
