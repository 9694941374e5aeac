//! The damage table for objects: each kind of damage to each kind of object is found before use,
//! named, and healed by ingesting again.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
};

use larder_store::{Object, ObjectFault, ObjectKind, ReadError, Store};

use crate::support::{Fixture, content, flip_a_bit, overwrite, sha256};

/// What was done to an object, and what should be seen of it.
struct Case {
    name: &'static str,
    damage: fn(&Path),
    /// Whether `find` sees something there by name and size.
    found: bool,
    fault: fn(&ObjectFault) -> bool,
}

fn is_digest(fault: &ObjectFault) -> bool {
    matches!(fault, ObjectFault::Digest { .. })
}

const CASES: [Case; 7] = [
    Case {
        name: "flipped bit",
        damage: flip_a_bit,
        found: true,
        fault: is_digest,
    },
    Case {
        name: "truncated",
        damage: |path| {
            let bytes = fs::read(path).unwrap();
            overwrite(path, &bytes[..bytes.len() - 1]);
        },
        found: true,
        fault: is_digest,
    },
    Case {
        name: "longer",
        damage: |path| {
            let mut bytes = fs::read(path).unwrap();
            bytes.push(0);
            overwrite(path, &bytes);
        },
        found: true,
        fault: is_digest,
    },
    Case {
        name: "zeroed, as after a power loss",
        damage: |path| {
            let length = fs::read(path).unwrap().len();
            overwrite(path, &vec![0; length]);
        },
        found: true,
        fault: is_digest,
    },
    Case {
        name: "zero-length",
        damage: |path| overwrite(path, b""),
        found: false,
        fault: |fault| matches!(fault, ObjectFault::Empty),
    },
    Case {
        name: "a directory in its place",
        damage: |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
            fs::write(path.join("file"), "").unwrap();
        },
        found: false,
        fault: |fault| matches!(fault, ObjectFault::NotAFile),
    },
    Case {
        name: "another object under its name",
        damage: |path| overwrite(path, &content(99)),
        found: true,
        fault: is_digest,
    },
];

fn put(store: &Store, kind: ObjectKind, bytes: &[u8]) -> Object {
    let mut ingest = store.ingest(kind, Some(sha256(bytes))).unwrap();
    ingest.write_all(bytes).unwrap();
    ingest.finish().unwrap()
}

fn assert_whole(store: &Store, object: &Object, bytes: &[u8]) {
    let mut read = Vec::new();
    let mut verified = store.open_verified(object).unwrap();
    verified.file.read_to_end(&mut read).unwrap();
    assert_eq!(read, bytes);
}

#[test]
fn every_damage_to_every_kind_is_found_named_and_healed() {
    for case in CASES {
        for kind in ObjectKind::ALL {
            let fixture = Fixture::new();
            check(&fixture, kind, &case);
        }
    }
}

fn check(fixture: &Fixture, kind: ObjectKind, case: &Case) {
    let store = &fixture.store;
    let (bytes, other_bytes) = (content(1), content(2));
    let object = put(store, kind, &bytes);
    let other = put(store, kind, &other_bytes);
    (case.damage)(&object.path);

    let report = fixture.verify();
    assert_eq!(report.damaged.len(), 1, "{}", case.name);
    assert_eq!(report.damaged[0].id, object.id, "{}", case.name);
    assert!((case.fault)(&report.damaged[0].fault), "{}", case.name);

    let found = store.find(kind, &sha256(&bytes)).unwrap();
    assert_eq!(found.is_some(), case.found, "{}", case.name);
    if let Some(found) = found {
        let error = store.open_verified(&found).unwrap_err();
        assert!(matches!(error, ReadError::Damaged { .. }), "{}", case.name);
        assert_eq!(store.find(kind, &sha256(&bytes)).unwrap(), None);
    }

    assert_eq!(put(store, kind, &bytes), object, "{}", case.name);
    assert_whole(store, &object, &bytes);
    assert_whole(store, &other, &other_bytes);
    assert!(fixture.verify().is_sound(), "{}", case.name);
    assert_eq!(fixture.temporary(), ["damaged"], "{}", case.name);
}

/// Damage that nobody noticed before the object is written again.
#[test]
fn every_damage_is_healed_by_writing_without_reading_first() {
    for case in CASES {
        let fixture = Fixture::new();
        let object = put(&fixture.store, ObjectKind::Conda, &content(1));
        (case.damage)(&object.path);
        put(&fixture.store, ObjectKind::Conda, &content(1));
        assert_whole(&fixture.store, &object, &content(1));
        assert!(fixture.verify().is_sound(), "{}", case.name);
    }
}

#[test]
fn a_missing_object_is_not_found_and_comes_back() {
    let fixture = Fixture::new();
    let object = put(&fixture.store, ObjectKind::Conda, &content(1));
    fs::remove_file(&object.path).unwrap();
    let find = || fixture.store.find(ObjectKind::Conda, &sha256(&content(1)));
    assert_eq!(find().unwrap(), None);
    assert!(fixture.verify().is_sound());
    put(&fixture.store, ObjectKind::Conda, &content(1));
    assert_eq!(find().unwrap(), Some(object));
}

/// A whole object that someone may write to is used, and reported.
#[test]
fn a_writable_object_is_named() {
    let fixture = Fixture::new();
    let object = put(&fixture.store, ObjectKind::Conda, &content(1));
    larder_fs::make_writable(&object.path).unwrap();
    let report = fixture.verify();
    assert!(report.is_sound());
    assert_eq!(report.writable, [object.path.as_path()]);
    assert_whole(&fixture.store, &object, &content(1));
}

/// A link could lead anywhere, and its target be replaced after it was hashed.
#[cfg(unix)]
#[test]
fn a_link_is_no_object() {
    let fixture = Fixture::new();
    let object = put(&fixture.store, ObjectKind::Conda, &content(1));
    let outside = fixture.beside("outside");
    fs::rename(&object.path, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &object.path).unwrap();
    let find = || fixture.store.find(ObjectKind::Conda, &sha256(&content(1)));
    assert_eq!(find().unwrap(), None);
    let report = fixture.verify();
    assert!(matches!(report.damaged[0].fault, ObjectFault::NotAFile));
    put(&fixture.store, ObjectKind::Conda, &content(1));
    assert!(fs::symlink_metadata(&object.path).unwrap().is_file());
    assert_eq!(fs::read(outside).unwrap(), content(1));
}

#[test]
fn extra_files_are_named_and_never_used() {
    let fixture = Fixture::new();
    let object = put(&fixture.store, ObjectKind::Conda, &content(1));
    let hex = object.id.sha256.to_hex();
    let shard = object.path.parent().unwrap();
    let mut extra = vec![
        shard.join("README"),
        shard.join(format!("{hex}.CONDA")),
        shard.join(format!("{hex}.whl")),
        fixture.path("pkgs/stray.conda"),
        fixture.path("wheels/.DS_Store"),
    ];
    let elsewhere = fixture.path("pkgs/zz");
    fs::create_dir(&elsewhere).unwrap();
    extra.push(elsewhere.join(format!("{hex}.tar.bz2")));
    for path in &extra {
        fs::write(path, content(1)).unwrap();
    }
    extra.sort();
    let report = fixture.verify();
    assert!(report.is_sound());
    assert_eq!(report.objects, 1);
    assert_eq!(report.stray, extra);
    for kind in [ObjectKind::TarBz2, ObjectKind::Wheel] {
        assert_eq!(
            fixture.store.find(kind, &sha256(&content(1))).unwrap(),
            None
        );
    }
}
