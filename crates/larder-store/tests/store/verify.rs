//! Verifying a whole store.

use std::fs;

use larder_event::{Event, EventRecorder};
use larder_store::{ObjectFault, OpenError, RootKind, Store};

use crate::support::{
    Fixture, content, flip_a_bit, md5, names, overwrite, put, put_content, sha256,
};

#[test]
fn an_empty_store_is_sound() {
    let report = Fixture::new().verify();
    assert!(report.is_sound());
    assert_eq!((report.objects, report.bytes), (0, 0));
}

#[test]
fn every_object_is_hashed_and_every_damage_named() {
    let fixture = Fixture::new();
    let objects: Vec<_> = (0..20)
        .map(|seed| put_content(&fixture.store, seed))
        .collect();
    let total: u64 = objects.iter().map(|object| object.size).sum();
    let recorder = EventRecorder::default();
    let report = fixture.store.verify(None, &recorder).unwrap();
    assert!(report.is_sound() && recorder.warnings().is_empty());
    assert_eq!((report.objects, report.bytes), (20, total));

    flip_a_bit(&objects[3].path);
    overwrite(&objects[11].path, b"");
    let report = fixture.store.verify(None, &recorder).unwrap();
    assert!(!report.is_sound());
    assert_eq!(report.objects, 20);
    let mut damaged: Vec<_> = [&objects[3], &objects[11]].map(|o| o.path.clone()).into();
    damaged.sort();
    let reported: Vec<_> = report.damaged.iter().map(|d| d.path.clone()).collect();
    assert_eq!(reported, damaged);
    let progress = |event: Event| match event {
        Event::Verified { bytes } => bytes,
        _ => 0,
    };
    let told: u64 = recorder.events().into_iter().map(progress).sum();
    let whole = total - objects[3].size - objects[11].size;
    assert_eq!((report.bytes, told), (whole, total + whole), "both runs");
}

/// Verification reports; it is reading that moves aside.
#[test]
fn verification_changes_nothing() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    flip_a_bit(&object.path);
    let before = fs::read(&object.path).unwrap();
    let report = fixture.verify();
    assert!(matches!(
        report.damaged[0].fault,
        ObjectFault::Digest { .. }
    ));
    assert_eq!(fs::read(&object.path).unwrap(), before);
    assert!(names(&fixture.path("tmp")).is_empty());
}

/// L4.
#[test]
fn index_files_that_mislead_are_named() {
    let fixture = Fixture::new();
    let bytes = content(1);
    let object = put(&fixture.store, &bytes, Some(md5(&bytes))).unwrap();
    assert!(fixture.verify().misleading.is_empty());
    let wrong = "0".repeat(32);
    let dangling = "1".repeat(32);
    let index = fixture.path("md5");
    fs::write(index.join(&wrong), object.id.sha256.to_hex()).unwrap();
    let larder_digest::Checksum::Sha256(absent) = sha256(b"absent") else {
        unreachable!()
    };
    fs::write(index.join(&dangling), absent.to_hex()).unwrap();
    fs::write(index.join("README"), "").unwrap();
    let report = fixture.verify();
    assert!(report.is_sound());
    let expected = [wrong.as_str(), &dangling].map(|name| index.join(name));
    assert_eq!(report.misleading, expected);
    // larder did not write it, so it is moved aside and not removed.
    assert_eq!(report.stray, [index.join("README")]);
}

/// What was found is put right or out of the way, and a second look finds nothing.
#[test]
fn what_was_found_can_be_mended() {
    let fixture = Fixture::new();
    let (damaged, open) = (
        put_content(&fixture.store, 1),
        put_content(&fixture.store, 2),
    );
    flip_a_bit(&damaged.path);
    larder_fs::make_writable(&open.path).unwrap();
    fs::write(fixture.path("md5").join("0".repeat(32)), "x").unwrap();
    fs::create_dir(fixture.path("md5/directory")).unwrap();
    fs::write(fixture.path("roots/abc.json"), "{").unwrap();
    fs::write(fixture.path("roots/note"), "").unwrap();
    fs::write(fixture.path("pkgs/note"), "").unwrap();
    fs::remove_dir(fixture.path("wheels")).unwrap();
    fs::write(fixture.path("wheels"), "").unwrap();
    let report = fixture.verify();
    assert!(!report.is_sound());
    assert_eq!((report.damaged.len(), report.roots.len()), (1, 1));
    let mended = fixture.store.repair(&report).unwrap();
    assert_eq!(
        (mended.healed.len(), mended.moved.len()),
        (2, 5),
        "{mended:?}"
    );
    assert!(mended.refused.is_empty());
    let aside = fixture.store.set_aside(&report.damaged[0]).unwrap();
    assert!(aside.is_file() && !damaged.path.exists());
    let report = fixture.verify();
    assert!(report.is_sound() && report.stray.is_empty() && report.misleading.is_empty());
    assert!(report.writable.is_empty());
    assert_eq!((report.objects, fixture.temporary().len()), (1, 6));
    assert!(fixture.path("wheels").is_dir());
    let path = fixture.beside("env");
    fixture
        .store
        .record_root(RootKind::Prefix, &path, [open.id])
        .unwrap();
}

/// R3: it was healed after it was hashed.
#[test]
fn what_is_whole_again_is_not_moved_away() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    flip_a_bit(&object.path);
    let report = fixture.verify();
    overwrite(&object.path, &content(1));
    assert_eq!(fixture.store.set_aside(&report.damaged[0]), None);
    assert!(object.path.is_file() && fixture.temporary().is_empty());
}

/// Only what is asked for is read; of the rest nothing is said.
#[test]
fn a_part_can_be_verified() {
    let fixture = Fixture::new();
    let objects = [1, 2].map(|seed| put_content(&fixture.store, seed));
    objects.iter().for_each(|object| flip_a_bit(&object.path));
    let only = [objects[0].id].into();
    let report = fixture.store.verify(Some(&only), &EventRecorder::default());
    let report = report.unwrap();
    assert_eq!((report.objects, report.damaged.len()), (1, 1));
    assert_eq!(report.damaged[0].id, objects[0].id);
}

/// L1: what is a store by everything but `format` becomes one again; what is not, and what is newer, is
/// left alone.
#[test]
fn a_damaged_format_is_mended_where_all_else_is_a_store() {
    let fixture = Fixture::new();
    let root = fixture.store.root();
    let format = fixture.path("format");
    assert!(!Store::repair_format(root).unwrap());
    let damages: [fn(&std::path::Path); 3] = [
        |path| fs::write(path, "larger-store 1").unwrap(),
        |path| fs::remove_file(path).unwrap(),
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
    ];
    for damage in damages {
        damage(&format);
        assert!(Store::repair_format(root).unwrap());
        Store::open(root, &larder_store::StoreOptions::default()).unwrap();
    }
    fs::write(&format, "larder-store 7\n").unwrap();
    let error = Store::repair_format(root).unwrap_err();
    assert!(matches!(error, OpenError::NewerFormat { .. }));
    fs::write(&format, "").unwrap();
    fs::write(fixture.path("thesis.tex"), "").unwrap();
    let error = Store::repair_format(root).unwrap_err();
    assert!(matches!(error, OpenError::NotAStore { .. }));
}
