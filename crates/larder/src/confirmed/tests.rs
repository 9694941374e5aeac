use std::fs;

use larder_digest::Sha256;
use larder_fs::Durability;
use larder_store::{Store, StoreOptions};

use super::Confirmed;

fn store() -> (tempfile::TempDir, Store) {
    let temp = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        durability: Durability::Lazy,
        ..StoreOptions::default()
    };
    let store = Store::open(&temp.path().join("store"), &options).unwrap();
    (temp, store)
}

fn digest(byte: u8) -> Sha256 {
    Sha256::from_bytes([byte; 32])
}

#[test]
fn what_was_added_is_there_for_the_next_run_and_beside_what_others_added() {
    let (_temp, store) = store();
    let (one, other) = (Confirmed::of(&store), Confirmed::of(&store));
    assert!(!one.has(&digest(1)) && !other.has(&digest(1)));
    one.add(digest(1));
    other.add(digest(2));
    one.save().unwrap();
    other.save().unwrap();
    let next = Confirmed::of(&store);
    assert!(next.has(&digest(1)) && next.has(&digest(2)) && !next.has(&digest(3)));
}

#[test]
fn nothing_new_writes_nothing() {
    let (_temp, store) = store();
    Confirmed::of(&store).save().unwrap();
    assert!(!store.root().join("confirmed").exists());
}

#[test]
fn what_is_gone_is_forgotten() {
    let (_temp, store) = store();
    let confirmed = Confirmed::of(&store);
    confirmed.add(digest(1));
    confirmed.add(digest(2));
    confirmed.save().unwrap();
    confirmed
        .forget_gone(|sha256| *sha256 == digest(2))
        .unwrap();
    let next = Confirmed::of(&store);
    assert!(!next.has(&digest(1)) && next.has(&digest(2)));
}

#[test]
fn a_damaged_list_confirms_no_more_than_its_whole_lines() {
    let (_temp, store) = store();
    let confirmed = Confirmed::of(&store);
    confirmed.add(digest(1));
    confirmed.add(digest(2));
    confirmed.save().unwrap();
    let path = store.root().join("confirmed/archives");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 9]).unwrap();
    let next = Confirmed::of(&store);
    assert!(next.has(&digest(1)) && !next.has(&digest(2)));
    for text in ["", "larder confirmed 2\n0101", "\u{0}\u{0}"] {
        fs::write(&path, text).unwrap();
        assert!(!Confirmed::of(&store).has(&digest(1)), "{text}");
    }
}
