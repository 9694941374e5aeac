//! Sharded repodata (CEP 16): msgpack under zstandard, digests as bytes instead of text.
//!
//! It turns one subdir's plain repodata into shards, so that both always tell the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use larder_digest::{Hasher, Md5, Sha256};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::{Map, Value, json};

use crate::archive::compress_zstd;
use crate::must;

/// Writes `repodata_shards.msgpack.zst` and `shards/` of one subdir into `dir`. `repodata` is the
/// content of `repodata.json`; `removed` names the package of each removed file.
pub(crate) fn write_shards(dir: &Path, repodata: &Value, removed: &[(String, String)]) {
    let shards_dir = dir.join("shards");
    must(
        fs::create_dir_all(&shards_dir),
        format_args!("create {}", shards_dir.display()),
    );
    let mut index = BTreeMap::new();
    for (name, shard) in split(repodata, removed) {
        let bytes = compress_zstd(&msgpack(&Packed(&shard, "")));
        let digest = sha256(&bytes);
        let path = shards_dir.join(format!("{}.msgpack.zst", digest.to_hex()));
        must(
            fs::write(&path, bytes),
            format_args!("write {}", path.display()),
        );
        index.insert(name, digest);
    }
    let path = dir.join("repodata_shards.msgpack.zst");
    let bytes = compress_zstd(&msgpack(&ShardIndex {
        info: info(repodata),
        shards: index,
    }));
    must(
        fs::write(&path, bytes),
        format_args!("write {}", path.display()),
    );
}

fn info(repodata: &Value) -> Value {
    let mut info = json!({
        "base_url": "./",
        "shards_base_url": "./shards/",
        "created_at": "2024-01-01T00:00:00Z",
    });
    for (key, value) in repodata["info"].as_object().into_iter().flatten() {
        info[key] = value.clone();
    }
    info
}

/// One shard for each package name: the parts of `repodata` that are about it.
fn split(repodata: &Value, removed: &[(String, String)]) -> BTreeMap<String, Value> {
    let mut shards = BTreeMap::new();
    for group in ["packages", "packages.conda"] {
        for (file, record) in records(&repodata[group]) {
            shard_of(&mut shards, record)[group][file] = record.clone();
        }
    }
    for (group, files) in repodata["v3"].as_object().into_iter().flatten() {
        for (file, record) in records(files) {
            shard_of(&mut shards, record)["v3"][group][file] = record.clone();
        }
    }
    for (name, file) in removed {
        let shard = shards.entry(name.clone()).or_insert_with(empty_shard);
        shard["removed"]
            .as_array_mut()
            .expect("removed is a list")
            .push(file.clone().into());
    }
    shards
}

fn records(group: &Value) -> impl Iterator<Item = (&String, &Value)> {
    group.as_object().into_iter().flatten()
}

fn shard_of<'a>(shards: &'a mut BTreeMap<String, Value>, record: &Value) -> &'a mut Value {
    let name = record["name"].as_str().expect("a record has a name");
    shards.entry(name.to_owned()).or_insert_with(empty_shard)
}

fn empty_shard() -> Value {
    json!({ "packages": Map::new(), "packages.conda": Map::new(), "removed": [] })
}

fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}

fn msgpack(value: &impl Serialize) -> Vec<u8> {
    must(rmp_serde::to_vec_named(value), "write msgpack")
}

struct ShardIndex {
    info: Value,
    shards: BTreeMap<String, Sha256>,
}

impl Serialize for ShardIndex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shards: BTreeMap<&str, Bytes<'_>> = self
            .shards
            .iter()
            .map(|(name, sha)| (name.as_str(), Bytes(sha.as_bytes())))
            .collect();
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("version", &1)?;
        map.serialize_entry("info", &self.info)?;
        map.serialize_entry("shards", &shards)?;
        map.end()
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// A JSON value under this key, with `sha256` and `md5` as bytes.
struct Packed<'a>(&'a Value, &'a str);

impl Serialize for Packed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0, self.1) {
            (Value::Object(object), _) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (key, value) in object {
                    map.serialize_entry(key, &Packed(value, key))?;
                }
                map.end()
            }
            (Value::Array(items), _) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(&Packed(item, ""))?;
                }
                seq.end()
            }
            (Value::String(text), "sha256") => match text.parse::<Sha256>() {
                Ok(digest) => serializer.serialize_bytes(digest.as_bytes()),
                Err(_) => serializer.serialize_str(text),
            },
            (Value::String(text), "md5") => match text.parse::<Md5>() {
                Ok(digest) => serializer.serialize_bytes(digest.as_bytes()),
                Err(_) => serializer.serialize_str(text),
            },
            (value, _) => value.serialize(serializer),
        }
    }
}
