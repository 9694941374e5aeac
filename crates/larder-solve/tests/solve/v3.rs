//! Repodata revisions: CEP 48.

use larder_testkit::ChannelBuilder;
use serde_json::{Value, json};

use crate::support::{Lab, channel_of, package, record, record_with};

fn revisions(value: Value) -> ChannelBuilder {
    channel_of([package("a", "1")]).info("linux-64", "repodata_revisions", value)
}

#[test]
fn cep48_01_revisions_may_say_little_or_more() {
    for value in [
        json!({ "v3": {} }),
        json!({ "v3": { "message": null, "n_packages": null, "x": 1 } }),
    ] {
        let lab = Lab::new();
        let channel = lab.channel("c", revisions(value.clone()));
        assert_eq!(lab.dists(&[channel.url()], &["a"]), ["a-1-0"], "{value}");
        let server = lab.serve();
        let channel = format!("{}/c", server.url());
        assert_eq!(lab.dists(&[channel], &["a"]), ["a-1-0"], "{value}, sharded");
    }
}

#[test]
fn cep48_02_newer_revisions_are_skipped_with_one_printable_notice() {
    let lab = Lab::new();
    let message = format!("update\u{1b}[31m\n now {}", "x".repeat(10_000));
    let newer = json!({ "v4": { "message": message, "n_packages": 7 } });
    let channel = lab.channel(
        "c",
        revisions(newer).top_level("linux-64", "v4", json!({ "?": 1 })),
    );
    assert_eq!(lab.dists(&[channel.url()], &["a"]), ["a-1-0"]);
    let warnings = lab.recorder.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("repodata::newer-revision"),
        "{warnings:?}"
    );
    assert!(warnings[0].contains("update[31m now"), "{warnings:?}");
    assert!(!warnings[0].contains(char::is_control));
    assert!(warnings[0].len() < 8192 + 400);
}

fn with_v3(lab: &Lab, v3: Value) -> [String; 2] {
    let channel = channel_of([package("a", "1")]).top_level("linux-64", "v3", v3);
    let local = lab.channel("c", channel).url();
    let server = lab.serve();
    let served = format!("{}/c", server.url());
    std::mem::forget(server);
    [local, served]
}

#[test]
fn cep48_03_v3_counts_whatever_the_version_says() {
    let lab = Lab::new();
    let v3 = json!({ "conda": { "a-3-0": record("a", "3") } });
    let channel = channel_of([package("a", "1")])
        .top_level("linux-64", "v3", v3)
        .top_level("linux-64", "repodata_version", json!(1));
    let channel = lab.channel("c", channel);
    assert_eq!(lab.dists(&[channel.url()], &["a"]), ["a-3-0"]);
}

#[test]
fn cep48_04_file_names_are_stem_and_extension() {
    let lab = Lab::new();
    let v3 = json!({
        "conda": { "a-3-0": record("a", "3") },
        "tar.bz2": { "b-3-0": record("b", "3") },
    });
    for url in with_v3(&lab, v3) {
        let closure = lab.solve(&[url], &["a", "b"]).unwrap();
        let end = |name: &str| closure.get(name).unwrap().record.url.to_string();
        assert!(end("a").ends_with("/linux-64/a-3-0.conda"), "{}", end("a"));
        assert!(
            end("b").ends_with("/linux-64/b-3-0.tar.bz2"),
            "{}",
            end("b")
        );
    }
}

#[test]
fn cep48_05_unknown_extensions_are_skipped() {
    let lab = Lab::new();
    let v3 = json!({ "conda": {}, "whatever": { "a-9-0": record("a", "9") } });
    for url in with_v3(&lab, v3) {
        assert_eq!(lab.dists(&[url], &["a"]), ["a-1-0"]);
    }
}

#[test]
fn cep48_06_v3_records_are_candidates_beside_the_others() {
    let lab = Lab::new();
    let more = json!({ "depends": ["b[version=\"2.*\"]"] });
    let v3 = json!({ "conda": {
        "a-3-0": record_with("a", "3", more), "b-2.5-0": record("b", "2.5"), "b-3-0": record("b", "3"),
    }});
    for url in with_v3(&lab, v3) {
        assert_eq!(
            lab.dists(std::slice::from_ref(&url), &["a"]),
            ["a-3-0", "b-2.5-0"]
        );
        assert_eq!(lab.dists(&[url], &["a <2"]), ["a-1-0"]);
    }
}
