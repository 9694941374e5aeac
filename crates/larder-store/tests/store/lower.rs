//! A store over other stores (FORMAT.md, "A store over other stores").

use std::fs;

use larder_digest::Checksum;
use larder_store::{ObjectKind, OpenError, ReadError, Store, StoreOptions};

use crate::support::{
    Fixture, bytes_of, content, find, flip_a_bit, lazy, md5, names, put, put_content, sha256,
};

/// A store over the one of the fixture.
fn above(lower: &Fixture) -> Store {
    let options = StoreOptions {
        lower: vec![lower.store.root().to_owned()],
        ..lazy()
    };
    Store::open(&lower.beside("upper"), &options).unwrap()
}

#[test]
fn objects_are_found_below_and_written_above() {
    let lower = Fixture::new();
    let below = put_content(&lower.store, 1);
    let upper = above(&lower);
    let before = names(&lower.path("pkgs"));
    let found = find(&upper, sha256(&content(1))).unwrap();
    assert_eq!(found, below);
    assert_eq!(bytes_of(&upper, &found), content(1));
    let written = put_content(&upper, 2);
    assert!(written.path.starts_with(upper.root()));
    assert_eq!(names(&lower.path("pkgs")), before);
    let above = put_content(&upper, 1);
    assert_eq!(find(&upper, sha256(&content(1))), Some(above));
}

/// R5: damage below is not repaired there; what is fetched again goes above and is found first.
#[test]
fn damage_below_is_healed_above() {
    let lower = Fixture::new();
    let below = put_content(&lower.store, 1);
    flip_a_bit(&below.path);
    let upper = above(&lower);
    let error = upper.open_verified(&below).unwrap_err();
    assert!(matches!(
        error,
        ReadError::Damaged {
            set_aside: None,
            ..
        }
    ));
    assert!(below.path.exists());
    assert_eq!(find(&upper, sha256(&content(1))), None);
    let healed = put_content(&upper, 1);
    assert_eq!(find(&upper, sha256(&content(1))), Some(healed.clone()));
    assert_eq!(bytes_of(&upper, &healed), content(1));
}

#[test]
fn the_md5_index_of_one_store_may_name_an_object_of_another() {
    let lower = Fixture::new();
    let bytes = content(1);
    let below = put(&lower.store, &bytes, Some(md5(&bytes))).unwrap();
    let upper = above(&lower);
    assert_eq!(find(&upper, md5(&bytes)), Some(below.clone()));
    let Checksum::Md5(digest) = md5(&bytes) else {
        unreachable!()
    };
    let (from, to) = (lower.path("md5"), upper.root().join("md5"));
    fs::rename(from.join(digest.to_hex()), to.join(digest.to_hex())).unwrap();
    let found = upper.find(ObjectKind::Conda, &md5(&bytes)).unwrap();
    assert_eq!(found, Some(below));
}

#[test]
fn a_lower_store_must_be_a_store() {
    let fixture = Fixture::new();
    let options = StoreOptions {
        lower: vec![fixture.beside("nowhere")],
        ..lazy()
    };
    let error = Store::open(&fixture.beside("upper"), &options).unwrap_err();
    assert!(matches!(error, OpenError::NoStore { .. }));
    assert!(error.to_string().contains("nowhere"));
    assert!(!fixture.beside("nowhere").exists());
}
