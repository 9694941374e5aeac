//! The three indexes of a channel tell the same, and rattler's types read them.

use std::collections::BTreeMap;
use std::path::Path;

use larder_testkit::{BuiltPackage, ChannelBuilder, Format, Index, LocalChannel, PackageBuilder};
use rattler_conda_types::{PackageRecord, RepoData, Shard, ShardedRepodata};
use serde_json::json;

use crate::hex;

fn package(name: &str, version: &str, format: Format) -> BuiltPackage {
    PackageBuilder::new(name, version, "0")
        .depends("dep >=1")
        .file(name, name)
        .build(format)
}

fn channel(dir: &Path) -> LocalChannel {
    let noarch = PackageBuilder::new("pure", "1", "0")
        .noarch_generic()
        .build(Format::Conda);
    ChannelBuilder::new()
        .package(package("one", "1", Format::Conda))
        .package(package("one", "2", Format::TarBz2))
        .package(package("gone", "1", Format::Conda))
        .package(noarch)
        .patch("one-1-0.conda", |record| {
            record["depends"] = json!(["patched"])
        })
        .removed("gone-1-0.conda")
        .write(dir)
}

fn unzstd(path: &Path) -> Vec<u8> {
    zstd::decode_all(std::fs::read(path).unwrap().as_slice()).unwrap()
}

fn plain(channel: &LocalChannel, subdir: &str) -> RepoData {
    RepoData::from_path(channel.file(subdir, "repodata.json")).unwrap()
}

fn index(channel: &LocalChannel, subdir: &str) -> ShardedRepodata {
    let bytes = unzstd(&channel.file(subdir, "repodata_shards.msgpack.zst"));
    rmp_serde::from_slice(&bytes).unwrap()
}

fn shard(channel: &LocalChannel, subdir: &str, name: &str) -> Shard {
    let digest = hex(index(channel, subdir).shards[name]);
    let path = channel.file(subdir, &format!("shards/{digest}.msgpack.zst"));
    rmp_serde::from_slice(&unzstd(&path)).unwrap()
}

#[test]
fn shards_hold_what_repodata_json_holds() {
    let dir = tempfile::tempdir().unwrap();
    let channel = channel(dir.path());
    for subdir in ["linux-64", "noarch"] {
        let repodata = plain(&channel, subdir);
        let mut expected: BTreeMap<String, PackageRecord> = BTreeMap::new();
        expected.extend(
            repodata
                .packages
                .into_iter()
                .map(|(id, record)| (id.to_string(), record)),
        );
        expected.extend(
            repodata
                .conda_packages
                .into_iter()
                .map(|(id, record)| (id.to_string(), record)),
        );
        let mut found = BTreeMap::new();
        for name in index(&channel, subdir).shards.keys() {
            let shard = shard(&channel, subdir, name);
            found.extend(
                shard
                    .packages
                    .into_iter()
                    .map(|(id, record)| (id.to_string(), record)),
            );
            found.extend(
                shard
                    .conda_packages
                    .into_iter()
                    .map(|(id, record)| (id.to_string(), record)),
            );
        }
        assert!(!expected.is_empty());
        assert!(
            expected
                .values()
                .all(|record| record.sha256.is_some() && record.md5.is_some())
        );
        assert_eq!(found, expected, "{subdir}");
    }
}

#[test]
fn shards_are_named_by_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let channel = channel(dir.path());
    for entry in std::fs::read_dir(channel.file("linux-64", "shards")).unwrap() {
        let path = entry.unwrap().path();
        let mut hasher = larder_digest::Hasher::sha256();
        hasher.update(&std::fs::read(&path).unwrap());
        let name = format!("{}.msgpack.zst", hasher.finish().sha256.to_hex());
        assert_eq!(path.file_name().unwrap().to_str(), Some(name.as_str()));
    }
}

#[test]
fn digests_in_shards_are_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let channel = channel(dir.path());
    let digest = hex(index(&channel, "linux-64").shards["one"]);
    let bytes = unzstd(&channel.file("linux-64", &format!("shards/{digest}.msgpack.zst")));
    // msgpack: the fixed string "sha256", then bin8 of 32 bytes; "md5", then bin8 of 16.
    assert!(
        bytes
            .windows(9)
            .any(|window| window == b"\xa6sha256\xc4\x20")
    );
    assert!(bytes.windows(6).any(|window| window == b"\xa3md5\xc4\x10"));
}

