//! Bad records go, good ones stay as they are.

use serde_json::{Value, json};

use crate::mend::mend;

fn record(more: Value) -> Value {
    let mut record = json!({
        "name": "a", "version": "1", "build": "0", "build_number": 0, "depends": ["b"],
        "subdir": "noarch",
    });
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

#[test]
fn nulls_go_and_the_rest_stays() {
    let kept = record(json!({ "unknown": [1], "size": 3 }));
    let mut index = json!({
        "info": { "subdir": "noarch", "base_url": "../x" },
        "packages": { "a-1-0.tar.bz2": record(json!({ "arch": null, "unknown": [1], "size": 3 })) },
        "removed": ["gone-1-0.conda"],
    });
    assert_eq!(mend(&mut index), []);
    assert_eq!(
        index,
        json!({
            "info": { "subdir": "noarch", "base_url": "../x" },
            "packages": { "a-1-0.tar.bz2": kept },
            "removed": ["gone-1-0.conda"],
        })
    );
}

#[test]
fn bad_records_of_every_group_are_named() {
    let bad = record(json!({ "build_number": "many" }));
    let mut index = json!({
        "packages": { "a-1-0.tar.bz2": bad },
        "packages.conda": { "a-2-0.conda": bad, "b-1-0.conda": record(json!({})) },
        "v3": { "conda": { "a-3-0": bad }, "whl": 7 },
    });
    let files: Vec<String> = mend(&mut index).into_iter().map(|(file, _)| file).collect();
    assert_eq!(files, ["a-1-0.tar.bz2", "a-2-0.conda", "a-3-0"]);
    assert_eq!(index["packages.conda"].as_object().unwrap().len(), 1);
}

#[test]
fn anything_that_is_json_can_be_mended() {
    for mut index in [json!(null), json!({}), json!({ "packages": [], "v3": 3 })] {
        assert_eq!(mend(&mut index), []);
    }
}
