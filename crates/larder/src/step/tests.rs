use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_cache::{
    key::{KeyContext, Style},
    look_up::Hit,
};

use super::{CacheUse, Cold, KeyParts, StepKey, StepReport, step_key, summary};

fn key(directory: &Path, files: &[&str], arguments: &[&str]) -> StepKey {
    let variable = |name: &str| match name {
        "RUNNER_OS" => Some("Linux".to_owned()),
        "RUNNER_ARCH" => Some("X64".to_owned()),
        _ => None,
    };
    let files: Vec<PathBuf> = files.iter().map(|file| directory.join(file)).collect();
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let parts = KeyParts {
        prefix: "larder",
        files: &files,
        arguments: &arguments,
    };
    let context = KeyContext {
        style: Style::Github,
        working_directory: directory.to_owned(),
        workspace: directory.to_owned(),
        variable: &variable,
    };
    step_key(&parts, &context).unwrap()
}

#[test]
fn keys_say_what_is_asked_for_and_not_where() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for place in [&one, &two] {
        fs::write(place.path().join("environment.yml"), "a").unwrap();
    }
    let asked = |place: &tempfile::TempDir| key(place.path(), &["environment.yml"], &[]);
    let first = asked(&one);
    assert_eq!(first.wide, "larder-Linux-X64-");
    assert!(first.near.starts_with("larder-Linux-X64-") && first.near.ends_with('-'));
    assert_eq!(first, asked(&two), "another checkout");
    assert_ne!(first, key(one.path(), &["environment.yml"], &["--no-lock"]));
    fs::write(one.path().join("conda-lock.yml"), "b").unwrap();
    let locked = asked(&one);
    assert_ne!(first, locked, "a lock counts");
    fs::write(one.path().join("conda-lock.yml"), "c").unwrap();
    assert_ne!(locked, asked(&one), "and so does what is in it");
    assert_ne!(key(one.path(), &["absent.yml"], &[]), first);
}

#[test]
fn outputs_and_tables_take_no_mark_up_from_a_cache() {
    let report = StepReport {
        success: true,
        cache: Some(CacheUse {
            remote: "file:///cache".into(),
            hit: Hit::Inexact,
            key: Some("k".into()),
            matched_key: Some("a\nb=c|`<b>`".into()),
            bytes: 1,
            milliseconds: 1,
        }),
        environment: None,
        name: None,
        cold: None,
        milliseconds: 1250,
    };
    let outputs = report.outputs();
    assert!(outputs.contains(&("cache-matched-key", "ab=c|`<b>`".to_owned())));
    assert!(outputs.contains(&("cache-hit", "false".to_owned())));
    assert!(outputs.contains(&("seconds", "1.2".to_owned())));
    let table = summary(&report);
    assert!(
        table.contains("`a b=c\\| <b> ` (0.0 KB in 0.0 s) |"),
        "{table}"
    );
}

#[test]
fn a_note_is_read_as_it_was_written_and_a_broken_one_is_none() {
    let place = tempfile::tempdir().unwrap();
    let notes = place.path().join("notes");
    assert_eq!(Cold::read(&notes), None);
    let cold = Cold {
        milliseconds: 40_000,
        bytes: 5,
    };
    cold.write(&notes);
    assert_eq!(Cold::read(&notes), Some(cold));
    fs::write(notes.join("cold.json"), "{").unwrap();
    assert_eq!(Cold::read(&notes), None);
}
