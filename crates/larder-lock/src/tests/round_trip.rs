//! What is written is read back as it was, whatever the records hold.

use larder_digest::Sha256;
use proptest::{collection::vec, prelude::*};
use rattler_conda_types::Subdir;
use serde_json::{Map, Value, json};

use super::support::{head, record};
use crate::{
    Closure, Completeness, LockChannel, LockFile, LockHead, LockedPackage, Selection,
    closure_digest,
};

fn spec() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]",
        "[a-c] (>=|<|==|!=|~=)[0-9]\\.[0-9]{1,2}",
        "[a-c] >=[0-9],<[0-9]\\.0a0",
        "[a-c] [0-9]\\.[0-9]\\|[0-9]",
        "[a-c] [0-9]\\.\\* (\\*_cp31[0-9]|h[0-9]_0)",
        "[a-c]>=[0-9]",
        "  [A-C]  [0-9] ",
        "conda-forge::[a-c] [0-9]",
        "[a-c]\\[version='>=[0-9]'\\]",
        "[a-c] >=2\\[when=\"python>=3\\.[0-9]\"\\]",
        "__(glibc|unix|cuda)( >=[0-9]{1,2})?",
        "[ -~]{0,12}",
        "\\PC{0,8}",
    ]
}

fn version() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,4}(\\.[0-9]{1,3}){0,3}",
        "[0-9]e[0-9]{1,2}",
        "[0-9]!1\\.[0-9]\\+local",
        "20[0-9]{2}(a|b|rc[0-9]|\\.post1)",
        "0[0-9]{2}",
    ]
}

/// Keys of a channel's index that CEP 37 has no place for.
fn more() -> impl Strategy<Value = Map<String, Value>> {
    let text = || "\\PC{0,10}".prop_map(Value::from);
    let one = prop_oneof![
        vec(spec(), 0..3).prop_map(|specs| ("constrains", json!(specs))),
        text().prop_map(|text| ("license", text)),
        text().prop_map(|text| ("license_family", text)),
        any::<u32>().prop_map(|size| ("size", json!(size))),
        prop_oneof![1u64..2_000_000_000, 1_300_000_000_000u64..1_800_000_000_000]
            .prop_map(|time| ("timestamp", json!(time))),
        prop_oneof![Just("python"), Just("generic")].prop_map(|kind| ("noarch", json!(kind))),
        Just(("noarch", json!(true))),
        any::<u16>().prop_map(|number| ("build_number", json!(number))),
        Just((
            "python_site_packages_path",
            json!("lib/python3.14t/site-packages")
        )),
        vec("[a-z]{1,5}( [a-z]{1,3})?", 1..3).prop_map(|names| ("track_features", json!(names))),
        vec(spec(), 1..3).prop_map(|specs| ("extra_depends", json!({ "extra": specs }))),
        Just(("purls", json!(["pkg:pypi/a@1"]))),
        Just(("purls", json!([]))),
        vec("[a-z:]{1,5}", 1..3).prop_map(|flags| ("flags", json!(flags))),
        Just(("arch", json!("x86_64"))),
        Just(("platform", json!("linux"))),
        Just(("features", json!("mkl"))),
        Just(("legacy_bz2_md5", json!("6b3dbbf50432b3e2a271b5e46877bcfc"))),
        Just(("attestations_sha256", json!("ab".repeat(32)))),
        Just(("run_exports", json!({ "weak": ["a >=1"], "strong": ["b"] }))),
        Just(("indexed_timestamp", json!(1_700_000_000_000u64))),
    ];
    vec(one, 0..6).prop_map(|pairs| {
        let pairs = pairs.into_iter();
        pairs.map(|(key, value)| (key.to_owned(), value)).collect()
    })
}

