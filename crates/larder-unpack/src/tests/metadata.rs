//! Files below `info/`, parsed.

use proptest::prelude::*;
use rattler_conda_types::NoArchType;

use crate::{
    FileMode, InfoFiles, LinkAction, Listing, PackageInfo, PathKind, RelPath, ScriptShell,
    UnpackError,
};

const INDEX: &str =
    r#"{"name":"a","version":"1.0","build":"0","build_number":0,"depends":[],"subdir":"linux-64"}"#;

fn info(files: &[(&str, &str)]) -> InfoFiles {
    let mut map = InfoFiles::default();
    for (path, text) in [("info/index.json", INDEX)].iter().chain(files) {
        map.insert(RelPath::try_from(*path).unwrap(), (*text).into());
    }
    map
}

fn parse(files: &[(&str, &str)]) -> Result<PackageInfo, UnpackError> {
    PackageInfo::parse(&info(files), "a-1.0-0")
}

fn paths(entries: &str) -> String {
    format!(r#"{{"paths_version":1,"paths":[{entries}]}}"#)
}

fn refusal(files: &[(&str, &str)]) -> String {
    let error = parse(files).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    format!("{error}: {source}")
}

#[test]
fn cep34_07_unknown_versions_are_not_guessed_and_info_is_not_listed() {
    let newer = r#"{"paths_version":2,"paths":[]}"#;
    let text = refusal(&[("info/paths.json", newer)]);
    assert!(text.contains("a-1.0-0"), "{text}");
    assert!(text.contains("`paths_version` is 2, expected 1"), "{text}");
    let text = refusal(&[("info/paths.json", &paths(r#"{"_path":"info/index.json"}"#))]);
    assert!(text.contains("info/index.json"), "{text}");
    for missing in [r#"{"paths":[]}"#, r#"{"paths_version":1}"#, "[]", ""] {
        assert!(refusal(&[("info/paths.json", missing)]).contains("cannot be parsed"));
    }
}

#[test]
fn cep34_08_paths_that_lead_out_are_refused() {
    for path in [
        "../../x",
        "/x",
        "C:\\\\x",
        "C:/x",
        "a/../x",
        "a\\\\b",
        "",
        "a//b",
        "conda-meta/x.json",
    ] {
        let text = refusal(&[(
            "info/paths.json",
            &paths(&format!(r#"{{"_path":"{path}"}}"#)),
        )]);
        assert!(text.contains("which is refused"), "{path}: {text}");
    }
    let twice = paths(r#"{"_path":"x"},{"_path":"x"}"#);
    assert!(refusal(&[("info/paths.json", &twice)]).contains("`x` twice"));
}

#[test]
fn cep34_09_defaults() {
    let digest = "ab".repeat(32);
    let entry = format!(r#"{{"_path":"x","sha256":"{digest}","size_in_bytes":3}}"#);
    let info = parse(&[("info/paths.json", &paths(&entry))]).unwrap();
    let entry = &info.paths[0];
    assert_eq!(
        (entry.kind, entry.no_link, entry.size, &entry.prefix),
        (PathKind::File, false, 3, &None)
    );
    assert_eq!(entry.sha256.unwrap().to_hex(), digest);
    let text = r#"{"_path":"x","prefix_placeholder":"/ph/x"}"#;
    let info = parse(&[("info/paths.json", &paths(text))]).unwrap();
    assert_eq!(info.paths[0].prefix.as_ref().unwrap().mode, FileMode::Text);
    let empty = r#"{"_path":"x","prefix_placeholder":"","file_mode":"binary"}"#;
    let info = parse(&[("info/paths.json", &paths(empty))]).unwrap();
    assert_eq!(info.paths[0].prefix, None);
    let unknown = paths(r#"{"_path":"x","path_type":"fifo"}"#);
    assert!(refusal(&[("info/paths.json", &unknown)]).contains("cannot be parsed"));
}

#[test]
fn a_placeholder_that_occurs_everywhere_is_refused() {
    for text in ["a", "/", "/p", "abc"] {
        for mode in ["text", "binary"] {
            let entry =
                format!(r#"{{"_path":"x","prefix_placeholder":"{text}","file_mode":"{mode}"}}"#);
            let refused = refusal(&[("info/paths.json", &paths(&entry))]);
            assert!(
                refused.contains("too short to stand for a prefix"),
                "{refused}"
            );
            let line = format!("{text} {mode} x\n");
            let refused = refusal(&[("info/files", "x\n"), ("info/has_prefix", &line)]);
            assert!(
                refused.contains("too short to stand for a prefix"),
                "{refused}"
            );
        }
    }
}

#[test]
fn cep34_15_paths_json_takes_precedence() {
    let info = parse(&[
        ("info/paths.json", &paths(r#"{"_path":"x"}"#)),
        ("info/files", "x\ny\n"),
        ("info/has_prefix", "x\n"),
        ("info/no_link", "x\n"),
    ])
    .unwrap();
    assert_eq!(info.listing, Listing::PathsJson);
    assert_eq!(info.paths.len(), 1);
    assert_eq!(info.paths[0].prefix, None);
    assert!(!info.paths[0].no_link);
}

#[test]
fn cep34_16_entry_points_with_and_without_spaces() {
    let link = |points: &str| {
        format!(
            r#"{{"package_metadata_version":1,"noarch":{{"type":"python","entry_points":[{points}]}}}}"#
        )
    };
    let no_paths = paths("");
    let parse_points = |points: &str| {
        parse(&[
            ("info/paths.json", &no_paths),
            ("info/link.json", &link(points)),
        ])
    };
    let info = parse_points(r#""a=b.c:d","a = b.c:d""#).unwrap();
    assert_eq!(info.entry_points[0], info.entry_points[1]);
    assert_eq!(info.noarch, NoArchType::python());
    assert_eq!(
        parse_points(r#""lab = j.labapp:LabApp.launch""#)
            .unwrap()
            .entry_points[0]
            .function,
        "LabApp.launch"
    );
    for bad in [
        "a = b",
        "a",
        "",
        "= b:c",
        "../a = b:c",
        "a/b = c:d",
        "a\\\\b = c:d",
        ".. = c:d",
        "a = b:c;import os",
        "a\\u0000 = b:c",
        "a\\n#! = b:c",
        "c:/x = b:c",
    ] {
        let error = parse_points(&format!("\"{bad}\"")).unwrap_err();
        assert!(error.to_string().contains("a-1.0-0"), "{error}");
        assert!(
            error.to_string().contains("info/link.json"),
            "{bad}: {error}"
        );
    }
    let newer = r#"{"package_metadata_version":2}"#;
    let text = refusal(&[("info/paths.json", &no_paths), ("info/link.json", newer)]);
    assert!(
        text.contains("`package_metadata_version` is 2, expected 1"),
        "{text}"
    );
    let unknown = r#"{"package_metadata_version":1,"noarch":{"type":"ruby"}}"#;
    assert!(parse(&[("info/paths.json", &no_paths), ("info/link.json", unknown)]).is_err());
}

#[test]
fn cep34_17_legacy_lines_of_both_forms() {
    let info = parse(&[
        ("info/files", "bin/x\r\nlib/y\nshare/with space\nplain\n"),
        (
            "info/has_prefix",
            "bin/x\n/old/prefix binary lib/y\n\"/old/p q\" text \"share/with space\"\n",
        ),
        ("info/no_link", "lib/y\n"),
    ])
    .unwrap();
    assert_eq!(info.listing, Listing::Legacy);
    let entry = |path: &str| {
        let found = info.paths.iter().find(|entry| entry.path.as_str() == path);
        found.unwrap()
    };
    let prefix = |path| {
        let prefix = entry(path).prefix.as_ref().unwrap();
        (prefix.text.as_str(), prefix.mode)
    };
    assert_eq!(
        prefix("bin/x"),
        ("/opt/anaconda1anaconda2anaconda3", FileMode::Text)
    );
    assert_eq!(prefix("lib/y"), ("/old/prefix", FileMode::Binary));
    assert_eq!(prefix("share/with space"), ("/old/p q", FileMode::Text));
    assert_eq!(entry("plain").prefix, None);
    assert!(entry("lib/y").no_link && !entry("bin/x").no_link);

    let text = refusal(&[("info/files", "x\n"), ("info/has_prefix", "a b c d\n")]);
    assert!(
        text.contains("info/has_prefix") && text.contains("line 1"),
        "{text}"
    );
    assert!(refusal(&[("info/files", "x\n../y\n")]).contains("../y"));
}

#[test]
fn without_any_list_there_is_no_package() {
    let text = refusal(&[]);
    assert!(text.contains("info/paths.json"), "{text}");
    assert!(text.contains("missing"), "{text}");
}

#[test]
fn link_scripts_carry_their_own_packages_name() {
    let files = "bin/.a-post-link.sh\nbin/.b-post-link.sh\nScripts/.a-pre-link.bat\nbin/.a-post-unlink.sh\n";
    let info = parse(&[("info/files", files)]).unwrap();
    let found: Vec<_> = info
        .link_scripts
        .iter()
        .map(|script| (script.action, script.shell, script.path.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (
                LinkAction::PostLink,
                ScriptShell::Unix,
                "bin/.a-post-link.sh"
            ),
            (
                LinkAction::PreLink,
                ScriptShell::Windows,
                "Scripts/.a-pre-link.bat"
            ),
        ]
    );
}

#[test]
fn paths_that_differ_in_case_alone_are_pairs() {
    let info = parse(&[("info/files", "a/B\na/b\nc\n")]).unwrap();
    let pairs: Vec<_> = info
        .case_collisions()
        .iter()
        .map(|(one, other)| (one.as_str(), other.as_str()))
        .collect();
    assert_eq!(pairs, [("a/B", "a/b")]);
}

proptest! {
    #[test]
    fn no_text_panics(file in 0_usize..5, text in "[\\PC\n\r\"{}\\[\\]:,]{0,80}") {
        let path = ["info/paths.json", "info/link.json", "info/files", "info/has_prefix", "info/no_link"][file];
        let base = [("info/files", "x\n"), (path, text.as_str())];
        let _ = parse(&base);
    }
}
