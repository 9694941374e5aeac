//! A team shares: main saves, a branch restores.

use std::sync::Arc;

use larder_digest::Sha256;
use larder_remote::{Directory, OpenOptions, Remote};
use larder_share::{Note, NoteKind, NoteName, Shelf as _, packs::PackScopes, shelf_in};

use crate::{
    service::Service,
    team::{Objects, Saved, object, of_run, packs, restore, save, save_as},
};

const BASE: &[(&str, usize)] = &[
    ("python", 3_000_000),
    ("numpy", 800_000),
    ("pip", 40_000),
    ("zlib", 7_000),
    ("tzdata", 12_000),
];

const BOTH: &[&str] = &["topic", "main"];

#[tokio::test]
async fn one_package_differs_and_only_it_moves() {
    let service = Service::new();
    let main = service.run(&["main"]);
    let base = Objects::of(BASE);
    let saved = save(&of_run(Arc::<_>::clone(&main) as _, &["main"]), &base)
        .await
        .unwrap();
    assert_eq!((saved.sent.len(), saved.present.len()), (5, 0));
    let (_, _, up) = main.cost();
    let overhead = up - base.bytes();
    assert!(overhead < 4_000, "{overhead}");
    assert_eq!(service.entries("").len(), 2, "a pack and an index");

    let topic = service.run(BOTH);
    let mut changed = BASE.to_vec();
    changed[1] = ("numpy2", 900_000);
    let changed = Objects::of(&changed);
    let shelf = of_run(Arc::<_>::clone(&topic) as _, BOTH);
    let restored = restore(&shelf, &changed.ids()).await;
    assert_eq!(restored.whole.len(), 4);
    assert_eq!(restored.missing, [object("numpy2", 900_000).0].into());
    let (requests, down, _) = topic.cost();
    // Two look-ups, main's index, and the pack around the package that is not wanted.
    assert_eq!(requests, 4);
    let wanted = base.bytes();
    assert!(down <= wanted + 2_000, "{down} {wanted}");

    let saved = save(&shelf, &changed).await.unwrap();
    assert_eq!((saved.sent.len(), saved.present.len()), (1, 4));
    let (requests, _, up) = topic.cost();
    assert!((900_000..902_000).contains(&up), "{up}");
    // Looks twice and reads main's index; sends a pack; looks, sends an index, looks and reads it.
    assert!(requests <= 8, "{requests}");

    let again = service.run(BOTH);
    let shelf = of_run(Arc::<_>::clone(&again) as _, BOTH);
    let restored = restore(&shelf, &changed.ids()).await;
    assert_eq!(restored.whole.len(), 5);
    let saved = save(&shelf, &changed).await.unwrap();
    assert_eq!((saved.sent.len(), again.cost().2), (0, 0), "nothing is new");
}

#[tokio::test]
async fn nobody_reads_what_a_branch_saves_but_the_branch() {
    let service = Service::new();
    let objects = Objects::of(BASE);
    save(&of_run(service.run(BOTH), BOTH), &objects)
        .await
        .unwrap();
    for (scopes, found) in [
        (&["main"][..], 0),
        (&["other", "main"], 0),
        (&["topic", "main"], 5),
    ] {
        let restored = restore(&of_run(service.run(scopes), scopes), &objects.ids()).await;
        assert_eq!(restored.whole.len(), found, "{scopes:?}");
        assert_eq!(restored.said, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_run_that_may_only_read_reads() {
    let service = Service::new();
    let objects = Objects::of(BASE);
    save(&of_run(service.run(&["main"]), &["main"]), &objects)
        .await
        .unwrap();
    let fork = packs(
        service.run(&["fork", "main"]),
        PackScopes::of(["main"], None),
    );
    assert_eq!(restore(&fork, &objects.ids()).await.whole.len(), 5);
    let refused = save(&fork, &objects).await.unwrap_err();
    assert!(refused.is_forbidden(), "{refused}");
}

#[tokio::test]
async fn where_names_alone_make_scopes_they_are_kept_as_well() {
    let place = tempfile::tempdir().unwrap();
    let remote: Arc<dyn Remote> = Arc::new(Directory::new(place.path()));
    let objects = Objects::of(BASE);
    save(&of_run(Arc::clone(&remote), BOTH), &objects)
        .await
        .unwrap();
    let main = restore(&of_run(Arc::clone(&remote), &["main"]), &objects.ids()).await;
    assert_eq!(main.missing.len(), 5);
    let topic = restore(&of_run(remote, BOTH), &objects.ids()).await;
    assert_eq!(topic.whole.len(), 5);
}

#[tokio::test]
async fn a_url_says_that_a_directory_has_packs() {
    let place = tempfile::tempdir().unwrap();
    let url = format!("file://{}?layout=packs", place.path().display());
    let remote = Arc::new(Directory::new(place.path()));
    let objects = Objects::of(BASE);
    save(&packs(remote, PackScopes::shared()), &objects)
        .await
        .unwrap();
    let shelf = shelf_in(&url, &OpenOptions::default(), &PackScopes::shared()).unwrap();
    assert_eq!(shelf.list().await.unwrap().len(), 5);
    assert_eq!(shelf.find(&objects.ids()).await.unwrap().len(), 5);
    let python = object("python", 3_000_000);
    let bytes = shelf.open(python.0).await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes, python.1);
}

#[tokio::test]
async fn notes_travel_and_the_last_one_counts() {
    let service = Service::new();
    let name = NoteName {
        kind: NoteKind::Memo,
        key: Sha256::from_bytes([7; 32]),
    };
    for text in ["old", "new"] {
        let note = Note {
            name,
            bytes: text.as_bytes().to_vec(),
        };
        let saved = Saved {
            notes: vec![note],
            ..Saved::default()
        };
        let shelf = of_run(service.run(&["main"]), &["main"]);
        let put = save_as(&shelf, &Objects::of(BASE), saved).await.unwrap();
        assert_eq!(put.notes, 1);
        let shelf = of_run(service.run(BOTH), BOTH);
        assert_eq!(shelf.note(&name).await.unwrap().unwrap(), text.as_bytes());
    }
    let other = NoteName {
        key: Sha256::from_bytes([8; 32]),
        ..name
    };
    let shelf = of_run(service.run(BOTH), BOTH);
    assert_eq!(shelf.note(&other).await.unwrap(), None);
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_sent_and_sends_nothing() {
    let service = Service::new();
    let run = service.run(&["main"]);
    let shelf = of_run(Arc::<_>::clone(&run) as _, &["main"]);
    let dry = Saved {
        dry_run: true,
        ..Saved::default()
    };
    let put = save_as(&shelf, &Objects::of(BASE), dry).await.unwrap();
    assert_eq!((put.sent.len(), run.cost().2), (5, 0));
    assert!(service.entries("").is_empty());
}

#[tokio::test]
async fn what_is_damaged_here_is_left_out_and_named() {
    let service = Service::new();
    let mut objects = Objects::of(BASE);
    let (bad, _) = object("numpy", 800_000);
    objects.damage(bad);
    let shelf = of_run(service.run(&["main"]), &["main"]);
    let put = save(&shelf, &objects).await.unwrap();
    assert_eq!((put.sent.len(), put.unsent.len()), (4, 1));
    assert_eq!(put.unsent[0].id, bad);
    let restored = restore(&of_run(service.run(BOTH), BOTH), &objects.ids()).await;
    assert_eq!((restored.whole.len(), restored.missing.len()), (4, 1));
}
