//! Sharded repodata: CEP 16.

use std::fs;

use larder_testkit::{ChannelBuilder, Fault, Index, Server, compress_zstd};
use serde_json::json;

use crate::support::{Lab, channel_of, files_in, package};

fn sharded(channel: ChannelBuilder) -> ChannelBuilder {
    channel.indexes(&[Index::Sharded])
}

fn url(server: &Server) -> [String; 1] {
    [format!("{}/c", server.url())]
}

fn paths(server: &Server) -> Vec<String> {
    let requests = server.requests();
    requests.into_iter().map(|request| request.path).collect()
}

#[test]
fn cep16_01_one_form_is_enough_and_unknown_versions_are_no_guess() {
    for index in [Index::Sharded, Index::Zst, Index::Plain] {
        let lab = Lab::new();
        lab.channel("c", channel_of([package("a", "1")]).indexes(&[index]));
        let server = lab.serve();
        assert_eq!(lab.dists(&url(&server), &["a"]), ["a-1-0"], "{index:?}");
    }
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    lab.write(
        "www/c/linux-64/repodata_shards.msgpack.zst",
        shard_index(2, &[7; 32]),
    );
    let server = lab.serve();
    assert_eq!(
        lab.dists(&url(&server), &["a"]),
        ["a-1-0"],
        "from repodata.json"
    );
}

/// A shard index for package `a`, by hand: maps, texts and one binary of msgpack.
fn shard_index(version: u8, digest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x83];
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.push(0xa0 | u8::try_from(text.len()).unwrap());
        bytes.extend_from_slice(text.as_bytes());
    };
    text(&mut bytes, "version");
    bytes.push(version);
    text(&mut bytes, "info");
    bytes.push(0x83);
    for (key, value) in [
        ("subdir", "linux-64"),
        ("base_url", "./"),
        ("shards_base_url", "./shards/"),
    ] {
        text(&mut bytes, key);
        text(&mut bytes, value);
    }
    text(&mut bytes, "shards");
    bytes.push(0x81);
    text(&mut bytes, "a");
    bytes.extend_from_slice(&[0xc4, u8::try_from(digest.len()).unwrap()]);
    bytes.extend_from_slice(digest);
    compress_zstd(&bytes)
}

#[test]
fn cep16_02_digests_are_32_bytes() {
    let lab = Lab::new();
    lab.channel("c", sharded(channel_of([package("a", "1")])));
    lab.write(
        "www/c/linux-64/repodata_shards.msgpack.zst",
        shard_index(1, &[7; 31]),
    );
    let server = lab.serve();
    let error = lab.error(&url(&server), &["a"]);
    assert!(
        error.contains("package `a` has 31 bytes, expected 32"),
        "{error}"
    );
    lab.write(
        "www/c/linux-64/repodata_shards.msgpack.zst",
        shard_index(1, &[7; 32]),
    );
    let error = lab.error(&url(&server), &["a"]);
    assert!(
        error.contains(&format!("{}.msgpack.zst` is gone", "07".repeat(32))),
        "{error}"
    );
}

#[test]
fn cep16_03_both_base_urls_resolve_against_the_index() {
    let lab = Lab::new();
    let channel = sharded(channel_of([package("a", "1")]))
        .info("linux-64", "shards_base_url", json!("./elsewhere"))
        .info("linux-64", "base_url", json!("https://cdn.test/x"));
    lab.channel("c", channel);
    let directory = lab.path("www/c/linux-64");
    fs::rename(directory.join("shards"), directory.join("elsewhere")).unwrap();
    let server = lab.serve();
    let closure = lab.solve(&url(&server), &["a"]).unwrap();
    let record = &closure.get("a").unwrap().record;
    assert_eq!(record.url.as_str(), "https://cdn.test/x/a-1-0.conda");
}

#[test]
fn cep16_04_shards_are_asked_for_by_lower_case_digest() {
    let lab = Lab::new();
    lab.channel("c", sharded(channel_of([package("a", "1")])));
    let server = lab.serve();
    lab.dists(&url(&server), &["a"]);
    let asked = paths(&server);
    let shard = asked.iter().find(|path| path.contains("/shards/")).unwrap();
    let digest = shard.rsplit('/').next().unwrap();
    let digest = digest.strip_suffix(".msgpack.zst").unwrap();
    assert_eq!(digest.len(), 64);
    assert_eq!(digest, digest.to_lowercase());
}

