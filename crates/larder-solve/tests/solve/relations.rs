//! Channel relations: CEP 42. The order of channels shows in which channel a package comes from.

use std::collections::BTreeSet;

use larder_testkit::{ChannelBuilder, Index};
use serde_json::{Value, json};

use crate::support::{Lab, channel_of, package};

/// A channel with package `p` at this version, and these relations.
fn related(version: &str, relations: Value) -> ChannelBuilder {
    let channel = channel_of([package("p", version).noarch_generic()]).indexes(&[Index::Plain]);
    match relations {
        Value::Null => channel,
        relations => channel.info("noarch", "channel_relations", relations),
    }
}

fn lab_with(channels: &[(&str, Value)]) -> Lab {
    let lab = Lab::new();
    for (number, (name, relations)) in channels.iter().enumerate() {
        lab.channel(name, related(&number.to_string(), relations.clone()));
    }
    lab
}

fn urls(lab: &Lab, names: &[&str]) -> Vec<String> {
    let url = |name: &&str| url::Url::from_file_path(lab.path(&format!("www/{name}"))).unwrap();
    names.iter().map(|name| url(name).to_string()).collect()
}

/// The channels in their order of priority: with strict priority only the first one counts; without
/// it, the next, and so on.
fn order(lab: &Lab, listed: &[&str], all: &[&str]) -> Vec<String> {
    let mut order = Vec::new();
    let mut left: Vec<&str> = all.to_vec();
    while !left.is_empty() {
        let closure = lab.solve(&urls(lab, listed), &["p"]).unwrap();
        let channel = closure.get("p").unwrap().record.channel.clone().unwrap();
        let name = channel.split("/www/").nth(1).unwrap().to_owned();
        let relations = lab.path(&format!("www/{name}/noarch/repodata.json"));
        let mut index: Value = serde_json::from_slice(&std::fs::read(&relations).unwrap()).unwrap();
        index["packages.conda"] = json!({});
        std::fs::write(relations, index.to_string()).unwrap();
        left.retain(|other| *other != name);
        order.push(name);
    }
    order
}

#[test]
fn cep42_01_base_comes_before_and_overrides_after() {
    let base = json!({ "base": "../forge", "unknown": 1 });
    let lab = lab_with(&[("bio", base), ("forge", Value::Null)]);
    assert_eq!(order(&lab, &["bio"], &["bio", "forge"]), ["forge", "bio"]);
    let overrides = json!({ "overrides": "../forge" });
    let lab = lab_with(&[("bio", overrides), ("forge", Value::Null)]);
    assert_eq!(order(&lab, &["bio"], &["bio", "forge"]), ["bio", "forge"]);
    let lab = lab_with(&[("bio", json!({})), ("forge", Value::Null)]);
    assert_eq!(order(&lab, &["bio"], &["bio"]), ["bio"]);
}

#[test]
fn cep42_02_one_channel_as_base_and_overrides_is_an_error() {
    let lab = lab_with(&[
        ("a", json!({ "base": "../x", "overrides": "../x" })),
        ("x", Value::Null),
    ]);
    let error = lab.error(&urls(&lab, &["a"]), &["p"]);
    assert!(error.contains("/a"), "{error}");
    assert!(error.contains("both `base` and `overrides`"), "{error}");
}

#[test]
fn cep42_03_only_relative_references_are_valid() {
    for reference in ["conda-forge", "https://other.test/c", "./x", "/x", ""] {
        let lab = lab_with(&[("a", json!({ "base": reference }))]);
        let server = lab.serve();
        let error = lab.error(&[format!("{}/a", server.url())], &["p"]);
        assert!(
            error.contains("cannot order the channels"),
            "{reference}: {error}"
        );
        assert!(
            server
                .requests()
                .iter()
                .all(|request| request.path.starts_with("/a/"))
        );
    }
}

#[test]
fn cep42_04_references_resolve_against_the_channel_as_a_directory() {
    let lab = lab_with(&[
        ("forge/label/rc", json!({ "base": "../.." })),
        ("forge", Value::Null),
    ]);
    let all = ["forge", "forge/label/rc"];
    assert_eq!(order(&lab, &["forge/label/rc"], &all), all);
}

#[test]
fn cep42_05_relations_in_the_shard_index_are_enough() {
    let lab = Lab::new();
    let bio = related("1", json!({ "base": "../forge" })).indexes(&[Index::Sharded]);
    lab.channel("bio", bio);
    lab.channel(
        "forge",
        related("2", Value::Null).indexes(&[Index::Sharded]),
    );
    let server = lab.serve();
    assert_eq!(
        lab.dists(&[format!("{}/bio", server.url())], &["p"]),
        ["p-2-0"]
    );
    let asked = server.requests();
    let plain: Vec<_> = asked
        .iter()
        .filter(|r| r.path.contains("noarch/repodata.json"))
        .collect();
    assert!(plain.is_empty(), "{plain:?}");
}

