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

fn mended(index: &Value) -> (Value, Vec<String>) {
    let (bytes, bad) = mend(index.to_string().as_bytes()).unwrap();
    let files = bad.into_iter().map(|bad| bad.file).collect();
    (serde_json::from_slice(&bytes).unwrap(), files)
}

#[test]
fn nulls_go_and_the_rest_stays() {
    let kept = record(json!({ "unknown": [1], "size": 3 }));
    let (index, bad) = mended(&json!({
        "info": { "subdir": "noarch", "base_url": "../x" },
        "packages": { "a-1-0.tar.bz2": record(json!({ "arch": null, "unknown": [1], "size": 3 })) },
        "removed": ["gone-1-0.conda"],
    }));
    assert!(bad.is_empty());
    assert_eq!(
        index,
        json!({
            "info": { "subdir": "noarch", "base_url": "../x" },
            "packages": { "a-1-0.tar.bz2": kept },
            "packages.conda": {},
            "v3": { "tar.bz2": {}, "conda": {}, "whl": {} },
            "removed": ["gone-1-0.conda"],
        })
    );
}

#[test]
fn bad_records_of_every_group_are_named() {
    let bad = record(json!({ "build_number": "many" }));
    let deep = format!("b {}1{}", "(".repeat(5000), ")".repeat(5000));
    let (index, files) = mended(&json!({
        "packages": { "a-1-0.tar.bz2": bad },
        "packages.conda": {
            "a-2-0.conda": bad, "b-1-0.conda": record(json!({})), "nonsense": record(json!({})),
            "a-4-0.conda": record(json!({ "depends": [deep] })),
            "a-5-0.conda": record(json!({ "constrains": ["b", deep] })),
            "a-6-0.conda": record(json!({ "extra_depends": { "x": [deep] } })),
            "a-7-0.conda": record(json!({ "depends": ["b >=1,".repeat(5000)] })),
        },
        "v3": { "conda": { "a-3-0": bad, "b": record(json!({})) }, "whl": 7 },
        "removed": ["b-0-0.conda", "nonsense"],
    }));
    let expected = [
        "a-1-0.tar.bz2",
        "a-2-0.conda",
        "a-4-0.conda",
        "a-5-0.conda",
        "a-6-0.conda",
        "a-7-0.conda",
        "nonsense",
        "a-3-0",
        "b",
    ];
    assert_eq!(files, expected);
    assert_eq!(index["packages.conda"].as_object().unwrap().len(), 1);
    assert_eq!(index["removed"], json!(["b-0-0.conda"]));
}

#[test]
fn anything_that_is_an_object_can_be_mended() {
    for index in [json!({}), json!({ "packages": [], "v3": 3, "removed": {} })] {
        assert!(mended(&index).1.is_empty());
    }
    for index in ["null", "[]", "{", ""] {
        assert!(mend(index.as_bytes()).is_none());
    }
    let related = json!({ "info": { "channel_relations": { "base": "../x" } } });
    assert!(mend(related.to_string().as_bytes()).is_none());
}
