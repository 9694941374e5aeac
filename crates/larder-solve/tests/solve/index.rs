//! `repodata.json` and its compressed forms: CEP 15, 34, 36, 38.

use larder_testkit::{ChannelBuilder, Format, Index, compress_bz2, compress_zstd};
use serde_json::{Value, json};

use crate::support::{Lab, channel_of, conda, package, record, record_with};

const SUBDIR: &str = "www/c/linux-64/repodata.json";
const NOARCH: &str = "www/c/noarch/repodata.json";

/// A channel `c` on disk whose linux-64 index is `index`.
pub(crate) fn on_disk(lab: &Lab, index: &Value) -> [String; 1] {
    lab.write(NOARCH, "{}");
    lab.write(SUBDIR, index.to_string());
    let path = lab.path("www/c");
    [url::Url::from_file_path(path).unwrap().to_string()]
}

fn conda_index(file_name: &str, record: Value) -> Value {
    json!({ "info": { "subdir": "linux-64" }, "packages.conda": { file_name: record } })
}

/// The URL of package `a` of a channel on a server whose linux-64 `info` is `info`.
fn url_of_a(info: Value) -> (String, String) {
    let lab = Lab::plain();
    let mut index = conda_index("a-1-0.conda", record("a", "1"));
    index["info"] = info;
    on_disk(&lab, &index);
    let server = lab.serve();
    let channel = format!("{}/c", server.url());
    let closure = lab.solve(&[channel], &["a"]).unwrap();
    let url = closure.get("a").unwrap().record.url.to_string();
    (url.replace(&server.url(), ""), url)
}

#[test]
fn cep15_01_base_url_is_prepended_with_a_slash() {
    for base in [
        "https://cdn.test/p/linux-64",
        "https://cdn.test/p/linux-64/",
    ] {
        let (_, url) = url_of_a(json!({ "subdir": "linux-64", "base_url": base }));
        assert_eq!(url, "https://cdn.test/p/linux-64/a-1-0.conda");
    }
}

#[test]
fn cep15_02_relative_base_url_resolves_against_the_index() {
    let (path, _) = url_of_a(json!({ "subdir": "linux-64", "base_url": "../../pool/" }));
    assert_eq!(path, "/pool/a-1-0.conda");
}

#[test]
fn cep15_03_without_base_url_packages_lie_beside_the_index() {
    let (path, _) = url_of_a(json!({ "subdir": "linux-64" }));
    assert_eq!(path, "/c/linux-64/a-1-0.conda");
}

#[test]
fn cep15_04_repodata_version_may_stand_in_either_place() {
    let at_top = json!({ "repodata_version": 2, "info": { "base_url": "./x/" } });
    let in_info = json!({ "info": { "repodata_version": 2, "base_url": "./x/" } });
    let nowhere = json!({ "info": {} });
    let one = json!({ "repodata_version": 1, "info": {} });
    for mut index in [at_top, in_info, nowhere, one] {
        let lab = Lab::new();
        index["packages.conda"] = json!({ "a-1-0.conda": record("a", "1") });
        let channels = on_disk(&lab, &index);
        assert_eq!(lab.dists(&channels, &["a"]), ["a-1-0"], "{index}");
    }
}

#[test]
fn cep34_05_track_features_as_text_list_and_null() {
    for features in [json!("a b"), json!("a,b"), json!(["a", "b"])] {
        let lab = Lab::new();
        let record = record_with("p", "1", json!({ "track_features": features }));
        let channels = on_disk(&lab, &conda_index("p-1-0.conda", record));
        let closure = lab.solve(&channels, &["p"]).unwrap();
        let record = &closure.get("p").unwrap().record.package_record;
        assert_eq!(record.track_features, ["a", "b"], "{features}");
    }
    let lab = Lab::new();
    let record = record_with("p", "1", json!({ "track_features": null }));
    let channels = on_disk(&lab, &conda_index("p-1-0.conda", record));
    assert_eq!(lab.dists(&channels, &["p"]), ["p-1-0"]);
}

#[test]
fn cep34_06_deprecated_and_unknown_keys_change_nothing() {
    let more = json!({
        "arch": null, "platform": null, "features": null, "app": {}, "x": 1, "noarch": "generic",
    });
    let lab = Lab::new();
    let index = conda_index("a-1-0.conda", record_with("a", "1", more));
    assert_eq!(lab.dists(&on_disk(&lab, &index), &["a"]), ["a-1-0"]);
}

