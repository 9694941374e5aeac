//! One object of the remote for each of the store.

use std::fs;

use larder_remote::{ObjectName, whole};
use larder_share::{Load, Note, NoteKind, NoteName, Shelf as _, StoreSource};
use larder_store::ObjectKind;

use crate::support::{LIMITS, NONE, bytes, is_whole, keep, push, sha256, shelf, store};

#[tokio::test]
async fn what_is_missing_is_sent_and_nothing_else() {
    let room = tempfile::tempdir().unwrap();
    let store = store(&room.path().join("store"));
    let (remote, shelf) = shelf(&room.path().join("remote"));
    let large = vec![7; 3 << 20];
    let one = keep(&store, ObjectKind::Conda, &large);
    let two = keep(&store, ObjectKind::Wheel, b"a wheel");
    let three = keep(&store, ObjectKind::TarBz2, b"an old one");
    let first = push(&shelf, &store, (&[one, two], &[])).await;
    assert_eq!((first.sent.len(), first.present.len()), (2, 0));
    let second = push(&shelf, &store, (&[one, two, three], &[])).await;
    assert_eq!((second.sent, second.present.len()), (vec![three], 2));

    let names: Vec<String> = remote
        .list("store1/pkgs/")
        .await
        .unwrap()
        .iter()
        .map(|info| info.name.to_string())
        .collect();
    let digits = &one.id.sha256.to_hex()[..2];
    assert!(
        names.contains(&format!("store1/pkgs/{digits}/{}.conda", one.id.sha256)),
        "{names:?}"
    );
    assert_eq!(bytes(&shelf, one.id).await, large);
    assert_eq!(shelf.list().await.unwrap().len(), 3);
    let found = shelf.find(&[one.id, three.id]).await.unwrap();
    assert_eq!(found[&one.id], one.size);
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_says_what_it_would() {
    let room = tempfile::tempdir().unwrap();
    let store = store(&room.path().join("store"));
    let (_, shelf) = shelf(&room.path().join("remote"));
    let one = keep(&store, ObjectKind::Conda, b"one");
    let load = Load {
        objects: &[one],
        notes: &[],
        root: Some("test"),
        damaged: &NONE,
        source: &StoreSource::new(&store),
        limits: &LIMITS,
        told: &|_| panic!("nothing leaves"),
        dry_run: true,
    };
    assert_eq!(shelf.put(&load).await.unwrap().sent, [one]);
    assert!(!room.path().join("remote").exists());
}

#[tokio::test]
async fn a_damaged_object_is_not_spread_and_is_moved_aside() {
    let room = tempfile::tempdir().unwrap();
    let store = store(&room.path().join("store"));
    let (_, shelf) = shelf(&room.path().join("remote"));
    // More than one piece: what is wrong is known at the end.
    let mut content = vec![1; (2 << 20) + 5];
    let one = keep(&store, ObjectKind::Conda, &content);
    let two = keep(&store, ObjectKind::Conda, b"two");
    let path = store.object_path(one.id);
    content[9] = 2;
    fs::remove_file(&path).unwrap();
    fs::write(&path, &content).unwrap();

    let put = push(&shelf, &store, (&[one, two], &[])).await;
    assert_eq!(put.sent, [two]);
    assert_eq!(put.unsent.len(), 1);
    assert!(put.unsent[0].reason.contains("damaged"), "{:?}", put.unsent);
    assert!(!path.exists(), "it is moved aside");
    assert_eq!(shelf.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_object_of_another_size_there_is_replaced() {
    let room = tempfile::tempdir().unwrap();
    let store = store(&room.path().join("store"));
    let (remote, shelf) = shelf(&room.path().join("remote"));
    let one = keep(&store, ObjectKind::Conda, b"all of it");
    let digits = &one.id.sha256.to_hex()[..2];
    let name = ObjectName::new(format!("store1/pkgs/{digits}/{}", one.id)).unwrap();
    remote.create_if_absent(&name, whole("half")).await.unwrap();
    let put = push(&shelf, &store, (&[one], &[])).await;
    assert_eq!((put.sent, put.mended), (vec![one], vec![one.id]));
    assert_eq!(bytes(&shelf, one.id).await, b"all of it");
}

#[tokio::test]
async fn notes_are_replaced_and_read_back() {
    let room = tempfile::tempdir().unwrap();
    let store = store(&room.path().join("store"));
    let (_, shelf) = shelf(&room.path().join("remote"));
    let name = NoteName {
        kind: NoteKind::Memo,
        key: sha256(b"a question"),
    };
    assert_eq!(shelf.note(&name).await.unwrap(), None);
    for answer in ["one", "another"] {
        let note = Note {
            name,
            bytes: answer.into(),
        };
        assert_eq!(push(&shelf, &store, (&[], &[note])).await.notes, 1);
        assert_eq!(shelf.note(&name).await.unwrap().unwrap(), answer.as_bytes());
    }
}

#[tokio::test]
async fn pushes_of_one_store_at_once_leave_whole_objects() {
    let room = tempfile::tempdir().unwrap();
    let store = store(&room.path().join("store"));
    let (_, shelf) = shelf(&room.path().join("remote"));
    let objects: Vec<_> = (0..12_u8)
        .map(|number| keep(&store, ObjectKind::Conda, &vec![number; 40_000]))
        .collect();
    let pushes = (0..6).map(|_| push(&shelf, &store, (&objects, &[])));
    for put in futures::future::join_all(pushes).await {
        assert_eq!(put.sent.len() + put.present.len(), 12);
    }
    for weighed in &objects {
        assert_eq!(sha256(&bytes(&shelf, weighed.id).await), weighed.id.sha256);
        assert!(is_whole(&store, weighed.id));
    }
}
