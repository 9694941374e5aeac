//! Names and the `format` line: what is parsed is exactly what is printed.

use std::{fs, io::Write as _};

use larder_digest::Sha256;
use proptest::prelude::*;

use crate::{
    Ingest, Object, ObjectId, ObjectKind, ParseObjectIdError, Store, StoreOptions, format,
    temporary,
};

fn any_id() -> impl Strategy<Value = ObjectId> {
    let kinds = prop::sample::select(ObjectKind::ALL.to_vec());
    (kinds, any::<[u8; 32]>()).prop_map(|(kind, bytes)| ObjectId {
        kind,
        sha256: Sha256::from_bytes(bytes),
    })
}

proptest! {
    #[test]
    fn a_name_is_read_as_it_is_printed(id in any_id()) {
        prop_assert_eq!(id.to_string().parse::<ObjectId>(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<ObjectId>(&json).unwrap(), id);
    }

    #[test]
    fn a_text_that_is_read_as_a_name_is_that_name(text in r"[0-9a-fA-F]{63,65}\.(conda|tar\.bz2|whl|zip)|\PC*") {
        if let Ok(id) = text.parse::<ObjectId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn a_name_with_one_character_changed_is_another_or_none(
        id in any_id(), at in 0..64_usize, with in any::<char>()
    ) {
        let mut text: Vec<char> = id.to_string().chars().collect();
        prop_assume!(text[at] != with);
        text[at] = with;
        let text: String = text.into_iter().collect();
        prop_assert_ne!(text.parse::<ObjectId>().ok(), Some(id));
    }

    #[test]
    fn any_format_text_is_read_without_panic(text in r"\PC*|larder-store \PC*") {
        if let Some(version) = format::parse_format_version(&text) {
            let line = format!("larder-store {version}");
            prop_assert_eq!(format::parse_format_version(&line), Some(version));
        }
    }
}

#[test]
fn names_of_the_wrong_form_say_what_is_expected() {
    let digest = "AB".repeat(32);
    let upper: Result<ObjectId, _> = format!("{digest}.conda").parse();
    assert!(matches!(
        upper,
        Err(ParseObjectIdError::Digest { source: None, .. })
    ));
    let zip: Result<ObjectId, _> = format!("{digest}.zip").parse();
    assert!(matches!(zip, Err(ParseObjectIdError::Kind { .. })));
    let short: Result<ObjectId, _> = "abc.whl".parse();
    assert!(matches!(
        short,
        Err(ParseObjectIdError::Digest {
            source: Some(_),
            ..
        })
    ));
}

#[test]
fn the_kind_is_told_by_the_extension_alone() {
    let kinds = [
        ("a-1-0.conda", Some(ObjectKind::Conda)),
        ("a-1-0.tar.bz2", Some(ObjectKind::TarBz2)),
        ("a-1-py3-none-any.whl", Some(ObjectKind::Wheel)),
        ("a.tar.gz", None),
        ("conda", None),
        ("aconda", None),
    ];
    for (name, kind) in kinds {
        assert_eq!(ObjectKind::from_file_name(name), kind, "{name}");
    }
}

#[test]
fn the_format_line_may_be_followed_by_more() {
    assert_eq!(format::parse_format_version("larder-store 1\n"), Some(1));
    assert_eq!(
        format::parse_format_version("larder-store 7\nmore\n"),
        Some(7)
    );
    for text in [
        "",
        "1",
        "larder-store",
        "larder-store x",
        "other 1",
        "larder-store -1",
    ] {
        assert_eq!(format::parse_format_version(text), None, "{text}");
    }
}

/// FORMAT.md W1.
#[test]
fn temporary_names_differ_within_a_process() {
    let names: std::collections::BTreeSet<String> =
        (0..100).map(|_| temporary::unique_name("x-", "")).collect();
    assert_eq!(names.len(), 100);
}

fn store_with_an_object() -> (tempfile::TempDir, Store, Object) {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(temp.path(), &StoreOptions::default()).unwrap();
    let mut ingest = store.ingest(ObjectKind::Conda, None).unwrap();
    ingest.write_all(b"bytes").unwrap();
    let object = ingest.finish().unwrap();
    (temp, store, object)
}

/// FORMAT.md R3. The object was damaged when it was read, and another process has healed it before
/// it is moved.
#[test]
fn an_object_that_was_healed_meanwhile_gets_its_name_back() {
    let (temp, store, object) = store_with_an_object();
    let stale = Sha256::from_bytes([0; 32]);
    let verified = store.shared.reject_damaged(&object, stale).unwrap();
    assert_eq!(verified.size, object.size);
    assert!(store.open_verified(&object).is_ok());
    assert_eq!(fs::read_dir(temp.path().join("tmp")).unwrap().count(), 0);
}

#[test]
fn stores_are_shared_by_threads_and_ingests_move_between_them() {
    fn assert_shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    fn assert_moved<T: Send + 'static>(_: &T) {}
    let (_temp, store, _) = store_with_an_object();
    assert_shared(&store);
    let ingest: Ingest = store.ingest(ObjectKind::Wheel, None).unwrap();
    assert_moved(&ingest);
}
