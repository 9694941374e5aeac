use std::borrow::Cow;

use larder_digest::Sha256;
use serde_json::{Map, Value, json};

use super::{Link, PathLine, record};

fn plain(path: &str) -> PathLine<'_> {
    PathLine {
        path,
        path_type: "hardlink",
        no_link: false,
        sha256: None,
        sha256_in_prefix: None,
        size_in_bytes: None,
        file_mode: None,
        prefix_placeholder: None,
    }
}

fn parsed(package: Value, paths: &[PathLine<'_>]) -> (Value, String) {
    let link = Link {
        source: Cow::Borrowed("/a \"b\""),
        r#type: 3,
    };
    let Value::Object(package) = package else {
        unreachable!("a package is an object")
    };
    let bytes = record(&package, &link, paths).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    (serde_json::from_str(&text).unwrap(), text)
}

#[test]
fn a_record_is_the_document_that_the_serializer_would_write() {
    let digest = Sha256::from_bytes(std::array::from_fn(|index| index as u8 * 8 + 7));
    let full = PathLine {
        no_link: true,
        sha256: Some(digest),
        sha256_in_prefix: Some(Sha256::from_bytes([0; 32])),
        size_in_bytes: Some(u64::MAX),
        file_mode: Some("text"),
        prefix_placeholder: Some("/opt/\u{1}\"\\"),
        ..plain("lib/\u{e9} \u{7f}\t\"x\\y")
    };
    let (value, text) = parsed(json!({"name": "n\"", "z": [1]}), &[plain("a/b"), full]);
    let expected = json!({
        "name": "n\"", "z": [1],
        "files": ["a/b", "lib/\u{e9} \u{7f}\t\"x\\y"],
        "link": {"source": "/a \"b\"", "type": 3},
        "paths_data": {"paths": [
            {"_path": "a/b", "path_type": "hardlink"},
            {"_path": "lib/\u{e9} \u{7f}\t\"x\\y", "path_type": "hardlink", "no_link": true,
             "sha256": digest.to_hex(), "sha256_in_prefix": "0".repeat(64),
             "size_in_bytes": u64::MAX, "file_mode": "text", "prefix_placeholder": "/opt/\u{1}\"\\"},
        ], "paths_version": 1},
    });
    assert_eq!(value, expected);
    // Keys keep their order, and there is no space between tokens.
    assert_eq!(text, serde_json::to_string(&value).unwrap());
}

#[test]
fn a_package_without_anything_is_a_record_all_the_same() {
    let (value, _) = parsed(Value::Object(Map::new()), &[]);
    assert_eq!(value["files"], json!([]));
    assert_eq!(
        value["paths_data"],
        json!({"paths": [], "paths_version": 1})
    );
}
