//! Differences, as values, as JSON and as text.

use serde_json::json;

use crate::tests::support::{ONE, closure, default_closure, head, parse};
use crate::{Closure, LockChannel, LockFile, LockHead, Presence};
use rattler_conda_types::Subdir;

fn lock(lines: &[&str]) -> LockFile {
    LockFile::new(&[closure(lines)], &head())
}

const OLD: &[&str] = &["numpy-1.26.4-py_0", "gone-1-0", "same-1-0", "moved-1-0"];
const NEW: &[&str] = &[
    "numpy-2.1.0-py_1",
    "added-3-0",
    "same-1-0",
    "moved-1-0 @ https://ch.test/other",
];

#[test]
fn equal_locks_do_not_differ_whatever_their_format() {
    let diff = LockFile::diff(&lock(OLD), &lock(OLD));
    assert!(diff.is_empty());
    assert_eq!(diff.to_string(), "no package differs\n");
    assert_eq!(diff.to_markdown(), "no package differs\n");
    let partial = parse(ONE);
    let again = parse(&partial.to_yaml());
    assert!(LockFile::diff(&partial, &again).is_empty());
}

#[test]
fn the_table_has_a_row_for_each_package() {
    let diff = LockFile::diff(&lock(OLD), &lock(NEW));
    assert_eq!(
        diff.to_string(),
        "linux-64\n\
        \x20 + added  3 0\n\
        \x20 - gone   1 0\n\
        \x20 ~ moved  1 0 (https://ch.test/main)  ->  1 0 (https://ch.test/other)\n\
        \x20 ~ numpy  1.26.4 py_0                 ->  2.1.0 py_1\n"
    );
    assert_eq!(
        diff.to_markdown(),
        "### linux-64\n\n\
         | package | old | new |\n\
         | --- | --- | --- |\n\
         | added |  | 3 0 |\n\
         | gone | 1 0 |  |\n\
         | moved | 1 0 (https://ch.test/main) | 1 0 (https://ch.test/other) |\n\
         | numpy | 1.26.4 py_0 | 2.1.0 py_1 |\n"
    );
}

#[test]
fn json_has_the_documented_shape() {
    let diff = LockFile::diff(&lock(&["a-1-0"]), &lock(&["a-1-1", "b-2-0"]));
    let hash = format!("sha256:{}", "ab".repeat(32));
    let side = |version: &str, build: &str| {
        json!({"version": version, "build": build,
        "channel": "https://ch.test/main", "hash": hash})
    };
    let mut added = side("2", "0");
    added["name"] = json!("b");
    added["manager"] = json!("conda");
    added["category"] = json!("main");
    assert_eq!(
        serde_json::to_value(&diff).unwrap(),
        json!({
            "channels": null,
            "platforms": [{
                "platform": "linux-64",
                "locked": "both",
                "added": [added],
                "removed": [],
                "changed": [{ "name": "a", "manager": "conda", "category": "main",
                              "old": side("1", "0"), "new": side("1", "1") }],
            }],
        })
    );
}

#[test]
fn platforms_that_come_and_go_and_channels_are_named() {
    let other = Closure::new(Subdir::Win64, Vec::new()).unwrap();
    let head = LockHead {
        channels: vec![LockChannel::of("https://ch.test/b")],
        ..head()
    };
    let diff = LockFile::diff(&lock(&["a-1-0"]), &LockFile::new(&[other], &head));
    let found: Vec<_> = diff
        .platforms
        .iter()
        .map(|platform| (platform.platform, platform.locked))
        .collect();
    assert_eq!(
        found,
        [
            (Subdir::Linux64, Presence::Old),
            (Subdir::Win64, Presence::New)
        ]
    );
    let text = diff.to_string();
    assert!(text.starts_with("channels\n  - https://ch.test/main\n  + https://ch.test/b\n"));
    assert!(
        text.contains("linux-64 (no longer locked)\n  - a  1 0\n") && text.contains("win-64 (new)")
    );
    assert!(
        diff.to_markdown()
            .contains("Channels: https://ch.test/main → https://ch.test/b")
    );
}

#[test]
fn other_bytes_under_one_name_are_a_change_and_an_unknown_hash_is_none() {
    let text = parse(ONE).to_yaml();
    let rebuilt = parse(&text.replace("85fcb690", "00fcb690"));
    let diff = LockFile::diff(&parse(&text), &rebuilt);
    let shown = diff.to_string();
    assert!(
        shown.contains("(sha256:85fcb6906b86)") && shown.contains("(sha256:00fcb6906b86)"),
        "{shown}"
    );
    let mut without = default_closure(&rebuilt).packages().to_vec();
    for package in &mut without {
        package.record.package_record.sha256 = None;
    }
    let closure = Closure::new(Subdir::Linux64, without).unwrap();
    let without = LockFile::new(&[closure], &LockHead::default());
    assert_eq!(LockFile::diff(&rebuilt, &without).platforms, []);
}
