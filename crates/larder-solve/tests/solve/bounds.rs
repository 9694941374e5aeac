//! Channels that ask for too much: memory, stack, time, or files of this machine. Each is refused with a text that
//! says what is wrong, or used without the record that is to blame.

use std::io::Read as _;

use larder_testkit::{Index, compress_bz2};
use serde_json::{Value, json};

use crate::{
    index::on_disk,
    support::{Lab, channel_of, dists, package, record, record_with, text_of},
};

/// So many bytes of one kind, compressed as zstd.
fn zstd_bomb(size: u64, byte: u8) -> Vec<u8> {
    zstd::encode_all(std::io::repeat(byte).take(size), 1).unwrap()
}

#[test]
fn small_files_that_unpack_to_gigabytes_are_refused() {
    let bomb = zstd_bomb(1 << 30, b' ');
    assert!(bomb.len() < 160_000, "{}", bomb.len());
    let small_bomb = zstd_bomb(20 << 20, b' ');
    for file in ["repodata_shards.msgpack.zst", "repodata.json.zst"] {
        for bytes in [&bomb, &small_bomb] {
            for is_served in [true, false] {
                let lab = Lab::new();
                let channel = lab.channel("c", channel_of([package("a", "1")]));
                lab.write(&format!("www/c/linux-64/{file}"), bytes);
                if file == "repodata.json.zst" {
                    std::fs::remove_file(lab.path("www/c/linux-64/repodata_shards.msgpack.zst"))
                        .unwrap();
                }
                let server = lab.serve();
                let url = if is_served {
                    format!("{}/c", server.url())
                } else {
                    channel.url()
                };
                let error = lab.error(&[url], &["a"]);
                assert!(
                    error.contains("too large when it is unpacked"),
                    "{file}: {error}"
                );
                assert!(error.contains(file), "{error}");
            }
        }
    }
}

#[test]
fn a_bz2_bomb_is_refused() {
    let lab = Lab::new();
    lab.write(
        "www/c/linux-64/repodata.json.bz2",
        compress_bz2(&vec![b' '; 17 << 20]),
    );
    lab.write("www/c/noarch/repodata.json.bz2", compress_bz2(b"{}"));
    let server = lab.serve();
    let error = lab.error(&[format!("{}/c", server.url())], &["a"]);
    assert!(error.contains("too large when it is unpacked"), "{error}");
}

