//! Verified reading (FORMAT.md R1 to R5, C7, C8, L4).

use std::{fs, io};

use larder_digest::{Checksum, Md5};
use larder_store::{Access, ObjectKind, ReadError, Store, StoreOptions};

use crate::support::{
    Fixture, bytes_of, content, digests, find, flip_a_bit, md5, overwrite, put, put_content, sha256,
};

#[test]
fn an_object_that_is_not_there_is_not_found() {
    let fixture = Fixture::new();
    for checksum in [sha256(b"x"), md5(b"x")] {
        assert_eq!(find(&fixture.store, checksum), None);
    }
}

/// R1: the handle stands at the beginning.
#[test]
fn a_whole_object_is_opened() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    assert_eq!(object.size, content(1).len() as u64);
    assert_eq!(bytes_of(&fixture.store, &object), content(1));
}

/// R2, R3, C7: found by its name, refused by its bytes, then not found, then healed.
#[test]
fn a_damaged_object_is_named_moved_aside_and_can_be_fetched_again() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    flip_a_bit(&object.path);
    let damaged = fs::read(&object.path).unwrap();
    assert_eq!(
        find(&fixture.store, sha256(&content(1))),
        Some(object.clone())
    );
    let error = fixture.store.open_verified(&object).unwrap_err();
    assert!(error.is_repaired_by_ingest());
    assert_eq!(error.code(), "store::damaged");
    let text = error.to_string();
    let ReadError::Damaged {
        path,
        expected,
        found,
        set_aside,
    } = error
    else {
        unreachable!("{text}")
    };
    assert_eq!(path, object.path);
    assert_eq!(expected, object.id.sha256);
    assert_eq!(found, digests(&damaged).sha256);
    let aside = set_aside.unwrap();
    assert_eq!(fs::read(&aside).unwrap(), damaged);
    for part in [&path, &aside] {
        assert!(text.contains(part.to_str().unwrap()), "{text}");
    }
    assert_eq!(find(&fixture.store, sha256(&content(1))), None);
    put_content(&fixture.store, 1);
    assert_eq!(bytes_of(&fixture.store, &object), content(1));
}

/// C7: two processes found the object, one of them has moved it aside.
#[test]
fn a_second_reader_of_a_damaged_object_finds_it_gone_and_no_worse() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    flip_a_bit(&object.path);
    fixture.store.open_verified(&object).unwrap_err();
    let error = fixture.store.open_verified(&object).unwrap_err();
    assert!(error.is_repaired_by_ingest());
    assert_eq!(error.code(), "store::unreadable");
    let ReadError::Io(error) = error else {
        unreachable!()
    };
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    put_content(&fixture.store, 1);
    assert!(fixture.store.open_verified(&object).is_ok());
}

/// R5: nothing is moved in a store that is only read, and it is not found twice.
#[test]
fn a_damaged_object_of_a_read_only_store_stays_but_is_not_found_again() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    flip_a_bit(&object.path);
    let options = StoreOptions {
        access: Access::ReadOnly,
        ..StoreOptions::default()
    };
    let store = Store::open(fixture.store.root(), &options).unwrap();
    let clone = store.clone();
    let found = find(&store, sha256(&content(1))).unwrap();
    let error = store.open_verified(&found).unwrap_err();
    assert!(matches!(
        error,
        ReadError::Damaged {
            set_aside: None,
            ..
        }
    ));
    assert!(object.path.exists());
    assert_eq!(find(&clone, sha256(&content(1))), None);
}

/// L4: an index out of a poisoned cache cannot pass one object off as another.
#[test]
fn an_md5_index_that_lies_is_not_believed() {
    let fixture = Fixture::new();
    let wanted = content(1);
    put_content(&fixture.store, 2);
    let Checksum::Md5(digest) = md5(&wanted) else {
        unreachable!()
    };
    let file = fixture.path("md5").join(digest.to_hex());
    for text in [
        digests(&content(2)).sha256.to_hex(),
        digests(&content(3)).sha256.to_hex(),
        "../../etc/passwd".to_owned(),
        String::new(),
    ] {
        fs::write(&file, text).unwrap();
        assert_eq!(find(&fixture.store, md5(&wanted)), None);
    }
    fs::write(&file, [0xff, 0xfe]).unwrap();
    assert_eq!(find(&fixture.store, md5(&wanted)), None);
    let object = put(&fixture.store, &wanted, Some(md5(&wanted))).unwrap();
    assert_eq!(find(&fixture.store, md5(&wanted)), Some(object.clone()));
    flip_a_bit(&object.path);
    assert_eq!(find(&fixture.store, md5(&wanted)), None);
}

/// R2: both digests count. Here the index leads to a damaged object whose bytes happen to have the MD5.
#[test]
fn an_object_under_another_ones_name_is_not_found_by_its_own_md5() {
    let fixture = Fixture::new();
    let bytes = content(1);
    let other = put_content(&fixture.store, 2);
    overwrite(&other.path, &bytes);
    let file = fixture.path("md5").join(Md5::of(&bytes).to_hex());
    fs::write(file, other.id.sha256.to_hex()).unwrap();
    assert_eq!(find(&fixture.store, md5(&bytes)), None);
}

/// R5: what could not be moved aside and was healed all the same is found.
#[test]
fn an_object_that_was_not_found_again_is_found_once_it_is_whole() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    flip_a_bit(&object.path);
    fs::remove_dir(fixture.path("tmp")).unwrap();
    let error = fixture.store.open_verified(&object).unwrap_err();
    assert!(matches!(
        error,
        ReadError::Damaged {
            set_aside: None,
            ..
        }
    ));
    assert_eq!(find(&fixture.store, sha256(&content(1))), None);
    put_content(&fixture.store, 1);
    assert_eq!(find(&fixture.store, sha256(&content(1))), Some(object));
}

#[test]
fn kinds_do_not_mix() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    assert_eq!(object.id.kind, ObjectKind::Conda);
    let other = fixture.store.find(ObjectKind::Wheel, &sha256(&content(1)));
    assert_eq!(other.unwrap(), None);
}
