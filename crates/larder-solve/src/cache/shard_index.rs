//! A look at a shard index before it is kept: its version and the length of its digests (CEP 16).
//!
//! Nothing is kept of it; the gateway reads it again.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, SeqAccess, Visitor},
};

/// The only version that is understood.
const VERSION: u64 = 1;

/// What a shard index is good for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It can be used.
    Usable(Addresses),
    /// Another version: a plain index is to be used instead.
    OtherVersion,
    /// It is not a shard index; why.
    Bad(String),
}

/// Where the files are that a shard index is about.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Addresses {
    /// Of the packages.
    #[serde(default)]
    pub(crate) base_url: String,
    /// Of the shards.
    #[serde(default)]
    pub(crate) shards_base_url: String,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    version: Option<u64>,
    #[serde(default)]
    info: Addresses,
    shards: BTreeMap<String, Length>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    version: Option<u64>,
}

/// The number of bytes of a digest.
struct Length(usize);

/// Looks at the decompressed bytes.
pub(crate) fn look_at(bytes: &[u8]) -> Verdict {
    if let Ok(Head {
        version: Some(version),
    }) = rmp_serde::from_slice(bytes)
        && version != VERSION
    {
        return Verdict::OtherVersion;
    }
    let index: Index = match rmp_serde::from_slice(bytes) {
        Ok(index) => index,
        Err(error) => return Verdict::Bad(error.to_string()),
    };
    if index.version.is_none() {
        tracing::debug!("shard index without version, taken as {VERSION}");
    }
    match index.shards.iter().find(|(_, length)| length.0 != 32) {
        None => Verdict::Usable(index.info),
        Some((package, length)) => Verdict::Bad(format!(
            "the digest of package `{package}` has {} bytes, expected 32",
            length.0
        )),
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(LengthVisitor)
    }
}

struct LengthVisitor;

impl<'de> Visitor<'de> for LengthVisitor {
    type Value = Length;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a binary digest")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Length, E> {
        Ok(Length(bytes.len()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Length, A::Error> {
        let mut length = 0;
        while bytes.next_element::<IgnoredAny>()?.is_some() {
            length += 1;
        }
        Ok(Length(length))
    }
}
