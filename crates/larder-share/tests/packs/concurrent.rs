//! Several jobs at once, and a service that drops entries.

use std::sync::Arc;

use futures::future::join_all;

use crate::{
    service::Service,
    team::{Objects, of_run, restore, save},
};

const MAIN: &[&str] = &["main"];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn jobs_that_save_at_once_lose_nothing() {
    for round in 0..10 {
        let service = Service::new();
        let loads: Vec<Objects> = (0..4)
            .map(|job| Objects::of(&[("shared", 5_000), (&format!("{round}-{job}"), 7_000)]))
            .collect();
        let saves = loads.iter().map(|objects| {
            let service = Arc::clone(&service);
            async move {
                save(&of_run(service.run(MAIN), MAIN), objects)
                    .await
                    .unwrap()
            }
        });
        join_all(saves).await;
        // What one index hides, the next save of the same brings to light, or sends once more.
        for objects in &loads {
            save(&of_run(service.run(MAIN), MAIN), objects)
                .await
                .unwrap();
        }
        assert!(service.entries("/p/").len() <= 8);
        for objects in &loads {
            let restored = restore(&of_run(service.run(MAIN), MAIN), &objects.ids()).await;
            assert_eq!(restored.whole.len(), 2, "{restored:?}");
        }
    }
}

#[tokio::test]
async fn an_index_that_hides_another_is_merged_by_who_was_first() {
    let service = Service::new();
    let (one, two) = (Objects::of(&[("a", 100)]), Objects::of(&[("b", 100)]));
    // The second looks before the first saves, and saves after it.
    let second = of_run(service.run(MAIN), MAIN);
    assert_eq!(restore(&second, &two.ids()).await.missing.len(), 1);
    save(&of_run(service.run(MAIN), MAIN), &one).await.unwrap();
    save(&second, &two).await.unwrap();
    let all: Vec<_> = one.ids().into_iter().chain(two.ids()).collect();
    let restored = restore(&of_run(service.run(MAIN), MAIN), &all).await;
    assert_eq!(restored.whole.len(), 2);
}

#[tokio::test]
async fn a_pack_that_was_evicted_is_missing_and_saved_again() {
    let service = Service::new();
    let (old, new) = (
        Objects::of(&[("a", 100)]),
        Objects::of(&[("a", 100), ("b", 100)]),
    );
    save(&of_run(service.run(MAIN), MAIN), &old).await.unwrap();
    save(&of_run(service.run(MAIN), MAIN), &new).await.unwrap();
    let packs = service.entries("/p/");
    assert_eq!(packs.len(), 2);
    service.evict(&packs[0]);

    let run = service.run(MAIN);
    let shelf = of_run(Arc::<_>::clone(&run) as _, MAIN);
    let restored = restore(&shelf, &new.ids()).await;
    assert_eq!((restored.whole.len(), restored.missing.len()), (1, 1));
    assert_eq!(restored.said, Vec::<String>::new());
    let put = save(&shelf, &new).await.unwrap();
    assert_eq!((put.sent.len(), put.present.len()), (1, 1));
    let restored = restore(&of_run(service.run(MAIN), MAIN), &new.ids()).await;
    assert_eq!(restored.whole.len(), 2);
}

#[tokio::test]
async fn without_any_index_everything_is_missing() {
    let service = Service::new();
    let objects = Objects::of(&[("a", 100), ("b", 100)]);
    save(&of_run(service.run(MAIN), MAIN), &objects)
        .await
        .unwrap();
    for index in service.entries("/i/") {
        service.evict(&index);
    }
    let run = service.run(MAIN);
    let shelf = of_run(Arc::<_>::clone(&run) as _, MAIN);
    assert_eq!(restore(&shelf, &objects.ids()).await.missing.len(), 2);
    save(&shelf, &objects).await.unwrap();
    // The pack was there, under the name that its members give it.
    let (_, _, up) = run.cost();
    assert!(up < 1_000, "{up}");
    let restored = restore(&of_run(service.run(MAIN), MAIN), &objects.ids()).await;
    assert_eq!(restored.whole.len(), 2);
}
