//! Timestamps of records: CEP 34, 47.

use std::time::{Duration, SystemTime};

use larder_solve::{ChannelCutOff, CutOff, CutOffs};
use serde_json::{Value, json};

use crate::{
    index::on_disk,
    support::{Lab, dists, record, record_with, text_of},
};

#[test]
fn cep34_04_timestamps_in_seconds_and_milliseconds_mean_the_same() {
    let lab = Lab {
        exclude_newer: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800)).into(),
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
        exclude_newer: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000)).into(),
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

fn seconds(seconds: u64) -> CutOff {
    CutOff::At(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// What a solve for `a`, `b` and `c` takes under `cut_offs`: the second version of each is
/// indexed at 1,700,000,000 seconds and says that it was built in 2017, and `c` has no timestamp.
fn chosen(cut_offs: impl FnOnce(&str) -> CutOffs) -> Result<Vec<String>, String> {
    let mut lab = Lab::new();
    let times =
        |indexed: u64| json!({ "timestamp": 1_500_000_000_000_u64, "indexed_timestamp": indexed });
    let both = |name: &str| {
        let record = |version, time| record_with(name, version, times(time));
        [
            record("1", 1_500_000_000_000),
            record("2", 1_700_000_000_000),
        ]
    };
    let ([a1, a2], [b1, b2]) = (both("a"), both("b"));
    let index = json!({ "packages.conda": {
        "a-1-0.conda": a1, "a-2-0.conda": a2, "b-1-0.conda": b1, "b-2-0.conda": b2,
        "c-1-0.conda": record("c", "1"),
    }});
    let channels = on_disk(&lab, &index);
    lab.exclude_newer = cut_offs(channels[0].trim_end_matches('/'));
    let closure = lab.solve(&channels, &["a", "b", "c"]);
    closure.map(|c| dists(&c)).map_err(|error| text_of(&error))
}

#[test]
fn cep47_04_every_scope_judges_by_the_same_timestamp() {
    let early = || seconds(1_600_000_000);
    let exempt = |name: &str| (name.to_owned(), CutOff::Exempt);
    let scope = |channel: &str, cut_off| ChannelCutOff {
        channel: channel.to_owned(),
        cut_off,
    };
    // A package's own, with none for the rest: undated ones of the rest are taken.
    let found = chosen(|_| CutOffs {
        packages: [("a".to_owned(), early())].into(),
        ..CutOffs::default()
    });
    assert_eq!(found.unwrap(), ["a-1-0", "b-2-0", "c-1-0"]);
    // A channel's own, by its address and by a pattern.
    for pattern in ["", "*"] {
        let found = chosen(|url| CutOffs {
            channels: vec![scope(&format!("{url}{pattern}"), early())],
            packages: [exempt("c"), exempt("b")].into(),
            ..CutOffs::default()
        });
        assert_eq!(found.unwrap(), ["a-1-0", "b-2-0", "c-1-0"], "{pattern}");
    }
    // The package wins over the channel, the channel over the rest, the last channel over an earlier one.
    let global = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000));
    let found = chosen(|url| CutOffs {
        global,
        channels: vec![scope("*", early()), scope(url, CutOff::Exempt)],
        packages: [("b".to_owned(), early())].into(),
    });
    assert_eq!(found.unwrap(), ["a-2-0", "b-1-0", "c-1-0"]);
    let found = chosen(|_| CutOffs {
        channels: vec![scope("https://other.test/channel", early())],
        ..CutOffs::default()
    });
    assert_eq!(found.unwrap(), ["a-2-0", "b-2-0", "c-1-0"]);
    // What is left out is named with the cut-off.
    let error = chosen(|_| CutOffs {
        packages: [("a".to_owned(), seconds(1_400_000_000))].into(),
        ..CutOffs::default()
    });
    let error = error.unwrap_err();
    assert!(error.contains("2014-05-13T16:53:20Z"), "{error}");
}
