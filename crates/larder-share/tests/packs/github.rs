//! The same over GitHub's own protocol, against the testkit's service.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use larder_remote::{OpenOptions, Remote, open};
use larder_testkit::{GhacServer, ghac_token};

use crate::team::{Objects, of_run, restore, save};

const MAIN: &[&str] = &["refs/heads/main"];
const TOPIC: &[&str] = &["refs/heads/topic", "refs/heads/main"];

fn remote(server: &GhacServer, scopes: &[&str]) -> Arc<dyn Remote> {
    let granted: Vec<(&str, &str)> = scopes
        .iter()
        .enumerate()
        .map(|(place, scope)| (*scope, if place == 0 { "rw" } else { "r" }))
        .collect();
    let variables: BTreeMap<_, _> = server
        .variables(&ghac_token(&granted))
        .into_iter()
        .collect();
    let options = OpenOptions {
        variables,
        ..OpenOptions::default()
    };
    open("ghac:", &options).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_moves_only_what_main_has_not() {
    let server = GhacServer::start();
    let base = Objects::of(&[("python", 2_000_000), ("numpy", 300_000), ("pip", 20_000)]);
    save(&of_run(remote(&server, MAIN), MAIN), &base)
        .await
        .unwrap();
    assert_eq!(server.entries().len(), 2);

    let changed = Objects::of(&[("python", 2_000_000), ("numpy2", 310_000), ("pip", 20_000)]);
    let shelf = of_run(remote(&server, TOPIC), TOPIC);
    let restored = restore(&shelf, &changed.ids()).await;
    assert_eq!((restored.whole.len(), restored.missing.len()), (2, 1));
    save(&shelf, &changed).await.unwrap();
    let entries = server.entries();
    let topic: u64 = entries
        .iter()
        .filter(|entry| entry.scope == "refs/heads/topic")
        .map(|entry| entry.size)
        .sum();
    assert!((310_000..312_000).contains(&topic), "{topic}");
    let restored = restore(&of_run(remote(&server, TOPIC), TOPIC), &changed.ids()).await;
    assert_eq!(restored.whole.len(), 3);
    let restored = restore(&of_run(remote(&server, MAIN), MAIN), &changed.ids()).await;
    assert_eq!(restored.whole.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_used_for_a_week_is_gone_and_no_error() {
    let server = GhacServer::start();
    let objects = Objects::of(&[("python", 200_000), ("pip", 20_000)]);
    save(&of_run(remote(&server, MAIN), MAIN), &objects)
        .await
        .unwrap();
    server.advance(Duration::from_secs(8 * 24 * 60 * 60));
    let shelf = of_run(remote(&server, MAIN), MAIN);
    let restored = restore(&shelf, &objects.ids()).await;
    assert_eq!((restored.missing.len(), restored.said.len()), (2, 0));
    save(&shelf, &objects).await.unwrap();
    let restored = restore(&of_run(remote(&server, MAIN), MAIN), &objects.ids()).await;
    assert_eq!(restored.whole.len(), 2);
}
