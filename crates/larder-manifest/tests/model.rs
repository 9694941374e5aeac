//! The model: encodings, anchors, merging of files, the JSON report, positions.
#![expect(clippy::panic, reason = "tests: helpers show the error")]

use larder_manifest::{Manifest, ManifestReport, NoLookup, WarningCode};
use rattler_conda_types::Subdir;
use serde_json::json;

const TEXT: &str = "name: é\nchannels: [c]\ndependencies:\n  - NumPy >=1.26  # why\n";

fn read(file: &str, text: &str) -> Manifest {
    Manifest::parse(file, text.as_bytes(), &NoLookup).unwrap_or_else(|error| panic!("{error}"))
}

fn texts(manifest: &Manifest) -> Vec<&str> {
    manifest
        .dependencies
        .iter()
        .map(|d| d.text.as_str())
        .collect()
}

#[test]
fn all_encodings_read_the_same() {
    let expected = read("e.yml", TEXT);
    let units: Vec<u16> = TEXT.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let encodings = [
        [b"\xEF\xBB\xBF".as_slice(), TEXT.as_bytes()].concat(),
        [b"\xFF\xFE".as_slice(), &little].concat(),
        [b"\xFE\xFF".as_slice(), &big].concat(),
        TEXT.replace('\n', "\r\n").into_bytes(),
        [
            b"\xEF\xBB\xBF".as_slice(),
            TEXT.replace('\n', "\r\n").as_bytes(),
        ]
        .concat(),
        format!("---\n{TEXT}")
            .replacen("---\n", "--- # start\n", 1)
            .into_bytes(),
    ];
    for (index, bytes) in encodings.iter().enumerate() {
        let mut manifest = Manifest::parse("e.yml", bytes, &NoLookup).expect("read");
        if index == 5 {
            manifest.dependencies[0].position.line -= 1;
            manifest.channels.as_mut().expect("channels")[0]
                .position
                .line -= 1;
        }
        assert_eq!(manifest, expected, "encoding {index}");
    }
}

#[test]
fn positions_are_those_of_the_text() {
    let manifest = read("e.yml", TEXT);
    assert_eq!(manifest.dependencies[0].position.to_string(), "e.yml:4:5");
    assert_eq!(manifest.dependencies[0].text, "NumPy >=1.26");
    let channel = &manifest.channels.expect("channels")[0];
    assert_eq!(channel.position.to_string(), "e.yml:2:12");
}

#[test]
fn anchors_aliases_and_merge_keys_work() {
    let text = "x: &x [conda-forge]\ny: &y {A: 1, B: 2}\nchannels: *x\ndependencies: [a]\nvariables:\n  <<: *y\n  B: 3\n";
    let manifest = read("e.yml", text);
    assert_eq!(manifest.channels.expect("channels").len(), 1);
    assert_eq!(manifest.variables.get("A").map(String::as_str), Some("1"));
    assert_eq!(manifest.variables.get("B").map(String::as_str), Some("3"));
}

#[test]
fn files_are_merged_in_order() {
    let first = "name: a\nchannels: [x, y]\ndependencies: [p, q >=1, {pip: [u]}]\nvariables: {A: 1, B: 1}\nplatforms: [linux-64]\n";
    let second = "name: b\nchannels: [y, nodefaults, z]\ndependencies: [q >=1, q <2, {pip: [v]}]\nvariables: {B: 2}\nplatforms: [win-64, linux-64]\ncategory: dev\n";
    let merged =
        Manifest::merge(vec![read("1.yml", first), read("2.yml", second)]).expect("merged");
    assert_eq!(merged.files.len(), 2);
    assert_eq!(merged.name.as_deref(), Some("b"));
    assert!(merged.nodefaults);
    let channels = merged.channels.as_ref().expect("channels");
    assert_eq!(
        channels.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(),
        ["x", "y", "z"]
    );
    assert_eq!(texts(&merged), ["p", "q >=1", "q <2"]);
    assert_eq!(&*merged.dependencies[2].category, "dev");
    assert_eq!(&*merged.dependencies[1].category, "main");
    assert_eq!(merged.pip.as_ref().expect("pip").lines.len(), 2);
    assert_eq!(merged.variables.get("B").map(String::as_str), Some("2"));
    assert_eq!(merged.platforms, Some(vec![Subdir::Linux64, Subdir::Win64]));
    let conflicts: Vec<String> = merged.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        conflicts,
        [
            "2.yml:1:1: `name` is `b` here and `a` in an earlier file; this one counts",
            "2.yml:1:1: `variables.B` is `2` here and `1` in an earlier file; this one counts"
        ]
    );
    assert!(
        merged
            .warnings
            .iter()
            .all(|w| w.code == WarningCode::Conflict)
    );
}

#[test]
fn merging_one_changes_nothing_and_none_is_an_error() {
    let one = read("e.yml", TEXT);
    assert_eq!(Manifest::merge(vec![one.clone()]).expect("merged"), one);
    assert!(Manifest::merge(Vec::new()).is_err());
}

#[test]
fn specs_of_the_command_line_join_a_file() {
    let specs = Manifest::from_specs(&["scipy".to_owned()]).expect("specs");
    assert_eq!(&*specs.files[0], "<command line>");
    assert_eq!(specs.channels, None);
    let merged = Manifest::merge(vec![read("e.yml", TEXT), specs]).expect("merged");
    assert_eq!(texts(&merged), ["NumPy >=1.26", "scipy"]);
    assert_eq!(merged.name.as_deref(), Some("é"));
}

#[test]
fn the_report_shows_everything_but_credentials() {
    let text = "name: n\nchannels: ['https://u:secret@h.test/t/TOK/c', nodefaults]\ndependencies:\n  - NumPy 1.26.* # [unix]\n  - pip: [six]\nvariables: {A: 1}\nplatforms: [win-64]\nfoo: 1\n";
    let report = serde_json::to_value(ManifestReport::from(&read("e.yml", text))).expect("json");
    let place = |line: u32, column: u32| (line, column);
    let (line, column) = place(4, 5);
    let expected = json!({
        "files": ["e.yml"],
        "name": "n",
        "prefix": null,
        "channels": [{"text": "https://***@h.test/t/***/c", "file": "e.yml", "line": 2, "column": 12, "selector": null}],
        "nodefaults": true,
        "specs": [{"text": "NumPy 1.26.*", "spec": "numpy=1.26", "file": "e.yml", "line": line, "column": column, "selector": "unix", "category": "main"}],
        "pip": [{"text": "six", "file": "e.yml", "line": 5, "column": 11, "selector": null}],
        "variables": {"A": "1"},
        "platforms": ["win-64"],
        "category": "main",
        "warnings": [{"code": "manifest::unknown-key", "text": "the key `foo` is unknown and is ignored", "file": "e.yml", "line": 8, "column": 1}]
    });
    assert_eq!(report, expected);
}

#[test]
fn nothing_that_prints_shows_credentials() {
    let text = "channels: ['https://u:secret@h.test/t/TOK/c']\ndependencies: ['https://u:secret@h.test/t/TOK/c::a']\n";
    let manifest = read("e.yml", text);
    let channel = &manifest.channels.as_ref().expect("channels")[0];
    assert!(!format!("{channel:?}").contains("secret"));
    assert!(!format!("{channel:?}").contains("TOK"));
    let report = serde_json::to_string(&ManifestReport::from(&manifest)).expect("json");
    assert!(
        !report.contains("secret") && !report.contains("TOK"),
        "{report}"
    );
}