#[test]
fn a_bad_record_costs_itself_and_is_told() {
    for bad in [
        json!({ "noarch": "ruby" }),
        json!({ "version": [] }),
        json!({ "depends": 3 }),
    ] {
        for served in [false, true] {
            let lab = Lab::new();
            let index = json!({ "packages.conda": {
                "a-1-0.conda": record("a", "1"), "a-2-0.conda": record_with("a", "2", bad.clone()),
            }});
            let mut channels = on_disk(&lab, &index);
            let server = lab.serve();
            if served {
                channels = [format!("{}/c", server.url())];
            }
            assert_eq!(lab.dists(&channels, &["a"]), ["a-1-0"], "{bad}");
            let warnings = lab.recorder.warnings();
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(
                warnings[0].starts_with("repodata::bad-record: "),
                "{warnings:?}"
            );
            assert!(
                warnings[0].contains("/c/linux-64/a-2-0.conda is left out"),
                "{warnings:?}"
            );
        }
    }
}

#[test]
fn cep36_01_only_noarch_is_demanded() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1").noarch_generic()]));
    let server = lab.serve();
    let channels = [format!("{}/c", server.url())];
    assert_eq!(lab.dists(&channels, &["a"]), ["a-1-0"]);

    let missing = [format!("{}/nowhere", server.url())];
    let error = lab.error(&missing, &["a"]);
    assert!(error.contains("/nowhere` does not exist"), "{error}");
    assert!(error.contains("noarch/repodata.json"), "{error}");
}

#[test]
fn cep36_02_every_top_level_key_is_optional() {
    for index in [json!({}), json!({ "x": [] }), json!({ "info": {} })] {
        let lab = Lab::new();
        let good = lab.channel("good", channel_of([package("a", "1")]));
        let [channel] = on_disk(&lab, &index);
        assert_eq!(
            lab.dists(&[channel, good.url()], &["a"]),
            ["a-1-0"],
            "{index}"
        );
    }
    let lab = Lab::plain();
    lab.channel("good", channel_of([package("a", "1")]));
    lab.write(NOARCH, "");
    lab.write(SUBDIR, "");
    let server = lab.serve();
    let channels = ["c", "good"].map(|name| format!("{}/{name}", server.url()));
    assert_eq!(lab.dists(&channels, &["a"]), ["a-1-0"], "empty files");
}

#[test]
fn cep36_03_of_two_formats_conda_is_taken() {
    let lab = Lab::new();
    let both = ChannelBuilder::new()
        .package(package("a", "1").build(Format::TarBz2))
        .package(package("a", "1").build(Format::Conda));
    let channel = lab.channel("c", both);
    for _ in 0..3 {
        let closure = lab.solve(&[channel.url()], &["a"]).unwrap();
        let url = closure.get("a").unwrap().record.url.to_string();
        assert!(url.ends_with("/linux-64/a-1-0.conda"), "{url}");
    }
    let old = lab.channel(
        "old",
        ChannelBuilder::new().package(package("a", "1").build(Format::TarBz2)),
    );
    let closure = lab.solve(&[old.url()], &["a"]).unwrap();
    let url = closure.get("a").unwrap().record.url.to_string();
    assert!(url.ends_with("/a-1-0.tar.bz2"), "{url}");
}

#[test]
fn cep36_04_removed_builds_are_no_candidates_not_even_as_a_preference() {
    let mut lab = Lab::new();
    let before = lab.channel("before", channel_of([package("a", "1"), package("a", "2")]));
    let locked = lab.solve(&[before.url()], &["a"]).unwrap();
    assert_eq!(locked.get("a").unwrap().dist(), "a-2-0");
    let after = channel_of([package("a", "1"), package("a", "2")]).removed("a-2-0.conda");
    lab.channel("before", after);
    lab.preferred = vec![locked.get("a").unwrap().record.clone()];
    assert_eq!(lab.dists(&[before.url()], &["a"]), ["a-1-0"]);
}

#[test]
fn cep36_05_signatures_are_ignored() {
    let lab = Lab::new();
    let mut index = conda_index("a-1-0.conda", record("a", "1"));
    index["signatures"] = json!(["not", { "a": "map" }, 3]);
    assert_eq!(lab.dists(&on_disk(&lab, &index), &["a"]), ["a-1-0"]);
}

#[test]
fn cep36_06_subdir_is_inferred_from_the_url() {
    let lab = Lab::new();
    let mut bare = record("a", "1");
    bare.as_object_mut().unwrap().remove("subdir");
    let index = json!({ "info": {}, "packages.conda": { "a-1-0.conda": bare } });
    let closure = lab.solve(&on_disk(&lab, &index), &["a"]).unwrap();
    let record = &closure.get("a").unwrap().record;
    assert_eq!(record.package_record.subdir, "linux-64");
    assert!(record.url.as_str().ends_with("/linux-64/a-1-0.conda"));
}

#[test]
fn cep36_07_the_patched_record_decides() {
    let lab = Lab::new();
    let channel = channel_of([package("a", "1").depends("b >=2"), package("b", "1")]);
    let patched = channel.patch("a-1-0.conda", |record| record["depends"] = json!(["b <2"]));
    let channel = lab.channel("c", patched);
    let closure = lab.solve(&[channel.url()], &["a"]).unwrap();
    assert_eq!(
        closure.get("a").unwrap().record.package_record.depends,
        ["b <2"]
    );
    assert_eq!(closure.get("b").unwrap().dist(), "b-1-0");
}

