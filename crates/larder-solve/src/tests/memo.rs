//! Keys, hashes of plain indexes, and the file of a memo.

use std::{
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use proptest::prelude::*;
use rattler_conda_types::{
    Channel, GenericVirtualPackage, MatchSpec, ParseMatchSpecOptions, RepoDataRecord,
    RepodataRevision, Subdir,
};
use rattler_networking::LazyClient;
use serde_json::{Value, json};
use url::Url;

use crate::{
    ChannelCutOff, CutOff, CutOffs, Priority, Requested, SolveRequest, SolverOptions,
    Strategy as SolveStrategy,
    memo::testing::{DECIDERS, Form, Index, Key, Memo, Proof, compose, parse},
};

/// Everything that a request owns.
#[derive(Clone)]
struct Request {
    subdir: Subdir,
    channels: Vec<Channel>,
    priority: Priority,
    specs: Vec<Requested>,
    virtual_packages: Vec<GenericVirtualPackage>,
    preferred: Vec<RepoDataRecord>,
    strategy: SolveStrategy,
    exclude_newer: CutOffs,
    depth: usize,
    sharded: bool,
}

impl Request {
    fn new() -> Self {
        Self {
            subdir: Subdir::Linux64,
            channels: vec![channel("https://h.test/one"), channel("https://h.test/two")],
            priority: Priority::Strict,
            specs: vec![wanted("python >=3.11"), wanted("numpy")],
            virtual_packages: vec![provided("__glibc", "2.39"), provided("__unix", "0")],
            preferred: Vec::new(),
            strategy: SolveStrategy::Highest,
            exclude_newer: CutOffs::default(),
            depth: 10,
            sharded: true,
        }
    }

    fn key(&self) -> Result<Key, String> {
        let request = SolveRequest {
            subdir: self.subdir,
            channels: &self.channels,
            priority: self.priority,
            specs: &self.specs,
            pinned: &[],
            only_tar_bz2: false,
            virtual_packages: &self.virtual_packages,
            preferred: &self.preferred,
            strategy: self.strategy,
            exclude_newer: self.exclude_newer.clone(),
        };
        let options = SolverOptions {
            max_relations_depth: self.depth,
            use_sharded: self.sharded,
            ..SolverOptions::new(LazyClient::default(), "cache".into())
        };
        Key::of(&request, &options)
    }

    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut request = Self::new();
        change(&mut request);
        request
    }
}

fn channel(url: &str) -> Channel {
    Channel::from_url(Url::parse(url).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "the text is the test's own")]
fn wanted(text: &str) -> Requested {
    let options = ParseMatchSpecOptions::lenient().with_repodata_revision(RepodataRevision::V3);
    Requested {
        spec: MatchSpec::from_str(text, options).unwrap(),
        text: text.to_owned(),
        location: None,
        is_implied: false,
    }
}

fn provided(name: &str, version: &str) -> GenericVirtualPackage {
    GenericVirtualPackage {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        build_string: "0".parse().unwrap(),
    }
}