fn locked() -> impl Strategy<Value = LockedPackage> {
    let channel = prop_oneof![
        Just(Some("https://ch.test/main".to_owned())),
        Just(Some("https://ch.test/label/x/other".to_owned())),
        Just(None),
    ];
    let place = (channel, prop_oneof![Just("linux-64"), Just("noarch")]);
    let name = "[a-z][a-z0-9]{0,4}(-[a-z0-9]{1,3})?";
    let build = prop_oneof![
        "h[0-9a-f]{7}_[0-9]{1,2}",
        "py311_[0-9]",
        "[0-9]",
        "[A-Za-z_.+]{1,6}"
    ];
    (
        name,
        version(),
        build,
        place,
        vec(spec(), 0..5),
        more(),
        any::<[u8; 3]>(),
    )
        .prop_filter("builds do not begin with a dot", |parts| {
            !parts.2.starts_with('.')
        })
        .prop_map(
            |(name, version, build, (channel, subdir), depends, more, bits)| {
                let dist = format!("{name}-{version}-{build}");
                let base = channel
                    .clone()
                    .unwrap_or_else(|| "https://direct.test".to_owned());
                let mut index = json!({
                    "name": name, "version": version, "build": build, "build_number": 0,
                    "depends": depends, "subdir": subdir, "channel": channel,
                    "fn": format!("{dist}.conda"), "url": format!("{base}/{subdir}/{dist}.conda"),
                });
                if let Some(index) = index.as_object_mut() {
                    index.extend(more);
                    let [kind, digest, requested] = bits;
                    if kind % 3 != 0 {
                        index.insert(
                            "sha256".to_owned(),
                            format!("{digest:02x}").repeat(32).into(),
                        );
                    }
                    if kind % 3 != 1 {
                        index.insert("md5".to_owned(), format!("{digest:02x}").repeat(16).into());
                    }
                    let requested_specs = (0..requested % 3).map(|n| format!("{name} >={n}"));
                    return LockedPackage {
                        record: record(Value::Object(index.clone())),
                        completeness: Completeness::Full,
                        requested_specs: requested_specs.collect(),
                    };
                }
                unreachable!("an object was made above")
            },
        )
}

fn closures() -> impl Strategy<Value = Vec<Closure>> {
    let one = |subdir| {
        vec(locked(), 0..6).prop_map(move |mut packages| {
            packages.sort_by(|a, b| a.name().cmp(b.name()));
            packages.dedup_by(|a, b| a.name() == b.name());
            Closure::new(subdir, packages).unwrap()
        })
    };
    (one(Subdir::Linux64), one(Subdir::OsxArm64)).prop_map(|(a, b)| vec![a, b])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_closures_survive_the_text(closures in closures()) {
        let lock = LockFile::new(&closures, &head());
        let text = lock.to_yaml();
        let read = match LockFile::parse("conda-lock.yml", &text) {
            Ok(read) => read,
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{text}"))),
        };
        prop_assert_eq!(&read, &lock);
        prop_assert_eq!(read.to_yaml(), text);
        for closure in &closures {
            let again = read.closure(closure.subdir(), &Selection::default()).unwrap();
            prop_assert_eq!(&again, closure);
            prop_assert_eq!(closure_digest(&again), closure_digest(closure));
            prop_assert_eq!(read.digest(closure.subdir()), closure_digest(closure));
        }
    }

    #[test]
    fn any_text_of_the_head_survives(url in "[a-zA-Z][a-zA-Z0-9 ._-]{0,12}[a-z]", source in "\\PC{1,20}", variable in "\\PC{0,9}", category in "\\PC{1,9}") {
        let head = LockHead {
            channels: vec![LockChannel { url, used_env_vars: vec![variable] }],
            sources: vec![source],
            category,
            ..LockHead::default()
        };
        let closure = super::support::closure(&["a-1-0"]);
        let lock = LockFile::new(&[closure], &head);
        let read = LockFile::parse("conda-lock.yml", &lock.to_yaml());
        let mut read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        read.notes.clear();
        prop_assert_eq!(read, lock);
    }
}

#[test]
fn the_digest_is_that_of_what_is_installed() {
    let digest = |line: &str| -> Sha256 { closure_digest(&super::support::closure(&[line])) };
    let base = digest("a-1-0 <- b");
    assert_eq!(base, digest("a-1-0 <- b"));
    for other in [
        "a-1-1 <- b",
        "a-2-0 <- b",
        "a-1-0 <- c",
        "a-1-0 <- b ? a",
        "a-1-0 <- b @ x://y",
    ] {
        assert_ne!(base, digest(other), "{other}");
    }
}

#[test]
fn items_are_in_one_order() {
    let closure = |subdir, lines: &[&str]| {
        let packages = lines
            .iter()
            .map(|line| super::support::package(line))
            .collect();
        Closure::new(subdir, packages).unwrap()
    };
    let closures = [
        closure(Subdir::Win64, &["b-1-0", "a-1-0"]),
        closure(Subdir::Linux64, &["a-1-0", "b-1-0"]),
    ];
    let mut reversed = closures.clone();
    reversed.reverse();
    let text = LockFile::new(&closures, &head()).to_yaml();
    assert_eq!(text, LockFile::new(&reversed, &head()).to_yaml());
    let order: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("- name: ")
                .or(line.strip_prefix("  platform: "))
        })
        .collect();
    assert_eq!(
        order,
        [
            "a", "linux-64", "a", "win-64", "b", "linux-64", "b", "win-64"
        ]
    );
}
