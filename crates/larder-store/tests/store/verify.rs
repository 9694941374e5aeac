//! Verifying a whole store.

use std::fs;

use larder_event::Recorder;
use larder_store::Fault;

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
    let recorder = Recorder::default();
    let report = fixture.store.verify(&recorder).unwrap();
    assert!(report.is_sound() && recorder.warnings().is_empty());
    assert_eq!((report.objects, report.bytes), (20, total));

    flip_a_bit(&objects[3].path);
    overwrite(&objects[11].path, b"");
    let report = fixture.store.verify(&recorder).unwrap();
    assert!(!report.is_sound());
    assert_eq!(report.objects, 20);
    let mut damaged: Vec<_> = [&objects[3], &objects[11]].map(|o| o.path.clone()).into();
    damaged.sort();
    let reported: Vec<_> = report.damaged.iter().map(|d| d.path.clone()).collect();
    assert_eq!(reported, damaged);
    let warnings = recorder.warnings();
    assert_eq!(warnings.len(), 2);
    for path in &damaged {
        let path = path.to_str().unwrap();
        let named =
            |warning: &String| warning.starts_with("store::damaged") && warning.contains(path);
        assert!(warnings.iter().any(named), "{warnings:?}");
    }
}

/// Verification reports; it is reading that moves aside.
#[test]
fn verification_changes_nothing() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    flip_a_bit(&object.path);
    let before = fs::read(&object.path).unwrap();
    let report = fixture.verify();
    assert!(matches!(report.damaged[0].fault, Fault::Digest { .. }));
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
    let expected = [wrong.as_str(), &dangling, "README"].map(|name| index.join(name));
    assert_eq!(report.misleading, expected);
}
