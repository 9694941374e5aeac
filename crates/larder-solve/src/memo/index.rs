//! One subdir of a channel, as far as a proof needs it: a hash for each package name.
//!
//! With sharded repodata (CEP 16) the index has those hashes; of a plain index each name's records
//! are hashed as they stand. Which records belong to a name is decided as rattler's gateway does: by
//! the file name. Nothing is downloaded here.

use std::{collections::HashMap, fmt};

use larder_digest::{Hasher, Sha256};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

/// In what form a subdir was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// The channel has no such subdir.
    Missing,
    /// A shard index: the hash of a name is that of its shard.
    Sharded,
    /// One file: the hash of a name is that of its records.
    Plain,
}

/// One subdir of a channel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Index {
    pub(crate) form: Form,
    /// Of what the index says about itself: base URL, revisions, relations.
    pub(crate) head: Sha256,
    pub(crate) names: HashMap<String, Sha256>,
    /// The references to other channels (CEP 42), as they stand.
    pub(crate) relations: Vec<String>,
}

impl Index {
    /// A subdir that is not there.
    pub(crate) fn missing() -> Self {
        Self::new(Form::Missing, Value::Null, HashMap::new())
    }

    /// From a decompressed shard index.
    pub(crate) fn from_shards(bytes: &[u8]) -> Result<Self, String> {
        let index: Shards = rmp_serde::from_slice(bytes).map_err(|error| error.to_string())?;
        let shards = index.shards.into_iter();
        let names = shards.map(|(name, digest)| (name, digest.0)).collect();
        Ok(Self::new(Form::Sharded, index.info, names))
    }

    /// From the text of a `repodata.json`.
    pub(crate) fn from_plain(bytes: &[u8]) -> Result<Self, String> {
        let index: Plain<'_> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let names = index.hashes()?;
        Ok(Self::new(Form::Plain, index.info, names))
    }

    fn new(form: Form, mut info: Value, names: HashMap<String, Sha256>) -> Self {
        let relations = ["base", "overrides"]
            .iter()
            .filter_map(|field| info.get("channel_relations")?.get(field)?.as_str())
            .map(str::to_owned)
            .collect();
        if let Some(info) = info.as_object_mut() {
            // When it was made and where its shards are changes no record.
            info.retain(|key, _| key != "created_at" && key != "shards_base_url");
        }
        info.sort_all_objects();
        Self {
            form,
            head: crate::cache::sha256(info.to_string().as_bytes()),
            names,
            relations,
        }
    }
}

#[derive(Deserialize)]
struct Shards {
    info: Value,
    shards: HashMap<String, Digest>,
}

/// 32 bytes.
struct Digest(Sha256);

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(DigestVisitor)
    }
}

struct DigestVisitor;

impl<'de> Visitor<'de> for DigestVisitor {
    type Value = Digest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a binary digest")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Digest, E> {
        Sha256::from_slice(bytes).map(Digest).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Digest, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = sequence.next_element::<u8>()? {
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}

/// What rattler's gateway reads of a plain index.
#[derive(Deserialize)]
struct Plain<'a> {
    #[serde(default)]
    info: Value,
    #[serde(borrow, default)]
    packages: Records<'a>,
    #[serde(borrow, default, rename = "packages.conda")]
    conda: Records<'a>,
    #[serde(borrow, default)]
    v3: V3<'a>,
    #[serde(default)]
    removed: Vec<String>,
}

#[derive(Default, Deserialize)]
struct V3<'a> {
    #[serde(borrow, default, rename = "tar.bz2")]
    tar_bz2: Records<'a>,
    #[serde(borrow, default)]
    conda: Records<'a>,
    #[serde(borrow, default)]
    whl: Records<'a>,
}

/// Files and their records as they stand.
#[derive(Default)]
struct Records<'a>(Vec<(String, &'a RawValue)>);

impl Plain<'_> {
    /// The hash of each name's records.
    fn hashes(&self) -> Result<HashMap<String, Sha256>, String> {
        let groups = [
            ("packages", &self.packages),
            ("packages.conda", &self.conda),
            ("v3.tar.bz2", &self.v3.tar_bz2),
            ("v3.conda", &self.v3.conda),
            ("v3.whl", &self.v3.whl),
        ];
        let records = groups.iter().flat_map(|(group, records)| {
            let records = records.0.iter();
            records.map(|(file, record)| (file.as_str(), *group, record.get()))
        });
        let removed = self.removed.iter();
        let removed = removed.map(|file| (file.as_str(), "removed", ""));
        let mut lines = Vec::new();
        for (file, group, record) in records.chain(removed) {
            lines.push((name_of(file)?, file, group, record));
        }
        lines.sort_unstable();
        let names = lines.chunk_by(|a, b| a.0 == b.0);
        let hash = |lines: &[(&str, &str, &str, &str)]| {
            let mut hasher = Hasher::sha256();
            for (_, file, group, record) in lines {
                for part in [file, group, record] {
                    hasher.update(&(part.len() as u64).to_le_bytes());
                    hasher.update(part.as_bytes());
                }
            }
            (lines[0].0.to_owned(), hasher.finish().sha256)
        };
        Ok(names.map(hash).collect())
    }
}

/// `name-version-build` with or without an extension: neither of the last two has a `-`.
fn name_of(file: &str) -> Result<&str, String> {
    file.rsplitn(3, '-')
        .nth(2)
        .ok_or_else(|| format!("`{file}` is no file name of a package"))
}

impl<'de: 'a, 'a> Deserialize<'de> for Records<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordsVisitor)
    }
}

struct RecordsVisitor;

impl<'de> Visitor<'de> for RecordsVisitor {
    type Value = Records<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records by file name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Records<'de>, A::Error> {
        let mut records = Vec::new();
        while let Some(entry) = map.next_entry()? {
            records.push(entry);
        }
        Ok(Records(records))
    }
}