fn cut_off(seconds: u64) -> CutOff {
    CutOff::At(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn scope(channel: &str, cut_off: CutOff) -> ChannelCutOff {
    ChannelCutOff {
        channel: format!("https://h.test/{channel}"),
        cut_off,
    }
}

#[test]
fn every_input_of_a_solve_has_its_own_key() {
    let changes: [fn(&mut Request); 33] = [
        |_| {},
        |r| r.subdir = Subdir::OsxArm64,
        |r| r.subdir = Subdir::NoArch,
        |r| r.channels.reverse(),
        |r| drop(r.channels.pop()),
        |r| r.channels.push(channel("https://h.test/three")),
        |r| r.channels[0] = channel("http://h.test/one"),
        |r| r.priority = Priority::Flexible,
        |r| r.priority = Priority::Disabled,
        |r| drop(r.specs.pop()),
        |r| r.specs.push(wanted("scipy")),
        |r| r.specs[0] = wanted("python >=3.12"),
        |r| r.specs[0] = wanted("python >=3.11 *_cpython"),
        |r| r.specs[0] = wanted("https://h.test/one::python >=3.11"),
        |r| r.specs[0] = wanted("python[version='>=3.11', subdir=noarch]"),
        |r| r.specs[0] = wanted("python[version='>=3.11', extras=[test]]"),
        |r| r.specs[0] = wanted("python[version='>=3.11', when=\"__unix\"]"),
        |r| r.specs[0] = wanted("python[version='>=3.11', license=MIT]"),
        |r| drop(r.virtual_packages.pop()),
        |r| r.virtual_packages[0] = provided("__glibc", "2.28"),
        |r| r.strategy = SolveStrategy::Lowest,
        |r| r.strategy = SolveStrategy::LowestDirect,
        |r| r.exclude_newer = Some(UNIX_EPOCH + Duration::new(1, 0)).into(),
        |r| r.exclude_newer = Some(UNIX_EPOCH + Duration::new(1, 1)).into(),
        |r| {
            r.exclude_newer
                .packages
                .insert("numpy".to_owned(), CutOff::Exempt);
        },
        |r| {
            r.exclude_newer
                .packages
                .insert("numpy".to_owned(), cut_off(1));
        },
        |r| {
            r.exclude_newer
                .packages
                .insert("scipy".to_owned(), cut_off(1));
        },
        |r| r.exclude_newer.channels = vec![scope("one", CutOff::Exempt)],
        |r| r.exclude_newer.channels = vec![scope("one", cut_off(1))],
        |r| r.exclude_newer.channels = vec![scope("two", cut_off(1))],
        |r| r.exclude_newer.channels = vec![scope("*", cut_off(1)), scope("one", cut_off(2))],
        |r| r.exclude_newer.channels = vec![scope("one", cut_off(2)), scope("*", cut_off(1))],
        |r| r.depth = 0,
    ];
    let mut keys: Vec<(String, usize)> = Vec::new();
    for (number, change) in changes.into_iter().enumerate() {
        let key = Request::with(change).key().unwrap();
        keys.push((key.digest.to_hex(), number));
    }
    let plain = Request::with(|request| request.sharded = false);
    keys.push((plain.key().unwrap().digest.to_hex(), usize::MAX));
    keys.sort();
    for pair in keys.windows(2) {
        assert_ne!(pair[0].0, pair[1].0, "{} and {}", pair[0].1, pair[1].1);
    }
}

#[test]
fn spelling_order_place_and_credentials_do_not_count() {
    let key = Request::new().key().unwrap();
    let changes: [fn(&mut Request); 6] = [
        |r| r.specs.reverse(),
        |r| r.specs.push(wanted("numpy")),
        |r| r.specs[0] = wanted("python>=3.11"),
        |r| r.specs[0].location = Some("environment.yml:9:9".to_owned()),
        |r| r.virtual_packages.reverse(),
        |r| r.channels[0] = channel("https://user:secret@h.test/one/"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(Request::with(change).key().unwrap(), key, "{number}");
    }
    assert!(
        key.text
            .contains("spec \"python[version=\\\">=3.11\\\"]\"\n"),
        "{}",
        key.text
    );
}

#[test]
fn a_value_cannot_pass_for_another_line() {
    let mut one = Request::new();
    one.specs[1].spec.license = Some("MIT\nvirtual \"__cuda=12=0\"".to_owned());
    match one.key() {
        Ok(key) => assert!(
            !key.text
                .lines()
                .any(|line| line == "virtual \"__cuda=12=0\"")
        ),
        Err(why) => assert!(why.contains("cannot be written down"), "{why}"),
    }
}

#[test]
fn what_depends_on_more_than_a_key_can_hold_has_none() {
    let url = Request::with(|r| {
        r.specs[0].spec.url = Some(Url::parse("https://h.test/a-1-0.conda").unwrap());
    });
    assert_eq!(
        url.key(),
        Err("a spec names an archive by its URL".to_owned())
    );
}

/// What decides is pinned in the key; a new version of it makes old memos others.
#[test]
fn the_versions_in_the_key_are_those_of_the_lock_file() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let Ok(lock) = std::fs::read_to_string(&lock) else {
        println!("skipped: no Cargo.lock, the crate is not in its workspace");
        return;
    };
    for (name, version) in DECIDERS {
        let text = format!("name = \"{name}\"\nversion = ");
        let found: Vec<&str> = lock
            .match_indices(&text)
            .filter_map(|(at, _)| lock[at + text.len()..].split('"').nth(1))
            .collect();
        assert_eq!(found, [version], "{name}: change DECIDERS in memo/key.rs");
    }
}

fn plain(index: &Value) -> Index {
    Index::from_plain(index.to_string().as_bytes()).unwrap()
}

#[test]
fn a_plain_index_has_a_hash_for_each_name() {
    let record = json!({ "name": "a-b", "version": "1" });
    let index = json!({
        "info": { "subdir": "noarch", "created_at": "x" },
        "packages": { "a-b-1-0.tar.bz2": record },
        "packages.conda": { "a-b-1-0.conda": record, "c-1-0.conda": {} },
        "v3": { "whl": { "d-1-0": {} }, "conda": { "e-1-0": {} }, "tar.bz2": { "f-1-0": {} }, "new": 1 },
        "removed": ["g-1-0.conda"],
    });
    let before = plain(&index);
    assert_eq!(before.form, Form::Plain);
    let mut names: Vec<&str> = before.names.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["a-b", "c", "d", "e", "f", "g"]);
    type Change = fn(&mut Value);
    let changes: [(Change, &[&str]); 8] = [
        (|i| i["info"]["created_at"] = "y".into(), &[]),
        (|i| i["info"]["base_url"] = "y".into(), &["head"]),
        (
            |i| i["packages"]["a-b-1-0.tar.bz2"]["x"] = 1.into(),
            &["a-b"],
        ),
        (|i| i["packages.conda"]["c-2-0.conda"] = json!({}), &["c"]),
        (
            |i| i["removed"] = json!(["c-1-0.conda", "g-1-0.conda"]),
            &["c"],
        ),
        (|i| i["removed"] = json!([]), &["g"]),
        (|i| i["v3"]["whl"]["d-1-0"]["x"] = 1.into(), &["d"]),
        (|i| i["v3"]["conda"] = json!({}), &["e"]),
    ];
    for (change, expected) in changes {
        let mut index = index.clone();
        change(&mut index);
        let after = plain(&index);
        let name = |name: &&String| before.names.get(*name) != after.names.get(*name);
        let mut changed: Vec<&str> = before
            .names
            .keys()
            .filter(name)
            .map(String::as_str)
            .collect();
        changed.extend((before.head != after.head).then_some("head"));
        assert_eq!(changed, expected);
    }
}

#[test]
fn an_index_that_makes_no_sense_is_an_error() {
    for text in [
        "",
        "{\"packages\": 1}",
        "{\"packages\": {\"nodashes\": {}}}",
        "{\"removed\": 1}",
    ] {
        assert!(Index::from_plain(text.as_bytes()).is_err(), "{text}");
        assert!(Index::from_shards(text.as_bytes()).is_err(), "{text}");
    }
    let index = rmp_serde::to_vec_named(&json!({ "info": {}, "shards": { "a": [1, 2] } })).unwrap();
    assert!(Index::from_shards(&index).is_err());
}

#[test]
fn relations_and_missing_subdirs_are_told() {
    let relations =
        json!({ "info": { "channel_relations": { "overrides": "../x", "base": "../y", "z": 1 } } });
    assert_eq!(plain(&relations).relations, ["../y", "../x"]);
    assert_ne!(Index::missing().form, plain(&json!({})).form);
}

fn memo() -> Memo {
    Memo {
        key: "key\n".to_owned(),
        proof: Proof::default(),
        packages: vec![json!({ "name": "a", "timestamp": 1_700_000_000_123_u64 })],
    }
}

proptest! {
    #[test]
    fn only_whole_memos_are_read(at in 0usize..200, bit in 0u8..8, cut in any::<bool>()) {
        let whole = compose(&memo()).unwrap();
        prop_assert_eq!(parse(&whole), Ok(memo()));
        let at = at % whole.len();
        let mut bytes = whole[..if cut { at } else { whole.len() }].to_vec();
        if !cut {
            bytes[at] ^= 1 << bit;
        }
        prop_assert!(parse(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
        let _ = Index::from_plain(&bytes);
        let _ = Index::from_shards(&bytes);
    }

    /// The hash of a name does not depend on the order of the index, nor on other names.
    #[test]
    fn order_and_others_do_not_change_a_hash(
        files in prop::collection::btree_map("[ab]-[0-9]-[0-9]\\.conda", 0u8..9, 1..12),
        others in prop::collection::btree_map("[cd]-[0-9]-[0-9]\\.conda", 0u8..9, 0..4),
    ) {
        let object = |files: Vec<(&String, &u8)>| -> Value {
            files.into_iter().map(|(k, v)| (k.clone(), json!({ "v": v }))).collect()
        };
        let first = plain(&json!({ "packages.conda": object(files.iter().collect()) }));
        let second: Vec<_> = others.iter().chain(files.iter().rev()).collect();
        let second = plain(&json!({ "packages.conda": object(second) }));
        for (name, hash) in &first.names {
            prop_assert_eq!(second.names.get(name), Some(hash));
        }
    }
}
