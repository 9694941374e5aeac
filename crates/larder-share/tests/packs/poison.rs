//! Somebody changes what is on the remote: found, named, and mended by the next save.

use std::{fs, path::Path, sync::Arc};

use larder_digest::Sha256;
use larder_share::{Note, NoteKind, NoteName, Shelf as _};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::runtime::Runtime;

use crate::{
    service::Service,
    team::{Objects, Saved, of_run, restore, save, save_as},
};

const MAIN: &[&str] = &["main"];

fn flip(file: &Path, at: usize, change: u8) {
    let mut bytes = fs::read(file).unwrap();
    let at = at % bytes.len();
    bytes[at] ^= change;
    // It is read-only.
    fs::remove_file(file).unwrap();
    fs::write(file, bytes).unwrap();
}

/// Any byte of any entry.
#[test]
fn no_byte_can_be_changed_unnoticed() {
    let runtime = Runtime::new().unwrap();
    let config = ProptestConfig::with_cases(64);
    let strategy = (any::<usize>(), any::<usize>(), 1u8..);
    let checked = TestRunner::new(config).run(&strategy, |(entry, at, change)| {
        runtime.block_on(check(entry, at, change));
        Ok(())
    });
    checked.unwrap();
}

async fn check(entry: usize, at: usize, change: u8) {
    let service = Service::new();
    let (some, all) = (
        Objects::of(&[("a", 300), ("b", 200)]),
        Objects::of(&[("a", 300), ("b", 200), ("c", 100)]),
    );
    save(&of_run(service.run(MAIN), MAIN), &some).await.unwrap();
    let note = Note {
        name: NoteName {
            kind: NoteKind::Memo,
            key: Sha256::from_bytes([7; 32]),
        },
        bytes: b"a remembered solve".to_vec(),
    };
    let noted = Saved {
        notes: vec![note.clone()],
        ..Saved::default()
    };
    let first = of_run(service.run(MAIN), MAIN);
    save_as(&first, &all, noted).await.unwrap();
    let entries = service.entries("");
    flip(&entries[entry % entries.len()], at, change);

    let shelf = of_run(service.run(MAIN), MAIN);
    let restored = restore(&shelf, &all.ids()).await;
    // Nothing that is taken for right is wrong: restore hashes as every reader does.
    let count = restored.whole.len() + restored.missing.len() + restored.damaged.len();
    assert_eq!(count, 3, "{restored:?}");
    if !restored.missing.is_empty() {
        assert!(restored.said[0].contains("packs1/"), "named: {restored:?}");
    }
    if let Ok(Some(bytes)) = shelf.note(&note.name).await {
        assert_eq!(bytes, note.bytes);
    }
    let again = Saved {
        damaged: restored.damaged.clone(),
        ..Saved::default()
    };
    let put = save_as(&shelf, &all, again).await.unwrap();
    assert_eq!(put.mended.len(), restored.damaged.len());
    let restored = restore(&of_run(service.run(MAIN), MAIN), &all.ids()).await;
    assert_eq!(restored.whole.len(), 3, "{restored:?}");
}

#[tokio::test]
async fn a_damaged_index_is_named_and_main_s_is_used() {
    let service = Service::new();
    let (base, more) = (
        Objects::of(&[("a", 100)]),
        Objects::of(&[("a", 100), ("b", 100)]),
    );
    save(&of_run(service.run(MAIN), MAIN), &base).await.unwrap();
    let both = &["topic", "main"];
    save(&of_run(service.run(both), both), &more).await.unwrap();
    let index = service
        .entries("topic/packs1")
        .into_iter()
        .find(|path| path.to_string_lossy().contains("/i/"));
    flip(&index.unwrap(), 50, 1);
    let restored = restore(&of_run(service.run(both), both), &more.ids()).await;
    assert_eq!((restored.whole.len(), restored.missing.len()), (1, 1));
    assert_eq!(restored.said.len(), 1, "{restored:?}");
    assert!(restored.said[0].contains("/i/") && restored.said[0].contains("damaged"));
}

#[tokio::test]
async fn a_pack_that_is_all_damaged_gets_another_name() {
    let service = Service::new();
    let objects = Objects::of(&[("a", 300)]);
    save(&of_run(service.run(MAIN), MAIN), &objects)
        .await
        .unwrap();
    let pack = service.entries("/p/")[0].clone();
    let length = fs::metadata(&pack).unwrap().len() as usize;
    flip(&pack, length - 1, 1);
    let run = service.run(MAIN);
    let shelf = of_run(Arc::<_>::clone(&run) as _, MAIN);
    let restored = restore(&shelf, &objects.ids()).await;
    assert_eq!(restored.damaged.len(), 1);
    let damaged = Saved {
        damaged: restored.damaged,
        ..Saved::default()
    };
    let put = save_as(&shelf, &objects, damaged).await.unwrap();
    assert_eq!((put.sent.len(), put.mended.len()), (1, 1));
    assert_eq!(service.entries("/p/").len(), 2);
    let restored = restore(&of_run(service.run(MAIN), MAIN), &objects.ids()).await;
    assert_eq!(restored.whole.len(), 1);
}
