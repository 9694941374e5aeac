//! One row for each thing that an index can say against a lock.

use crate::{Completeness, LockWriter, compare_with_index, tests::support::package};

fn compared(change: impl Fn(&mut serde_json::Value)) -> String {
    let locked = package("a-1-0 <- b >=1");
    let mut record = serde_json::to_value(&locked.record).unwrap();
    change(&mut record);
    let record = serde_json::from_value(record).unwrap();
    let reason = compare_with_index(&locked, &[record], LockWriter::Larder);
    reason.map(|reason| reason.to_string()).unwrap_or_default()
}

#[test]
fn every_difference_is_said_with_both_values() {
    assert_eq!(compared(|_| {}), "");
    let key = |key: &'static str, value: serde_json::Value| {
        compared(move |record| record[key] = value.clone())
    };
    assert!(key("sha256", "00".repeat(32).into()).contains("channel has sha256 0000"));
    assert!(key("md5", "00".repeat(16).into()).contains("channel has md5 0000"));
    assert!(key("size", 7.into()).contains("size 1234, and its channel has size 7"));
    assert!(key("depends", serde_json::json!(["c"])).contains("[b >=1]"));
    assert!(key("constrains", serde_json::json!(["c <1"])).contains("[c <1]"));
    assert!(key("noarch", "generic".into()).contains("its channel has noarch"));
    assert!(key("purls", serde_json::json!(["pkg:pypi/x@1"])).contains("[pkg:pypi/x@1]"));
    let path = key("python_site_packages_path", "lib/x".into());
    assert!(path.contains("lib/x"), "{path}");
    let extra = key("extra_depends", serde_json::json!({"e": ["c"]}));
    assert!(extra.contains("extra_depends"), "{extra}");
    let moved = key("url", "https://ch.test/pool/a-1-0.conda".into());
    assert!(
        moved.contains("its channel has it at https://ch.test/pool"),
        "{moved}"
    );
}

#[test]
fn a_package_that_no_index_has_and_one_without_a_common_digest_are_named() {
    let mut locked = package("a-1-0");
    let none = compare_with_index(&locked, &[], LockWriter::Larder)
        .unwrap()
        .to_string();
    assert_eq!(none, "a-1-0 is in none of the channels' indexes");
    let record = locked.record.clone();
    locked.completeness = Completeness::Partial;
    locked.record.package_record.sha256 = None;
    locked.record.package_record.md5 = None;
    let none = compare_with_index(&locked, &[record], LockWriter::Larder)
        .unwrap()
        .to_string();
    assert!(none.contains("no digest"), "{none}");
}

#[test]
fn a_dependency_that_only_a_lock_of_another_tool_names_is_said() {
    let mut locked = package("a-1-0 <- b >=1");
    let record = locked.record.clone();
    locked.completeness = Completeness::Partial;
    let compared = |locked: &crate::LockedPackage| {
        compare_with_index(locked, std::slice::from_ref(&record), LockWriter::Other)
            .map(|reason| reason.to_string())
    };
    assert_eq!(compared(&locked), None);
    locked.record.package_record.depends.push("evil".to_owned());
    assert!(compared(&locked).unwrap().contains("evil"));
    locked.record.package_record.depends.clear();
    assert!(compared(&locked).unwrap().contains("no dependency on b"));
}
