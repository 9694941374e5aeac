//! The golden table of keys, row by row; and what a key is besides.

use std::{fs, path::Path};

use larder_cache::key::{Key, KeyContext, KeyError, SegmentKind, Style, evaluate, split};
use proptest::prelude::*;

const TABLE: &str = include_str!("../../../../fixtures/cache/keys.tsv");

/// The files of CACHE-SEMANTICS.md, section 4.
const FILES: &[(&str, &str)] = &[
    ("s/yarn.lock", "lock-1\n"),
    ("s/go.mod", "module m\n"),
    ("s/empty.lock", ""),
    ("s/lf.txt", "a\nb\n"),
    ("s/crlf.txt", "a\r\nb\r\n"),
    ("s/app/yarn.lock", "lock-2\n"),
    ("s/app/asset.json", "A\n"),
    ("s/bin/asset.json", "B\n"),
    ("s/.hid/yarn.lock", "lock-3\n"),
    ("s/B.lock", "x\n"),
    ("s/a.lock", "x\n"),
    ("s/my file.txt", "sp\n"),
    ("s/mylockfile", "ml\n"),
    ("s/a/b/deep.cfg", "d\n"),
    ("top.txt", "k\n"),
];

fn workspace() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for (path, content) in FILES {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    place
}

fn variables(name: &str) -> Option<String> {
    match name {
        "AGENT_OS" => Some("Linux".into()),
        "RUNNER_OS" => Some("Linux".into()),
        "GITHUB_REF_NAME" => Some("main".into()),
        _ => None,
    }
}

fn salted(name: &str) -> Option<String> {
    match name {
        "AZP_CACHING_SALT" => Some("7".into()),
        name => variables(name),
    }
}

fn context(workspace: &Path, style: Style) -> KeyContext<'static> {
    KeyContext {
        style,
        working_directory: workspace.join("s"),
        workspace: workspace.to_owned(),
        variable: &variables,
    }
}

fn azure(key: &str, workspace: &Path) -> Result<Key, KeyError> {
    evaluate(key, &[], &context(workspace, Style::Azure)).map(|keys| keys.key)
}

fn shown(key: &Key) -> String {
    let shown = key.segments.iter().map(|segment| match &segment.kind {
        SegmentKind::String => format!("s {}", segment.text),
        SegmentKind::File { hash } => format!("f {hash}"),
        SegmentKind::Pattern { hash, files } => format!("p({}) {hash}", files.len()),
    });
    shown.collect::<Vec<_>>().join(" ¦ ")
}

#[cfg(target_os = "linux")]
#[test]
fn every_row_of_the_golden_table_of_keys() {
    let place = workspace();
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let mut count = 0;
    for row in rows {
        count += 1;
        let fields: Vec<&str> = row.split('\t').collect();
        let [id, key, expected] = fields[..] else {
            panic!("{row}");
        };
        let key = key.replace("{W}", place.path().to_str().unwrap());
        match (azure(&key, place.path()), expected.strip_prefix("E ")) {
            (Ok(key), None) => assert_eq!(shown(&key), expected, "{id}"),
            (Err(error), Some(words)) => {
                // A directory stands in the middle of the messages of K38.
                let text = error.to_string().replace(
                    &format!(
                        " (below {}); double quotes make a string of it",
                        place.path().join("s").display()
                    ),
                    "",
                );
                assert!(text.contains(words), "{id}: {text}");
            }
            (got, _) => panic!("{id}: {got:?}, expected {expected}"),
        }
    }
    assert!(count >= 51, "{count} rows");
}

#[test]
fn k3_a_third_segment_with_commas_is_uncut() {
    let (segments, is_old) = split("$(X) | Gemfile.lock | **/*.gemspec,!./junk/**");
    assert_eq!(
        segments,
        ["$(X)", "Gemfile.lock", "**/*.gemspec,!./junk/**"]
    );
    assert!(!is_old);
}

#[test]
fn k4_k5_lines_are_the_old_format_and_have_no_restore_keys() {
    let place = workspace();
    let lines = "gems\r\nLinux\n./yarn.lock";
    let key = azure(lines, place.path()).unwrap();
    assert_eq!(key.segments.len(), 3);
    assert!(key.warnings[0].contains("old format"), "{:?}", key.warnings);
    let context = context(place.path(), Style::Azure);
    let error = evaluate(lines, &["gems".into()], &context).unwrap_err();
    assert!(matches!(error, KeyError::OldFormat));
}

#[test]
fn k18_a_string_that_is_a_files_name_is_warned_of() {
    let place = workspace();
    let key = azure("mykey | mylockfile", place.path()).unwrap();
    assert!(
        key.warnings[0].contains("./mylockfile"),
        "{:?}",
        key.warnings
    );
    let quoted = azure("mykey | \"mylockfile\"", place.path()).unwrap();
    assert_eq!(quoted.warnings, Vec::<String>::new());
}

