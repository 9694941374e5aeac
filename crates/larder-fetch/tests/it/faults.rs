//! Servers that fail: what is tried again, what is not, and what is said and left behind.

use std::time::Duration;

use larder_fetch::{
    FetchError, FetchOptions, Network, NetworkOptions, PackageFailure, TransferError,
};
use larder_testkit::{Fault, Server};

use crate::support::{World, closure, locked, network, network_options, options, whole_text};

pub(crate) const SIZE: usize = 300_000;

fn failure(error: &FetchError) -> &PackageFailure {
    let first = match error {
        FetchError::Packages { first, .. } => Some(first),
        _ => None,
    };
    first.unwrap()
}

pub(crate) fn cause(error: &FetchError) -> &TransferError {
    &failure(error).cause
}

pub(crate) fn tries(error: &FetchError) -> u32 {
    failure(error).tries
}

/// Fetches one package of [`SIZE`] bytes from a server with this fault.
async fn with_fault(fault: Fault) -> (World, Server, Result<(), FetchError>) {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", SIZE);
    server.fault("a-1.0-0", fault);
    let closure = closure(vec![locked(&package, &server.url())]);
    let network = network();
    let result = world.fetch(&closure, &options(&network)).await.map(drop);
    assert_eq!(world.leftovers().len(), 0, "nothing half-written stays");
    (world, server, result)
}

async fn is_mended(fault: Fault, requests: usize) {
    let (world, server, result) = with_fault(fault.clone()).await;
    assert!(result.is_ok(), "{fault:?}: {result:?}");
    assert_eq!(server.requests().len(), requests, "{fault:?}");
    assert_eq!(world.retries().len(), requests - 1, "{fault:?}");
    assert_eq!(world.objects().len(), 1);
}

pub(crate) async fn fails(fault: Fault, code: &str, requests: usize) -> FetchError {
    let (world, server, result) = with_fault(fault.clone()).await;
    let error = result.unwrap_err();
    assert_eq!(error.code(), code, "{fault:?}: {error:?}");
    assert_eq!(server.requests().len(), requests, "{fault:?}");
    assert_eq!(tries(&error) as usize, requests);
    assert_eq!(world.objects().len(), 0);
    let text = whole_text(&error);
    assert!(
        text.contains("a-1.0-0") && text.contains(&server.url()),
        "{text}"
    );
    error
}

#[tokio::test]
async fn a_burst_of_5xx_passes() {
    for code in [408, 425, 500, 502, 503, 504] {
        is_mended(Fault::Status { code, times: 3 }, 4).await;
    }
}

#[tokio::test]
async fn too_many_requests_are_waited_out() {
    // With a real back-off this would be a minute: the wait is bounded by what the options allow.
    is_mended(
        Fault::RetryAfter {
            seconds: 3600,
            times: 2,
        },
        3,
    )
    .await;
}

#[tokio::test]
async fn a_cut_body_is_fetched_again() {
    is_mended(
        Fault::CutAfter {
            bytes: 100_000,
            times: 2,
        },
        3,
    )
    .await;
    is_mended(Fault::CutAfter { bytes: 0, times: 1 }, 2).await;
}

#[tokio::test]
async fn a_body_shorter_than_its_record_is_fetched_again() {
    is_mended(
        Fault::Truncated {
            bytes: 1000,
            times: 1,
        },
        2,
    )
    .await;
    is_mended(Fault::Truncated { bytes: 0, times: 1 }, 2).await;
}

#[tokio::test]
async fn wrong_bytes_are_fetched_once_more_past_caches() {
    let (world, server, result) = with_fault(Fault::WrongBytes { times: 1 }).await;
    result.unwrap();
    let requests = server.requests();
    let asked: Vec<_> = requests
        .iter()
        .map(|request| request.header("cache-control"))
        .collect();
    assert_eq!(asked, [None, Some("no-cache")]);
    assert!(
        world.retries()[0].contains("wrong content"),
        "{:?}",
        world.retries()
    );
}

#[tokio::test]
async fn wrong_bytes_twice_are_an_error_that_names_everything() {
    let error = fails(Fault::WrongBytes { times: 9 }, "fetch::hash-mismatch", 2).await;
    assert!(error.is_damage() && !error.is_temporary());
    let TransferError::HashMismatch {
        expected,
        found,
        size,
        ..
    } = cause(&error)
    else {
        panic!("{error:?}");
    };
    assert_eq!(*size, SIZE as u64);
    let text = cause(&error).to_string();
    for part in [
        expected.to_string(),
        found.to_string(),
        "(300000 bytes)".into(),
    ] {
        assert!(text.contains(&part), "{text}");
    }
}