#[test]
fn zst_holds_the_same_text() {
    let dir = tempfile::tempdir().unwrap();
    let channel = channel(dir.path());
    let text = std::fs::read(channel.file("linux-64", "repodata.json")).unwrap();
    assert_eq!(unzstd(&channel.file("linux-64", "repodata.json.zst")), text);
}

#[test]
fn patches_change_the_record_but_not_the_archive() {
    let dir = tempfile::tempdir().unwrap();
    let channel = channel(dir.path());
    let original = package("one", "1", Format::Conda);
    assert_eq!(
        std::fs::read(channel.file("linux-64", "one-1-0.conda")).unwrap(),
        original.bytes
    );
    let repodata = plain(&channel, "linux-64");
    let record = repodata
        .conda_packages
        .values()
        .find(|record| record.name.as_normalized() == "one");
    assert_eq!(record.unwrap().depends, ["patched"]);
}

#[test]
fn what_is_removed_is_in_no_index() {
    let dir = tempfile::tempdir().unwrap();
    let channel = channel(dir.path());
    let repodata = plain(&channel, "linux-64");
    let names: Vec<_> = repodata
        .conda_packages
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["one-1-0.conda"]);
    assert_eq!(repodata.removed.len(), 1);
    let shard = shard(&channel, "linux-64", "gone");
    assert!(shard.conda_packages.is_empty());
    assert_eq!(shard.removed.len(), 1);
    assert!(channel.file("linux-64", "gone-1-0.conda").exists());
}

#[test]
fn info_and_top_level_reach_both_indexes() {
    let dir = tempfile::tempdir().unwrap();
    let built = package("new", "1", Format::Conda);
    let record = built.record.clone();
    let channel = ChannelBuilder::new()
        .package(built)
        .info(
            "linux-64",
            "channel_relations",
            json!({ "base": "../base" }),
        )
        .info("linux-64", "base_url", json!("https://example.org/files/"))
        .top_level("linux-64", "v3", json!({ "conda": { "new-1-0": record } }))
        .write(dir.path());
    let index = index(&channel, "linux-64");
    assert_eq!(index.info.base_url, "https://example.org/files/");
    assert_eq!(
        index.info.channel_relations.unwrap().base.as_deref(),
        Some("../base")
    );
    assert_eq!(shard(&channel, "linux-64", "new").v3.conda.len(), 1);
    let repodata = plain(&channel, "linux-64");
    assert_eq!(repodata.version, Some(2), "CEP 15");
    assert_eq!(repodata.v3.conda.len(), 1);
    let info = repodata.info.unwrap();
    assert_eq!(info.base_url.as_deref(), Some("https://example.org/files/"));
}

#[test]
fn an_empty_channel_has_an_empty_noarch() {
    let dir = tempfile::tempdir().unwrap();
    let channel = ChannelBuilder::new().write(&dir.path().join("new/channel"));
    assert!(plain(&channel, "noarch").packages.is_empty());
    assert!(index(&channel, "noarch").shards.is_empty());
    assert_eq!(index(&channel, "noarch").info.subdir, "noarch");
    assert!(channel.url().starts_with("file:///") && channel.url().ends_with("new/channel"));
}

#[test]
fn only_the_wanted_indexes_are_written() {
    let files = [
        "repodata.json",
        "repodata.json.zst",
        "repodata_shards.msgpack.zst",
    ];
    for (wanted, file) in [Index::Plain, Index::Zst, Index::Sharded]
        .into_iter()
        .zip(files)
    {
        let dir = tempfile::tempdir().unwrap();
        let channel = ChannelBuilder::new().indexes(&[wanted]).write(dir.path());
        let written: Vec<_> = files
            .into_iter()
            .filter(|file| channel.file("noarch", file).exists())
            .collect();
        assert_eq!(written, [file]);
    }
}

#[test]
fn a_channel_is_written_the_same_twice() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    channel(one.path());
    channel(two.path());
    assert_eq!(
        larder_testkit::tree_of(one.path()),
        larder_testkit::tree_of(two.path())
    );
}