#[test]
fn a_shard_that_unpacks_to_gigabytes_is_refused() {
    let lab = Lab::new();
    let channel = lab.channel(
        "c",
        channel_of([package("a", "1")]).indexes(&[Index::Sharded]),
    );
    let bomb = zstd_bomb(1 << 30, 0);
    let digest = sha256(&bomb);
    lab.write(
        &format!("www/c/linux-64/shards/{}.msgpack.zst", hex(&digest)),
        &bomb,
    );
    let index = lab.path("www/c/linux-64/repodata_shards.msgpack.zst");
    let mut unpacked = zstd::decode_all(std::fs::File::open(&index).unwrap()).unwrap();
    // The digest of the only shard is the last thing in the index.
    let at = unpacked.len() - 32;
    unpacked[at..].copy_from_slice(&digest);
    std::fs::write(&index, zstd::encode_all(unpacked.as_slice(), 3).unwrap()).unwrap();
    let error = lab.error(&[channel.url()], &["a"]);
    assert!(error.contains("too large when it is unpacked"), "{error}");
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = larder_digest::Hasher::sha256();
    hasher.update(bytes);
    *hasher.finish().sha256.as_bytes()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Specs that overflow the parser's stack, or take it for ever, in brackets and without.
fn hostile_specs() -> Vec<String> {
    let mut specs = Vec::new();
    for count in [33, 5_000, 200_000] {
        let (open, close) = ("(".repeat(count), ")".repeat(count));
        specs.push(format!("b {open}1{close}"));
        specs.push(format!("b {open}"));
        specs.push(format!("b[version=\"{open}1{close}\"]"));
        specs.push(format!("b[when=\"{open}b{close}\"]"));
        specs.push(format!("b >=1{close}{open}[x"));
    }
    specs.push(format!("b {}", ">=1,".repeat(20_000)));
    specs.push(format!("b {}", "1|".repeat(20_000)));
    specs.push(format!("b[{}]", "a=1,".repeat(20_000)));
    specs
}

#[test]
fn a_record_with_a_hostile_spec_is_left_out_and_the_channel_is_used() {
    for index in [Index::Sharded, Index::Plain, Index::Zst] {
        for text in hostile_specs() {
            for field in ["depends", "constrains"] {
                let lab = Lab::new();
                // A sharded channel publishes the plain form as well.
                let channel = channel_of([package("a", "1"), package("a", "2"), package("b", "1")])
                    .indexes(&[index, Index::Plain])
                    .patch("a-2-0.conda", |record| record[field] = json!([text]));
                let channel = lab.channel("c", channel);
                let about = format!("{index:?} {field} {}", &text[..20.min(text.len())]);
                assert_eq!(
                    lab.dists(&[channel.url()], &["a", "b"]),
                    ["a-1-0", "b-1-0"],
                    "{about}"
                );
                let warnings = lab.recorder.warnings();
                let is_named = |text: &String| text.contains("a-2-0") && text.contains("left out");
                assert!(warnings.iter().any(is_named), "{about}: {warnings:?}");
                assert!(warnings.iter().all(|text| text.len() < 1000), "{about}");
            }
        }
    }
}

#[test]
fn parentheses_written_as_escapes_are_seen() {
    let lab = Lab::new();
    let deep = format!("b[version='{}']", "\\u0028".repeat(5_000));
    let text = json!({ "packages.conda": {
        "a-1-0.conda": record("a", "1"),
        "a-2-0.conda": record_with("a", "2", json!({ "depends": ["DEEP"] })),
    }});
    let channels = on_disk(&lab, &text);
    lab.write(
        "www/c/linux-64/repodata.json",
        text.to_string().replace("DEEP", &deep),
    );
    assert_eq!(lab.dists(&channels, &["a"]), ["a-1-0"]);
}

#[test]
fn one_bad_file_name_leaves_the_channel_usable() {
    let names = [
        "",
        "a",
        "a.conda",
        "a-2",
        "a-2.conda",
        "a-2-0",
        "-.conda",
        "a-2-0.zip",
        "a-1://[-0.conda",
        "a-x://h:99999-0.conda",
        "../a-2-0",
    ];
    for name in names {
        let lab = Lab::new();
        let index = json!({ "packages.conda": {
            "a-1-0.conda": record("a", "1"), name: record("a", "2"),
        }});
        let found = lab.solve(&on_disk(&lab, &index), &["a"]);
        let found = found
            .map(|closure| dists(&closure))
            .map_err(|error| text_of(&error));
        assert_eq!(found, Ok(vec!["a-1-0".to_owned()]), "{name}");
    }
}

#[test]
fn an_index_names_no_files_of_this_machine_and_no_other_schemes() {
    let bad = [
        "file:///etc/",
        "file://host/x/",
        "data:,x",
        "mailto:a@b",
        "ftp://h.test/",
        "javascript:x",
        "http://local.invalid/-/etc/",
        "http://[::1",
        "http://:99999/",
    ];
    for index in [Index::Sharded, Index::Zst, Index::Plain] {
        for field in ["base_url", "shards_base_url"] {
            if field == "shards_base_url" && index != Index::Sharded {
                continue;
            }
            for address in bad {
                let lab = Lab::new();
                let channel = channel_of([package("a", "1")]).indexes(&[index]);
                lab.channel("c", channel.info("linux-64", field, Value::from(address)));
                let server = lab.serve();
                let error = lab.error(&[format!("{}/c", server.url())], &["a"]);
                let part = format!("the `{field}` of `{}/c/linux-64/", server.url());
                assert!(error.contains(&part), "{index:?} {address}: {error}");
            }
        }
    }
}