#[tokio::test]
async fn what_does_not_pass_fails_after_all_tries() {
    let always = u32::MAX;
    for (fault, code) in [
        (
            Fault::Status {
                code: 503,
                times: always,
            },
            "fetch::status",
        ),
        (
            Fault::RetryAfter {
                seconds: 1,
                times: always,
            },
            "fetch::status",
        ),
        (
            Fault::CutAfter {
                bytes: 9,
                times: always,
            },
            "fetch::short-body",
        ),
        (
            Fault::Truncated {
                bytes: 9,
                times: always,
            },
            "fetch::short-body",
        ),
    ] {
        let error = fails(fault, code, 4).await;
        assert!(error.is_temporary() && !error.is_damage());
    }
}

#[tokio::test]
async fn what_is_final_is_asked_for_once() {
    for (status, code) in [
        (404, "fetch::not-found"),
        (410, "fetch::not-found"),
        (401, "fetch::unauthorized"),
        (403, "fetch::unauthorized"),
        (204, "fetch::status"),
        (400, "fetch::status"),
    ] {
        let error = fails(
            Fault::Status {
                code: status,
                times: 9,
            },
            code,
            1,
        )
        .await;
        assert!(!error.is_temporary());
        assert!(cause(&error).to_string().contains(&status.to_string()));
    }
}

#[tokio::test]
async fn a_dead_host_is_unreachable_and_that_may_pass() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", 100);
    let closure = closure(vec![locked(&package, &server.url())]);
    server.shutdown();
    let network = network();
    let error = world.fetch(&closure, &options(&network)).await.unwrap_err();
    assert_eq!((error.code(), tries(&error)), ("fetch::unreachable", 4));
    assert!(error.is_temporary());
    assert!(
        whole_text(&error).to_lowercase().contains("refused"),
        "{error:?}"
    );
}

#[tokio::test]
async fn silence_ends_with_a_time_out() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", 100);
    server.fault("", Fault::Latency(Duration::from_secs(600)));
    let closure = closure(vec![locked(&package, &server.url())]);
    let impatient = Network::new(&NetworkOptions {
        read_timeout: Duration::from_millis(30),
        ..network_options()
    })
    .unwrap();
    let error = world
        .fetch(&closure, &options(&impatient))
        .await
        .unwrap_err();
    assert_eq!((error.code(), tries(&error)), ("fetch::unreachable", 4));
    assert!(
        whole_text(&error).contains("timed out"),
        "{}",
        whole_text(&error)
    );
}

#[tokio::test]
async fn what_was_complete_stays_and_all_failures_are_told() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let url = server.url();
    let packages = [("bad", 100), ("good", 5000), ("worse", 200), ("fine", 6000)]
        .map(|(name, size)| world.publish(name, size));
    server.fault(
        "/bad-",
        Fault::Status {
            code: 503,
            times: 99,
        },
    );
    server.fault("/worse-", Fault::WrongBytes { times: 99 });
    let closure = closure(
        packages
            .iter()
            .map(|package| locked(package, &url))
            .collect(),
    );
    let network = network();
    let error = world.fetch(&closure, &options(&network)).await.unwrap_err();

    assert!(
        error
            .to_string()
            .starts_with("cannot fetch worse-1.0-0 and 1 more (bad-1.0-0)"),
        "{error}"
    );
    assert!(error.is_damage() && !error.is_temporary());
    assert_eq!(world.objects().len(), 2);
    assert_eq!(world.leftovers().len(), 0);
    server.clear_faults();
    let summary = world.fetch(&closure, &options(&network)).await.unwrap();
    assert_eq!((summary.reused, summary.fetched), (2, 2));
}

#[tokio::test]
async fn after_a_failure_nothing_more_is_begun() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let packages =
        [("a", 300), ("b", 200), ("c", 100)].map(|(name, size)| world.publish(name, size));
    server.fault(
        "/a-",
        Fault::Status {
            code: 404,
            times: 9,
        },
    );
    let url = server.url();
    let closure = closure(
        packages
            .iter()
            .map(|package| locked(package, &url))
            .collect(),
    );
    let network = network();
    let one_at_a_time = FetchOptions {
        concurrency: 1,
        ..options(&network)
    };
    let error = world.fetch(&closure, &one_at_a_time).await.unwrap_err();
    assert_eq!(server.requests().len(), 1);
    assert_eq!(
        error.to_string(),
        "cannot fetch a-1.0-0; 2 not tried after that"
    );
}
