//! The write protocol (FORMAT.md W1 to W8).

use std::{fs, io::Write as _, sync::Arc};

use larder_digest::Checksum;
use larder_fs::Durability;
use larder_store::{IngestError, ObjectKind, Store, StoreStep};

use crate::support::{
    Fixture, Watch, bytes_of, content, digests, find, flip_a_bit, md5, names, put, put_content,
    sha256,
};

/// W1 to W7 in this order; W8 only by MD5.
#[test]
fn the_steps_come_in_the_order_of_the_page() {
    let watch = Arc::new(Watch::default());
    let fixture = Fixture::with(&watch.options(Durability::Flush));
    put(&fixture.store, &content(1), None).unwrap();
    assert_eq!(*watch.seen.lock().unwrap(), StoreStep::INGEST[..7]);
    watch.seen.lock().unwrap().clear();
    let bytes = content(2);
    put(&fixture.store, &bytes, Some(md5(&bytes))).unwrap();
    assert_eq!(*watch.seen.lock().unwrap(), StoreStep::INGEST);
}

/// "W5 and W7 can be left out".
#[test]
fn a_lazy_store_flushes_nothing() {
    let watch = Arc::new(Watch::default());
    let fixture = Fixture::with(&watch.options(Durability::Lazy));
    put(&fixture.store, &content(1), None).unwrap();
    let seen = watch.seen.lock().unwrap();
    assert!(seen.contains(&StoreStep::Renamed));
    assert!(!seen.contains(&StoreStep::Flushed) && !seen.contains(&StoreStep::DirectoryFlushed));
}

/// W2: nothing is visible before the end, and dropping removes what was written.
#[test]
fn an_abandoned_object_leaves_nothing() {
    let fixture = Fixture::new();
    let bytes = content(1);
    let mut ingest = fixture
        .store
        .ingest(ObjectKind::Conda, Some(sha256(&bytes)))
        .unwrap();
    ingest.write_all(&bytes).unwrap();
    ingest.flush().unwrap();
    assert_eq!(fixture.temporary(), ["ingest"]);
    assert_eq!(find(&fixture.store, sha256(&bytes)), None);
    drop(ingest);
    assert!(fixture.temporary().is_empty());
    assert!(names(&fixture.path("pkgs")).is_empty());
}

/// W3. A record with a right MD5 and a wrong SHA-256 is refused.
#[test]
fn cep32_29_sha256_is_checked_before_md5() {
    let fixture = Fixture::new();
    let (right, wrong) = (digests(&content(1)), digests(&content(2)));
    let cases = [
        (Some(wrong.sha256), right.md5, false),
        (None, wrong.md5, false),
        (Some(right.sha256), wrong.md5, true),
        (Some(right.sha256), right.md5, true),
        (None, right.md5, true),
        (None, None, true),
    ];
    for (sha256, md5, accepted) in cases {
        let expected = Checksum::strongest(sha256, md5);
        let result = put(&fixture.store, &content(1), expected);
        assert_eq!(result.is_ok(), accepted, "{expected:?}");
        if let Err(IngestError::Mismatch {
            expected: named,
            found,
            size,
        }) = result
        {
            assert_eq!(Some(named), expected);
            assert_ne!(named, found);
            assert_eq!(size, content(1).len() as u64);
        }
        assert!(fixture.temporary().is_empty());
    }
}

/// W3: what is refused leaves neither object nor index.
#[test]
fn wrong_bytes_leave_nothing() {
    let fixture = Fixture::new();
    for checksum in [sha256(&content(1)), md5(&content(1))] {
        let error = put(&fixture.store, &content(2), Some(checksum)).unwrap_err();
        assert!(matches!(error, IngestError::Mismatch { .. }));
        assert!(error.to_string().contains(&checksum.to_string()), "{error}");
        assert_eq!(find(&fixture.store, checksum), None);
    }
    assert!(fixture.temporary().is_empty());
    assert!(names(&fixture.path("pkgs")).is_empty());
    assert!(names(&fixture.path("md5")).is_empty());
}

