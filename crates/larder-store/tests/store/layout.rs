//! Opening, and where things are (FORMAT.md L1 to L3, C1, C2).

use std::{error::Error as _, fs, io::Write as _, sync::Barrier, thread};

use larder_store::{Access, ObjectKind, OpenError, Store, StoreOptions};

use crate::support::{Fixture, content, id, lazy, names, sha256};

fn read_only() -> StoreOptions {
    StoreOptions {
        access: Access::ReadOnly,
        ..StoreOptions::default()
    }
}

/// L1.
#[test]
fn a_missing_directory_becomes_a_store() {
    let fixture = Fixture::new();
    let expected = [
        "format", "md5", "pins", "pkgs", "repodata", "roots", "solves", "tmp", "wheels",
    ];
    assert_eq!(names(fixture.store.root()), expected);
    let format = fs::read_to_string(fixture.path("format")).unwrap();
    assert_eq!(format, "larder-store 1\n");
    assert_eq!(fixture.store.repodata_dir(), fixture.path("repodata"));
    assert_eq!(fixture.store.solves_dir(), fixture.path("solves"));
    assert!(Store::open(fixture.store.root(), &StoreOptions::default()).is_ok());
}

/// L2, L3.
#[test]
fn an_object_is_named_by_its_digest() {
    let fixture = Fixture::new();
    let bytes = content(1);
    let kinds = [
        (ObjectKind::Conda, "pkgs", "conda"),
        (ObjectKind::TarBz2, "pkgs", "tar.bz2"),
        (ObjectKind::Wheel, "wheels", "whl"),
    ];
    for (kind, directory, extension) in kinds {
        let mut ingest = fixture.store.ingest(kind, None).unwrap();
        ingest.write_all(&bytes).unwrap();
        let object = ingest.finish().unwrap();
        let hex = id(kind, &bytes).sha256.to_hex();
        let path = format!("{directory}/{}/{hex}.{extension}", &hex[..2]);
        assert_eq!(object.path, fixture.path(&path));
        assert_eq!(fs::read(&object.path).unwrap(), bytes);
        let found = fixture.store.find(kind, &sha256(&bytes)).unwrap();
        assert_eq!(found, Some(object));
    }
}

/// L1.
#[test]
fn a_later_version_is_refused_and_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("format"), "larder-store 2\nnew things\n").unwrap();
    for options in [StoreOptions::default(), read_only()] {
        let error = Store::open(temp.path(), &options).unwrap_err();
        assert!(matches!(
            error,
            OpenError::NewerFormat {
                found: 2,
                supported: 1,
                ..
            }
        ));
        let text = error.to_string();
        assert!(text.contains(temp.path().to_str().unwrap()), "{text}");
        assert!(
            text.contains("version 2") && text.contains("newer larder"),
            "{text}"
        );
    }
    assert_eq!(names(temp.path()), ["format"]);
}

/// L1.
#[test]
fn a_format_that_is_no_format_is_refused() {
    for text in ["", "larder-store 0\n", "hello", "larder-store one"] {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("format"), text).unwrap();
        let error = Store::open(temp.path(), &StoreOptions::default()).unwrap_err();
        assert!(matches!(error, OpenError::MalformedFormat { .. }), "{text}");
        assert!(error.to_string().contains("larder-store 1"), "{error}");
    }
}

/// L1: nobody's home directory becomes a store by mistake.
#[test]
fn a_directory_with_other_things_is_refused_and_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("thesis.tex"), "").unwrap();
    let error = Store::open(temp.path(), &StoreOptions::default()).unwrap_err();
    assert!(matches!(error, OpenError::NotAStore { .. }));
    assert_eq!(names(temp.path()), ["thesis.tex"]);
}

#[test]
fn a_file_in_the_place_of_a_store_is_named() {
    let temp = tempfile::NamedTempFile::new().unwrap();
    let error = Store::open(temp.path(), &StoreOptions::default()).unwrap_err();
    assert!(error.to_string().contains(temp.path().to_str().unwrap()));
    assert!(error.source().is_some());
}

/// Locks: "two processes that open a missing store both write the same `format`", and whoever comes
/// a moment later must not take a store in the making for somebody's directory.
#[test]
fn many_may_make_one_store_at_once() {
    const THREADS: usize = 8;
    for _ in 0..100 {
        let temp = tempfile::tempdir().unwrap();
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    Store::open(&temp.path().join("store"), &lazy()).unwrap();
                });
            }
        });
    }
}

/// C1, C2: and cache services drop empty directories.
#[test]
fn what_a_killed_first_run_leaves_is_completed() {
    for leftover in [".larder-abc123.tmp", "format"] {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join(leftover), "larder-store 1\n").unwrap();
        Store::open(temp.path(), &StoreOptions::default()).unwrap();
        assert!(temp.path().join("format").is_file());
        assert!(temp.path().join("tmp").is_dir());
    }
}

#[test]
fn a_store_for_reading_must_be_there_and_is_not_made() {
    let temp = tempfile::tempdir().unwrap();
    let error = Store::open(temp.path(), &read_only()).unwrap_err();
    assert!(matches!(error, OpenError::NoStore { .. }));
    assert!(names(temp.path()).is_empty());
}
