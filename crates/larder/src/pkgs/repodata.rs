//! Digests out of a channel's index, of the few file names that are wanted: indexes are large, and are
//! read as a stream.

use std::{
    collections::HashMap,
    fmt,
    io::{BufReader, Read},
};

use larder_digest::{Md5, Sha256};
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, Visitor},
};

/// Digests of an archive. Those that are no digests count as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Digests {
    pub(super) sha256: Option<Sha256>,
    pub(super) md5: Option<Md5>,
}

/// A record, as far as it is wanted.
#[derive(Deserialize)]
pub(super) struct Record {
    sha256: Option<String>,
    md5: Option<String>,
    #[serde(rename = "fn")]
    pub(super) file_name: Option<String>,
    pub(super) url: Option<String>,
}

impl Record {
    pub(super) fn digests(&self) -> Digests {
        Digests {
            sha256: self.sha256.as_deref().and_then(|text| text.parse().ok()),
            md5: self.md5.as_deref().and_then(|text| text.parse().ok()),
        }
    }
}

/// Digests by file name; the names that are wanted are the keys.
pub(super) type ByName = HashMap<String, Vec<Digests>>;

/// Adds what an index says of the names in `names`.
///
/// # Errors
/// If it is no index; what came before the mistake has been added.
pub(super) fn read(reader: impl Read, names: &mut ByName) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 18, reader));
    json.deserialize_map(Index(names))
}

struct Index<'a>(&'a mut ByName);

impl<'de> Visitor<'de> for Index<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a channel's index")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "packages" | "packages.conda" => map.next_value_seed(Records(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Records<'a>(&'a mut ByName);

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records by file name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match self.0.get_mut(&name) {
                Some(digests) => digests.push(map.next_value::<Record>()?.digests()),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