#[test]
fn cep16_05_digests_are_those_of_the_plain_index() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    let from_shard = lab.solve(&url(&server), &["a"]).unwrap();
    let plain = Lab::plain();
    let from_json = plain.solve(&url(&server), &["a"]).unwrap();
    assert_eq!(from_shard, from_json);
    assert_eq!(
        from_shard
            .get("a")
            .unwrap()
            .sha256()
            .unwrap()
            .to_hex()
            .len(),
        64
    );
    assert_eq!(
        from_shard.get("a").unwrap().md5().unwrap().to_hex().len(),
        32
    );
}

#[test]
fn cep16_06_unknown_keys_are_ignored() {
    let lab = Lab::new();
    let channel = sharded(channel_of([package("a", "1")]))
        .info("linux-64", "future", json!({}))
        .patch("a-1-0.conda", |record| {
            record["future"] = json!({ "x": [1] })
        });
    lab.channel("c", channel);
    let server = lab.serve();
    assert_eq!(lab.dists(&url(&server), &["a"]), ["a-1-0"]);
}

#[test]
fn cep16_07_a_shard_with_other_bytes_is_never_used() {
    let lab = Lab::new();
    lab.channel("c", sharded(channel_of([package("a", "1")])));
    let server = lab.serve();
    lab.dists(&url(&server), &["a"]);
    let shards = files_in(&lab.cache().join("shards"));
    assert_eq!(shards.len(), 1);
    let mut bytes = fs::read(&shards[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&shards[0], &bytes).unwrap();
    server.clear_requests();
    assert_eq!(lab.dists(&url(&server), &["a"]), ["a-1-0"]);
    assert_eq!(
        paths(&server)
            .iter()
            .filter(|p| p.contains("/shards/"))
            .count(),
        1
    );
    assert_ne!(fs::read(&shards[0]).unwrap(), bytes, "mended");

    fs::remove_file(&shards[0]).unwrap();
    server.fault("/shards/", Fault::WrongBytes { times: 9 });
    let error = lab.error(&url(&server), &["a"]);
    assert!(error.contains("expected sha256"), "{error}");
    let digests = error
        .split(|c: char| !c.is_ascii_hexdigit())
        .filter(|word| word.len() == 64);
    let digests: std::collections::BTreeSet<&str> = digests.collect();
    assert_eq!(digests.len(), 2, "names both digests: {error}");
    assert!(
        files_in(&lab.cache().join("shards")).is_empty(),
        "nothing bad is kept"
    );
}

#[test]
fn cep16_08_only_the_index_is_revalidated() {
    let lab = Lab::new();
    lab.channel(
        "c",
        sharded(channel_of([
            package("a", "1").depends("b"),
            package("b", "1"),
        ])),
    );
    let server = lab.serve();
    lab.dists(&url(&server), &["a"]);
    server.clear_requests();
    lab.dists(&url(&server), &["a"]);
    let mut asked: Vec<(String, u16)> = server
        .requests()
        .into_iter()
        .map(|request| (request.path, request.status))
        .collect();
    asked.sort();
    let index = |subdir: &str| (format!("/c/{subdir}/repodata_shards.msgpack.zst"), 304);
    assert_eq!(asked, [index("linux-64"), index("noarch")]);
}

#[test]
fn cep16_09_shards_are_fetched_recursively() {
    let lab = Lab::new();
    let packages = [
        package("a", "1").depends("b"),
        package("a", "2"),
        package("b", "1").noarch_generic(),
        package("unrelated", "1"),
    ];
    lab.channel("c", sharded(channel_of(packages)));
    let server = lab.serve();
    assert_eq!(lab.dists(&url(&server), &["a"]), ["a-2-0"]);
    let shards = paths(&server)
        .iter()
        .filter(|p| p.contains("/shards/"))
        .count();
    assert_eq!(
        shards,
        2,
        "a of linux-64 and b of noarch: {:?}",
        paths(&server)
    );
    assert_eq!(lab.dists(&url(&server), &["a=1"]), ["a-1-0", "b-1-0"]);
}

#[test]
fn cep16_10_a_missing_shard_is_met_by_one_refresh_of_the_index() {
    let lab = Lab::new();
    lab.channel("c", sharded(channel_of([package("a", "1")])));
    let server = lab.serve();
    server.fault(
        "/shards/",
        Fault::Status {
            code: 404,
            times: 1,
        },
    );
    assert_eq!(lab.dists(&url(&server), &["a"]), ["a-1-0"]);

    let lab = Lab::new();
    fs::create_dir_all(lab.path("www")).unwrap();
    server.clear_requests();
    server.fault(
        "/shards/",
        Fault::Status {
            code: 404,
            times: 9,
        },
    );
    let error = lab.error(&url(&server), &["a"]);
    assert!(error.contains("is gone"), "{error}");
    let indexes = paths(&server)
        .iter()
        .filter(|p| p.contains("linux-64/repodata_shards"))
        .count();
    assert_eq!(indexes, 2);
}