/// W3: a server that answers with nothing does not make an object, even if nothing is promised.
#[test]
fn no_bytes_are_no_object() {
    let fixture = Fixture::new();
    for expected in [None, Some(sha256(b"")), Some(md5(b""))] {
        let error = put(&fixture.store, b"", expected).unwrap_err();
        assert!(matches!(error, IngestError::Empty { .. }));
    }
    assert!(fixture.temporary().is_empty());
}

/// W4.
#[test]
fn an_object_is_read_only() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    assert!(fs::metadata(&object.path).unwrap().permissions().readonly());
}

/// W4: who may read it is for the umask and the directory to say.
#[cfg(unix)]
#[test]
fn an_object_may_be_read_by_whom_the_umask_admits() {
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    let plain = fixture.beside("plain");
    fs::write(&plain, "").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&object.path), mode(&plain) & 0o444);
}

/// W6: two writers of one object both succeed, and the first one's file stays.
#[test]
fn a_whole_object_is_never_replaced() {
    let fixture = Fixture::new();
    let bytes = content(1);
    let mut first = fixture.store.ingest(ObjectKind::Conda, None).unwrap();
    let mut second = fixture.store.ingest(ObjectKind::Conda, None).unwrap();
    first.write_all(&bytes).unwrap();
    second.write_all(&bytes).unwrap();
    let placed = first.finish().unwrap();
    let open = fixture.store.open_verified(&placed).unwrap();
    let modified = open.file.metadata().unwrap().modified().unwrap();
    larder_fs::make_writable(&placed.path).unwrap();
    assert_eq!(second.finish().unwrap(), placed);
    let metadata = fs::metadata(&placed.path).unwrap();
    assert_eq!(metadata.modified().unwrap(), modified);
    assert!(!metadata.permissions().readonly(), "it is the first file");
    assert!(fixture.temporary().is_empty());
}

/// W6: a damaged object is moved aside by who writes it anew.
#[test]
fn a_damaged_object_is_healed_by_writing_it() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    flip_a_bit(&object.path);
    let damaged = fs::read(&object.path).unwrap();
    assert_eq!(put_content(&fixture.store, 1), object);
    assert_eq!(bytes_of(&fixture.store, &object), content(1));
    let aside = names(&fixture.path("tmp"));
    assert_eq!(aside.len(), 1);
    assert!(aside[0].starts_with("damaged-") && aside[0].ends_with(".conda"));
    let kept = fs::read(fixture.path("tmp").join(&aside[0])).unwrap();
    assert_eq!(kept, damaged);
}

/// W8, L4.
#[test]
fn an_object_is_found_by_md5_if_it_was_asked_for_by_md5() {
    let fixture = Fixture::new();
    let (known, unknown) = (content(1), content(2));
    let object = put(&fixture.store, &known, Some(md5(&known))).unwrap();
    put(&fixture.store, &unknown, Some(sha256(&unknown))).unwrap();
    assert_eq!(find(&fixture.store, md5(&known)), Some(object.clone()));
    assert_eq!(find(&fixture.store, sha256(&known)), Some(object));
    assert_eq!(find(&fixture.store, md5(&unknown)), None);
    let other_kind = fixture.store.find(ObjectKind::TarBz2, &md5(&known));
    assert_eq!(other_kind.unwrap(), None);
}

/// Channels may use one file name for different bytes: the store keeps both, by digest. The file
/// name stays in the record, which is not the store's business.
#[test]
fn cep32_30_one_file_name_with_two_contents_is_two_objects() {
    let fixture = Fixture::new();
    let (one, other) = (
        put_content(&fixture.store, 1),
        put_content(&fixture.store, 2),
    );
    assert_ne!(one.path, other.path);
    assert_eq!(bytes_of(&fixture.store, &one), content(1));
    assert_eq!(bytes_of(&fixture.store, &other), content(2));
}

#[test]
fn directories_that_vanished_are_made_again() {
    let fixture = Fixture::new();
    fs::remove_dir(fixture.path("tmp")).unwrap();
    fs::remove_dir(fixture.path("pkgs")).unwrap();
    fs::remove_dir(fixture.path("md5")).unwrap();
    let bytes = content(1);
    put(&fixture.store, &bytes, Some(md5(&bytes))).unwrap();
    let again = Store::open(fixture.store.root(), &crate::support::lazy()).unwrap();
    assert!(find(&again, md5(&bytes)).is_some());
}