#[test]
fn cep36_08_either_digest_may_be_null() {
    let lab = Lab::new();
    let more = json!({ "sha256": null, "size": 77 });
    let index = conda_index("a-1-0.conda", record_with("a", "1", more));
    let closure = lab.solve(&on_disk(&lab, &index), &["a"]).unwrap();
    let package = closure.get("a").unwrap();
    assert!(package.sha256().is_none() && package.md5().is_some());
    assert_eq!(package.record.package_record.size, Some(77));
}

#[test]
fn cep36_09_legacy_digests_are_not_the_archive_s() {
    let lab = Lab::new();
    let more = json!({ "legacy_bz2_md5": "f".repeat(32), "legacy_bz2_size": 9, "unknown": {} });
    let index = conda_index("a-1-0.conda", record_with("a", "1", more));
    let closure = lab.solve(&on_disk(&lab, &index), &["a"]).unwrap();
    let package = closure.get("a").unwrap();
    assert_eq!(package.md5().unwrap().to_hex(), "0".repeat(32));
    assert_eq!(package.record.package_record.size, Some(1));
}

#[test]
fn cep36_10_subsets_are_not_mistaken_for_the_index() {
    let lab = Lab::plain();
    let full = json!({ "packages.conda": {
        "a-1-0.conda": record("a", "1"), "a-2-0.conda": record("a", "2"),
    }});
    let current = json!({ "packages.conda": { "a-2-0.conda": record("a", "2") } });
    on_disk(&lab, &full);
    lab.write("www/c/linux-64/current_repodata.json", current.to_string());
    let server = lab.serve();
    let channels = [format!("{}/c", server.url())];
    assert_eq!(lab.dists(&channels, &["a=1"]), ["a-1-0"]);
}

#[test]
fn cep36_11_every_compressed_form_alone_is_enough() {
    let index = conda_index("a-1-0.conda", record("a", "1")).to_string();
    let forms: [(&str, Vec<u8>, Vec<u8>); 3] = [
        ("", index.clone().into(), b"{}".to_vec()),
        (
            ".zst",
            compress_zstd(index.as_bytes()),
            compress_zstd(b"{}"),
        ),
        (".bz2", compress_bz2(index.as_bytes()), compress_bz2(b"{}")),
    ];
    for (suffix, subdir, noarch) in forms {
        let lab = Lab::new();
        lab.write(&format!("{SUBDIR}{suffix}"), subdir);
        lab.write(&format!("{NOARCH}{suffix}"), noarch);
        let server = lab.serve();
        let channels = [format!("{}/c", server.url())];
        assert_eq!(lab.dists(&channels, &["a"]), ["a-1-0"], "only {suffix}");
        server.clear_requests();
        assert_eq!(
            lab.dists(&channels, &["a"]),
            ["a-1-0"],
            "only {suffix}, again"
        );
        let unchanged = server.requests().iter().filter(|r| r.status == 304).count();
        assert_eq!(
            unchanged, 2,
            "both subdirs are revalidated, not fetched again"
        );
    }
}

#[test]
fn cep38_01_channeldata_is_never_required() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    assert_eq!(
        lab.dists(&[format!("{}/c", server.url())], &["a"]),
        ["a-1-0"]
    );
    let asked = server.requests();
    assert!(asked.iter().all(|r| !r.path.contains("channeldata")));
}

#[test]
fn cep38_02_channeldata_decides_nothing() {
    let lab = Lab::new();
    let channel = lab.channel("c", channel_of([package("a", "1"), package("a", "2")]));
    let lie = json!({ "packages": { "a": { "version": "1", "subdirs": [], "timestamp": 1 } } });
    lab.write("www/c/channeldata.json", lie.to_string());
    assert_eq!(lab.dists(&[channel.url()], &["a"]), ["a-2-0"]);
}

#[test]
fn records_name_their_channel_without_subdir_slash_and_credentials() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    let url = format!("{}/c", server.url());
    for index in [Index::Sharded, Index::Plain] {
        let lab = Lab {
            sharded: index == Index::Sharded,
            ..Lab::new()
        };
        let closure = lab.solve(&[format!("{url}/")], &["a"]).unwrap();
        let record = &closure.get("a").unwrap().record;
        assert_eq!(record.channel.as_deref(), Some(url.as_str()));
    }
    let built = conda(package("a", "1"));
    let closure = lab.solve(&[url], &["a >=1", "A"]).unwrap();
    let package = closure.get("a").unwrap();
    assert_eq!(package.requested_specs, ["a >=1", "A"]);
    assert_eq!(package.sha256().unwrap().to_hex(), built.sha256);
}