#[test]
fn cep42_06_noarch_of_a_related_channel_is_read() {
    let lab = Lab::new();
    lab.channel("bio", related("1", json!({ "base": "../forge" })));
    let forge = channel_of([
        package("only-here", "1").noarch_generic(),
        package("native", "1"),
    ]);
    lab.channel("forge", forge);
    let found = lab.dists(&urls(&lab, &["bio"]), &["only-here", "native"]);
    assert_eq!(found, ["native-1-0", "only-here-1-0"]);
}

#[test]
fn cep42_07_relations_are_followed_until_none_is_new() {
    let lab = lab_with(&[
        ("mine", json!({ "base": "../bio" })),
        ("bio", json!({ "base": "../forge" })),
        ("forge", Value::Null),
    ]);
    let all = ["forge", "bio", "mine"];
    assert_eq!(order(&lab, &["mine"], &all), all);
}

#[test]
fn cep42_08_depth_is_bounded_and_zero_switches_off() {
    let names: Vec<String> = (0..12).map(|number| format!("c{number}")).collect();
    let channels: Vec<(&str, Value)> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            (
                name.as_str(),
                json!({ "base": format!("../c{}", number + 1) }),
            )
        })
        .collect();
    let mut lab = lab_with(&channels);
    lab.channel("c12", related("12", Value::Null));
    let error = lab.error(&urls(&lab, &["c0"]), &["p"]);
    assert!(error.contains("channel_relations_max_depth"), "{error}");
    lab.depth = 12;
    assert_eq!(lab.dists(&urls(&lab, &["c0"]), &["p"]), ["p-12-0"]);

    lab.depth = 0;
    let server = lab.serve();
    assert_eq!(
        lab.dists(&[format!("{}/c0", server.url())], &["p"]),
        ["p-0-0"]
    );
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.path.starts_with("/c0/"))
    );
}

#[test]
fn cep42_09_cycles_are_an_error_that_shows_them() {
    let lab = lab_with(&[
        ("a", json!({ "base": "../b" })),
        ("b", json!({ "base": "../a" })),
    ]);
    let error = lab.error(&urls(&lab, &["a"]), &["p"]);
    assert!(error.contains("cycle"), "{error}");
    assert!(error.contains("/a") && error.contains("/b"), "{error}");
}

#[test]
fn cep42_10_the_user_s_order_wins() {
    let lab = lab_with(&[
        ("bio", json!({ "base": "../forge" })),
        ("forge", Value::Null),
    ]);
    let listed = ["bio", "forge"];
    assert_eq!(order(&lab, &listed, &listed), listed);
    assert!(
        lab.recorder
            .warnings()
            .iter()
            .any(|text| text.contains("contradicts"))
    );
}

#[test]
fn cep42_11_only_listed_channels_may_contradict() {
    let lab = lab_with(&[
        ("a", Value::Null),
        ("b", json!({ "base": "../c" })),
        ("c", json!({ "base": "../b" })),
    ]);
    let error = lab.error(&urls(&lab, &["a", "b"]), &["p"]);
    assert!(error.contains("cycle"), "{error}");
}

#[test]
fn cep42_12_a_listed_channel_keeps_its_place() {
    let lab = lab_with(&[
        ("bio", json!({ "base": "../forge" })),
        ("x", Value::Null),
        ("forge", Value::Null),
    ]);
    let listed = ["bio", "x", "forge"];
    assert_eq!(order(&lab, &listed, &listed), listed);
}

#[test]
fn cep42_13_related_channels_stay_together() {
    for _ in 0..5 {
        let lab = lab_with(&[
            ("a", Value::Null),
            ("b", json!({ "base": "../c" })),
            ("c", Value::Null),
        ]);
        assert_eq!(order(&lab, &["a", "b"], &["a", "b", "c"]), ["a", "c", "b"]);
    }
}

#[test]
fn cep42_16_a_channel_is_loaded_once_however_it_is_reached() {
    let lab = Lab::new();
    let both = related("1", json!({ "base": "../forge" })).info(
        "linux-64",
        "channel_relations",
        json!({ "base": "../forge/" }),
    );
    lab.channel("bio", both);
    lab.channel("more", related("2", json!({ "base": "../forge" })));
    lab.channel("forge", related("3", Value::Null));
    let server = lab.serve();
    let listed = ["bio", "more"].map(|name| format!("{}/{name}", server.url()));
    assert_eq!(lab.dists(&listed, &["p"]), ["p-3-0"]);
    let asked: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
    let once: BTreeSet<&String> = asked.iter().collect();
    assert_eq!(asked.len(), once.len(), "{asked:?}");
}
