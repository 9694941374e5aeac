//! Memos on records of conda-forge, in a channel that changes all the time.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use larder_digest::Hasher;
use larder_solve::How;
use larder_testkit::{Server, shared_data};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::support::{Lab, files_in, provides};

/// A shard index as it is on the wire.
#[derive(Deserialize, Serialize)]
struct ShardIndex {
    #[serde(default)]
    version: Option<u64>,
    info: Value,
    shards: BTreeMap<String, Bytes>,
}

/// Msgpack's own kind of bytes.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

struct Channel {
    root: PathBuf,
}

impl Channel {
    /// A copy whose indexes may change; shards are links.
    fn copy(from: &Path, to: &Path) -> Self {
        for subdir in ["linux-64", "noarch"] {
            let target = to.join(subdir).join("shards");
            fs::create_dir_all(&target).unwrap();
            for shard in fs::read_dir(from.join(subdir).join("shards")).unwrap() {
                let shard = shard.unwrap();
                fs::copy(shard.path(), target.join(shard.file_name())).unwrap();
            }
            let file = "repodata_shards.msgpack.zst";
            fs::copy(from.join(subdir).join(file), to.join(subdir).join(file)).unwrap();
        }
        Self {
            root: to.to_owned(),
        }
    }

    fn change(&self, subdir: &str, change: impl FnOnce(&mut BTreeMap<String, Bytes>)) {
        let path = self.root.join(subdir).join("repodata_shards.msgpack.zst");
        let bytes = zstd::decode_all(fs::read(&path).unwrap().as_slice()).unwrap();
        let mut index: ShardIndex = rmp_serde::from_slice(&bytes).unwrap();
        change(&mut index.shards);
        let bytes = rmp_serde::to_vec_named(&index).unwrap();
        fs::write(&path, zstd::encode_all(bytes.as_slice(), 1).unwrap()).unwrap();
    }

    /// Compresses a shard otherwise: other bytes, the same records.
    fn repack(&self, subdir: &str, name: &str) {
        self.change(subdir, |shards| {
            let digest = shards.get_mut(name).unwrap();
            let hex: String = digest.0.iter().map(|byte| format!("{byte:02x}")).collect();
            let directory = self.root.join(subdir).join("shards");
            let packed = fs::read(directory.join(format!("{hex}.msgpack.zst"))).unwrap();
            let records = zstd::decode_all(packed.as_slice()).unwrap();
            let packed = zstd::encode_all(records.as_slice(), -5).unwrap();
            let mut hasher = Hasher::sha256();
            hasher.update(&packed);
            let sha256 = hasher.finish().sha256;
            *digest = Bytes(sha256.as_bytes().to_vec());
            fs::write(directory.join(format!("{sha256}.msgpack.zst")), packed).unwrap();
        });
    }
}

/// The names that the only memo has looked at.
fn looked_at(lab: &Lab) -> Vec<String> {
    let text = fs::read_to_string(&files_in(&lab.path("solves"))[0]).unwrap();
    let memo: Value = serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
    memo["proof"][0]["names"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

#[test]
fn a_channel_that_changes_elsewhere_keeps_the_hit_and_one_change_inside_loses_it() {
    let Some(data) = shared_data() else {
        println!("skipped: no shared data");
        return;
    };
    let mut lab = Lab::new();
    lab.virtual_packages = vec![
        provides("__glibc", "2.39", "0"),
        provides("__unix", "0", "0"),
        provides("__linux", "6", "0"),
    ];
    let channel = Channel::copy(&data.join("conda-forge-records"), &lab.path("www/forge"));
    // The rest of the channel, which nobody will look at.
    let others = |shards: &mut BTreeMap<String, Bytes>, seed: u8| {
        for number in 0..20_000 {
            shards.insert(format!("another-{number}"), Bytes(vec![seed; 32]));
        }
    };
    channel.change("linux-64", |shards| others(shards, 1));
    let server = Server::serve(&lab.path("www"));
    let url = [format!("{}/forge", server.url())];
    let specs = ["python=3.11", "numpy"];
    let first = lab.recall(&url, &specs).unwrap();
    assert!(first.closure.packages().len() > 15);

    let names = looked_at(&lab);
    for subdir in ["linux-64", "noarch"] {
        channel.change(subdir, |shards| {
            others(shards, 2);
            let outside = shards.iter_mut().filter(|(name, _)| !names.contains(name));
            let mut changed = 0;
            for (_, digest) in outside {
                digest.0[0] ^= 1;
                changed += 1;
            }
            let part = changed as f64 / shards.len() as f64;
            println!(
                "{subdir}: changed {changed}, {:.1} % of all names",
                100.0 * part
            );
        });
    }
    server.clear_requests();
    let second = lab.recall(&url, &specs).unwrap();
    assert_eq!(second.how, How::Memo, "{:?}", second.why_no_memo);
    assert_eq!(second.closure, first.closure);
    assert_eq!(server.requests().len(), 2);

    channel.repack("linux-64", "numpy");
    let third = lab.recall(&url, &specs).unwrap();
    assert_eq!(third.how, How::Solved);
    let why = third.why_no_memo.unwrap();
    assert!(
        why.starts_with("numpy changed in") && why.ends_with("/linux-64"),
        "{why}"
    );
    assert_eq!(third.closure, first.closure);
    assert_eq!(lab.recall(&url, &specs).unwrap().how, How::Memo);
}
