//! What a fetch does when nothing goes wrong.

use larder_digest::Checksum;
use larder_event::{ArchiveSource, Event, Phase, Reporter};
use larder_fetch::{MirrorMap, plan, run};
use larder_store::ObjectKind;
use larder_testkit::{Fault, Format, Server};

use crate::support::{World, closure, locked, network, options};

#[tokio::test]
async fn the_second_run_needs_no_server() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let big = world.publish("big", 700_000);
    let small = world.publish_as("small", 900, Format::TarBz2);
    let closure = closure(vec![
        locked(&big, &server.url()),
        locked(&small, &server.url()),
    ]);
    let network = network();
    let options = options(&network);

    let first = world.fetch(&closure, &options).await.unwrap();
    assert_eq!((first.reused, first.fetched, first.bytes), (0, 2, 700_900));
    assert_eq!(server.requests().len(), 2);
    server.shutdown();
    let second = world.fetch(&closure, &options).await.unwrap();
    assert_eq!((second.reused, second.fetched, second.bytes), (2, 0, 0));
    assert_eq!(second.objects, first.objects);
    assert_eq!(
        std::fs::read(&first.objects["big"].path).unwrap(),
        big.bytes
    );
    assert_eq!(first.objects["small"].id.kind, ObjectKind::TarBz2);
    assert_eq!(world.leftovers().len(), 0);
}

#[tokio::test]
async fn events_tell_every_byte_and_every_package_once() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("big", 1_000_000);
    let closure = closure(vec![locked(&package, &server.url())]);
    let network = network();
    world.fetch(&closure, &options(&network)).await.unwrap();

    let events = world.recorder.events();
    let mut progressed = 0;
    let mut steps = 0;
    let mut rest = Vec::new();
    for event in events {
        match event {
            Event::FetchProgressed { package, bytes } => {
                assert_eq!(package, "big-1.0-0");
                progressed += bytes;
                steps += 1;
            }
            Event::PhaseFinished { phase, .. } => assert_eq!(phase, Phase::Fetch),
            other => rest.push(other),
        }
    }
    assert_eq!(progressed, 1_000_000);
    assert!((2..=4).contains(&steps), "{steps} events for 1 MB");
    let (package, bytes, total) = ("big-1.0-0".to_owned(), 1_000_000, 1);
    assert_eq!(
        rest,
        [
            Event::PhaseStarted {
                phase: Phase::Fetch,
                total,
                bytes
            },
            Event::FetchStarted {
                package: package.clone(),
                bytes: Some(bytes)
            },
            Event::Fetched {
                package,
                bytes,
                source: ArchiveSource::Channel
            },
        ]
    );
}

#[tokio::test]
async fn the_plan_says_what_is_there_and_what_will_come_the_largest_first() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let packages: Vec<_> = [("a", 100), ("b", 5000), ("c", 300), ("d", 5000)]
        .map(|(name, size)| world.publish(name, size))
        .into();
    let url = server.url();
    let network = network();
    let options = options(&network);
    let only_c = closure(vec![locked(&packages[2], &url)]);
    world.fetch(&only_c, &options).await.unwrap();
    server.clear_requests();

    let all = closure(
        packages
            .iter()
            .map(|package| locked(package, &url))
            .collect(),
    );
    let plan = plan(&all, &world.store, &MirrorMap::default()).unwrap();
    let missing: Vec<_> = plan
        .missing
        .iter()
        .map(|missing| missing.package.as_str())
        .collect();
    assert_eq!(missing, ["b-1.0-0", "d-1.0-0", "a-1.0-0"]);
    assert_eq!(plan.present[0].package, "c-1.0-0");
    assert_eq!(plan.bytes(), 10_100);
    assert_eq!(
        plan.missing[2].urls[0].as_str(),
        format!("{url}/linux-64/a-1.0-0.conda")
    );
    assert_eq!(
        plan.missing[2].checksum,
        Some(Checksum::Sha256(packages[0].sha256.parse().unwrap()))
    );
    assert_eq!(server.requests().len(), 0, "a plan asks nobody");

    let one_at_a_time = larder_fetch::FetchOptions {
        concurrency: 0,
        ..options
    };
    let summary = run(&plan, &world.store, &one_at_a_time, &world.recorder)
        .await
        .unwrap();
    assert_eq!((summary.reused, summary.fetched), (1, 3));
    let asked: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.path.clone())
        .collect();
    let expected = ["b", "d", "a"].map(|name| format!("/linux-64/{name}-1.0-0.conda"));
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("slow", 4000);
    server.fault("", Fault::Latency(std::time::Duration::from_millis(20)));
    server.fault(
        "",
        Fault::Bandwidth {
            bytes_per_second: 40_000,
        },
    );
    let closure = closure(vec![locked(&package, &server.url())]);
    let network = network();
    assert_eq!(
        world
            .fetch(&closure, &options(&network))
            .await
            .unwrap()
            .fetched,
        1
    );
    assert_eq!(world.retries(), [""; 0]);
}

/// Says when the first bytes have come.
#[derive(Default)]
struct FirstBytes(tokio::sync::Notify);

impl Reporter for FirstBytes {
    fn event(&self, event: &Event) {
        if matches!(event, Event::FetchProgressed { .. }) {
            self.0.notify_one();
        }
    }
}

#[test]
fn a_fetch_that_is_dropped_leaves_nothing_behind() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("endless", 2_000_000);
    server.fault(
        "",
        Fault::Bandwidth {
            bytes_per_second: 1_500_000,
        },
    );
    let closure = closure(vec![locked(&package, &server.url())]);
    let network = network();
    let options = options(&network);
    let reporter = FirstBytes::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::select! {
            done = larder_fetch::fetch(&closure, &world.store, &options, &reporter) => {
                assert!(done.is_err(), "the server is slower than that");
            }
            () = reporter.0.notified() => {}
        }
    });
    // Waits for the thread that writes.
    drop(runtime);
    assert_eq!(world.leftovers().len(), 0);
    assert_eq!(world.objects(), [""; 0]);
}

#[test]
fn a_fetch_can_run_on_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    let world = World::new();
    let network = network();
    let options = options(&network);
    is_send(&world.fetch(&closure(vec![]), &options));
}
