//! A digest as its 32 bytes instead of text: half the size and no parsing, for the index of a tree.

use std::fmt;

use larder_digest::Sha256;
use serde::{Deserializer, Serializer, de};

pub(super) fn serialize<S: Serializer>(
    digest: &Option<Sha256>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let bytes: &[u8] = digest.as_ref().map_or(&[], |digest| digest.as_bytes());
    serializer.serialize_bytes(bytes)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Sha256>, D::Error> {
    deserializer.deserialize_bytes(DigestVisitor)
}

struct DigestVisitor;

impl de::Visitor<'_> for DigestVisitor {
    type Value = Option<Sha256>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("32 bytes or none")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        if bytes.is_empty() {
            return Ok(None);
        }
        Sha256::from_slice(bytes).map(Some).map_err(E::custom)
    }
}