#[test]
fn k48_a_salt_is_the_first_segment_of_every_key() {
    let place = workspace();
    let context = KeyContext {
        variable: &salted,
        ..context(place.path(), Style::Azure)
    };
    let keys = evaluate("a | yarn.lock", &["a".into()], &context).unwrap();
    let hash = "ShsaQyUrrswALlzfa7hh4uuCOZpZWwLX3FuBas74aO4=";
    assert_eq!(keys.key.fingerprint, format!("AZP_CACHING_SALT=7|a|{hash}"));
    assert_eq!(keys.restore_keys[0].fingerprint, "AZP_CACHING_SALT=7|a");
}

#[test]
fn a_restore_key_that_cannot_match_is_warned_of() {
    let place = workspace();
    let context = context(place.path(), Style::Azure);
    let key = "\"yarn\" | Linux | yarn.lock";
    let restore_keys = ["yarn | Linux", "\"yarn\"", " "].map(String::from);
    let keys = evaluate(key, &restore_keys, &context).unwrap();
    assert_eq!(keys.restore_keys.len(), 2, "a line of blanks is no key");
    assert_eq!(keys.restore_keys[0].warnings.len(), 1);
    assert_eq!(keys.restore_keys[1].warnings.len(), 0);
}

#[test]
fn github_keys_are_text_with_values_in_it() {
    let place = workspace();
    let context = context(place.path(), Style::Github);
    let key = |text: &str| evaluate(text, &[], &context).map(|keys| keys.key.fingerprint);
    assert_eq!(
        key("npm-${{ runner.os }}-${{github.ref_name}}|yarn.lock").unwrap(),
        "npm-Linux-main|yarn.lock"
    );
    let hash = key("${{ hashFiles('s/yarn.lock') }}").unwrap();
    assert!(
        hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{hash}"
    );
    assert_ne!(
        hash,
        key("${{ hashFiles('s/*.lock', 's/go.mod') }}").unwrap()
    );
    assert_eq!(key("x-${{ hashFiles('none/**') }}").unwrap(), "x-");
    assert!(matches!(
        key("${{ secrets.X }}"),
        Err(KeyError::Expression { .. })
    ));
}

#[test]
fn a_key_is_one_line_of_text() {
    let place = workspace();
    for style in [Style::Azure, Style::Github, Style::Gitlab] {
        let context = context(place.path(), style);
        let error = evaluate("a\u{1b}[1mb", &[], &context).unwrap_err();
        assert!(matches!(error, KeyError::Lines { .. }), "{error:?}");
    }
}

#[test]
fn r35_github_takes_neither_long_keys_nor_commas_nor_more_than_ten() {
    let place = workspace();
    let context = context(place.path(), Style::Github);
    let check = |key: &str, restore_keys: usize| {
        evaluate(key, &vec!["r".to_owned(); restore_keys], &context)
    };
    assert!(check(&"k".repeat(512), 9).is_ok());
    assert!(matches!(
        check(&"k".repeat(513), 0),
        Err(KeyError::TooLong { .. })
    ));
    assert!(matches!(check("a,b", 0), Err(KeyError::Comma { .. })));
    assert!(matches!(check("a", 10), Err(KeyError::TooMany { .. })));
}

proptest! {
    #[test]
    fn no_key_makes_evaluation_panic_and_segments_have_no_separators(key in "[a-z.*?|\\[\\]!,\"$(){} /\\\\-]{0,30}") {
        let place = tempfile::tempdir().unwrap();
        if let Ok(key) = azure(&key, place.path()) {
            prop_assert!(!key.segments.is_empty());
            for segment in &key.segments {
                prop_assert!(!segment.text.is_empty() && !segment.text.contains('|'));
                prop_assert_eq!(segment.text.trim(), &segment.text);
            }
            let parts = key.fingerprint.split('|').count();
            prop_assert_eq!(parts, key.segments.len());
        }
    }

    #[test]
    fn a_file_is_found_by_its_name_and_by_a_star_in_it(name in "[a-z.]{1,8}", at in 0_usize..8) {
        prop_assume!(name != "." && name != "..");
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("s/d")).unwrap();
        fs::write(place.path().join("s/d").join(&name), "x").unwrap();
        let (head, tail) = name.split_at(at.min(name.len()));
        for pattern in [format!("./d/{head}*{tail}"), format!("**/{head}*{tail}")] {
            // What ends with a dot is a string.
            if !pattern.ends_with('.') {
                let key = azure(&pattern, place.path());
                prop_assert!(key.is_ok(), "{pattern}: {key:?}");
            }
        }
    }
}
