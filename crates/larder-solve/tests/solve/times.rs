//! Timestamps of records: CEP 34, 47.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::{
    index::on_disk,
    support::{Lab, dists, record, record_with, text_of},
};

#[test]
fn cep34_04_timestamps_in_seconds_and_milliseconds_mean_the_same() {
    let lab = Lab {
        exclude_newer: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800)),
        ..Lab::new()
    };
    let index = json!({ "packages.conda": {
        "a-1-0.conda": record_with("a", "1", json!({ "timestamp": 1_496_345_000_u64 })),
        "a-2-0.conda": record_with("a", "2", json!({ "timestamp": 1_600_000_000_000_u64 })),
    }});
    assert_eq!(lab.dists(&on_disk(&lab, &index), &["a"]), ["a-1-0"]);
}

#[test]
fn cep47_01_indexed_timestamp_is_kept() {
    let lab = Lab::new();
    let more = json!({ "indexed_timestamp": 1_700_000_000_123_u64 });
    let index = json!({ "packages.conda": {
        "a-1-0.conda": record_with("a", "1", more), "b-1-0.conda": record("b", "1"),
    }});
    let closure = lab.solve(&on_disk(&lab, &index), &["a", "b"]).unwrap();
    let stamp = |name: &str| {
        let record = &closure.get(name).unwrap().record.package_record;
        serde_json::to_value(record).unwrap()["indexed_timestamp"].clone()
    };
    assert_eq!(stamp("a"), json!(1_700_000_000_123_u64));
    assert_eq!(stamp("b"), Value::Null);
}

/// Which of `records` a solve with a cut-off at 1,600,000,000 seconds takes, if any.
fn not_newer(records: Value) -> Result<Vec<String>, String> {
    let lab = Lab {
        exclude_newer: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000)),
        ..Lab::new()
    };
    let closure = lab.solve(
        &on_disk(&lab, &json!({ "packages.conda": records })),
        &["a"],
    );
    closure.map(|c| dists(&c)).map_err(|error| text_of(&error))
}

#[test]
fn cep47_02_time_filters_prefer_indexed_timestamp() {
    let backdated =
        json!({ "timestamp": 1_500_000_000_000_u64, "indexed_timestamp": 1_700_000_000_000_u64 });
    let old =
        json!({ "timestamp": 1_700_000_000_000_u64, "indexed_timestamp": 1_500_000_000_000_u64 });
    let found = not_newer(json!({
        "a-1-0.conda": record_with("a", "1", old), "a-2-0.conda": record_with("a", "2", backdated),
    }));
    assert_eq!(found.unwrap(), ["a-1-0"]);
}

#[test]
fn cep47_03_without_it_timestamp_counts_and_without_both_nothing_is_taken() {
    let old = json!({ "timestamp": 1_500_000_000_000_u64 });
    let new = json!({ "timestamp": 1_700_000_000_000_u64 });
    let found = not_newer(json!({
        "a-1-0.conda": record_with("a", "1", old), "a-2-0.conda": record_with("a", "2", new),
    }));
    assert_eq!(found.unwrap(), ["a-1-0"]);
    let error = not_newer(json!({ "a-1-0.conda": record("a", "1") })).unwrap_err();
    assert!(error.contains("no timestamp"), "{error}");
}
