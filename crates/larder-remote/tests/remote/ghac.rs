//! GitHub's cache service, against the testkit's.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use larder_remote::{
    Ghac, ObjectName, OpenOptions, Patience, Remote, RemoteError, Wanted, open, whole,
};
use larder_testkit::{Fault, GhacLimits, GhacOptions, GhacServer, ghac_token};

use crate::contract::{self, Abilities};

const MAIN: &[(&str, &str)] = &[("refs/heads/main", "rw")];
const TOPIC: &[(&str, &str)] = &[("refs/heads/topic", "rw"), ("refs/heads/main", "r")];

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn remote_with(
    server: &GhacServer,
    scopes: &[(&str, &str)],
    more: &[(&str, &str)],
) -> Arc<dyn Remote> {
    let mut variables: BTreeMap<_, _> = server.variables(&ghac_token(scopes)).into_iter().collect();
    for (name, value) in more {
        variables.insert((*name).to_owned(), (*value).to_owned());
    }
    let options = OpenOptions {
        variables,
        ..OpenOptions::default()
    };
    // As it is, without the patience that `open` adds.
    Arc::new(Ghac::new("ghac:", &options).unwrap())
}

fn remote(server: &GhacServer, scopes: &[(&str, &str)]) -> Arc<dyn Remote> {
    remote_with(server, scopes, &[])
}

fn with_api(server: &GhacServer, scopes: &[(&str, &str)]) -> Arc<dyn Remote> {
    remote_with(server, scopes, &[("GITHUB_TOKEN", GhacServer::API_TOKEN)])
}

async fn create(remote: &dyn Remote, text: &str, bytes: &'static [u8]) -> Result<u64, RemoteError> {
    remote.create_if_absent(&name(text), whole(bytes)).await
}

async fn read(remote: &dyn Remote, text: &str) -> Vec<u8> {
    let download = remote.get(&name(text), None).await.unwrap();
    download.bytes().await.unwrap()
}

async fn newest(remote: &dyn Remote, wanted: &[Wanted]) -> Option<String> {
    let found = remote.newest(wanted).await.unwrap();
    found.map(|object| object.name.to_string())
}

fn prefix(text: &str) -> Wanted {
    Wanted::Prefix(text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn githubs_service_keeps_the_contract() {
    let server = GhacServer::start();
    let abilities = Abilities {
        replaces: false,
        lists: false,
        deletes: false,
        notes_use: false,
        ..Abilities::ALL
    };
    contract::check(&*remote(&server, MAIN), "one", abilities).await;
    let server = GhacServer::start();
    let abilities = Abilities {
        lists: true,
        deletes: true,
        ..abilities
    };
    contract::check(&*with_api(&server, MAIN), "two", abilities).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_objects_go_in_blocks_and_come_in_ranges() {
    let server = GhacServer::start();
    let remote = remote(&server, MAIN);
    let bytes: Vec<u8> = (0..40_000_003_u32).map(|at| (at % 251) as u8).collect();
    let pieces: Vec<_> = bytes
        .chunks(1_000_000)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let body = stream::iter(pieces).boxed();
    let sent = remote.create_if_absent(&name("large"), body).await.unwrap();
    assert_eq!(sent, bytes.len() as u64);
    assert!(read(&*remote, "large").await == bytes);
    let asked = server.requests();
    let count = |part: &str| {
        asked
            .iter()
            .filter(|request| request.path.contains(part))
            .count()
    };
    assert_eq!((count("comp=block&"), count("comp=blocklist")), (10, 1));
    let ranges = asked.iter().filter(|request| request.status == 206).count();
    assert_eq!(ranges, 5);
    let part = remote
        .get(&name("large"), Some(9_000_000..30_000_000))
        .await;
    let part = part.unwrap().bytes().await.unwrap();
    assert!(part == bytes[9_000_000..30_000_000]);
}

#[tokio::test]
async fn a_run_reads_its_own_ref_first_and_writes_it_alone() {
    let server = GhacServer::start();
    let (main, topic) = (remote(&server, MAIN), remote(&server, TOPIC));
    create(&*main, "shared", b"of main").await.unwrap();
    assert_eq!(read(&*topic, "shared").await, b"of main");
    create(&*topic, "shared", b"of topic").await.unwrap();
    assert_eq!(read(&*topic, "shared").await, b"of topic");
    assert_eq!(read(&*main, "shared").await, b"of main");
    create(&*topic, "own", b"x").await.unwrap();
    assert!(main.stat(&name("own")).await.unwrap_err().is_not_found());
    // Both are listed, once, and both are removed.
    let api = with_api(&server, TOPIC);
    let listed = api.list("shared").await.unwrap();
    assert_eq!(listed.len(), 1);
    api.delete(&name("shared")).await.unwrap();
    assert!(main.stat(&name("shared")).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn beginnings_find_the_newest_scope_by_scope() {
    let server = GhacServer::start();
    let (main, topic) = (remote(&server, MAIN), remote(&server, TOPIC));
    for text in ["npm-x", "npm-y", "other-1"] {
        create(&*topic, text, b"x").await.unwrap();
        server.advance(Duration::from_secs(60));
    }
    create(&*main, "npm-7", b"x").await.unwrap();
    let find = async |wanted: &[Wanted]| newest(&*topic, wanted).await;
    assert_eq!(find(&[prefix("npm-")]).await.unwrap(), "npm-y");
    let wanted = [Wanted::Whole(name("npm-7")), prefix("npm-")];
    // The branch's beginning is before main's whole key.
    assert_eq!(find(&wanted).await.unwrap(), "npm-y");
    let wanted = [prefix("none"), prefix("other"), prefix("npm-")];
    assert_eq!(find(&wanted).await.unwrap(), "other-1");
    assert_eq!(find(&[Wanted::Whole(name("npm"))]).await, None);
    let many: Vec<Wanted> = (0..25).map(|number| prefix(&format!("{number}"))).collect();
    assert_eq!(
        find(&[&many[..], &[prefix("npm-x")]].concat())
            .await
            .unwrap(),
        "npm-x"
    );
    // A whole name is found though another goes on behind it.
    create(&*topic, "npm", b"x").await.unwrap();
    create(&*topic, "npm-", b"x").await.unwrap();
    assert_eq!(find(&[Wanted::Whole(name("npm"))]).await.unwrap(), "npm");
}

#[tokio::test]
async fn what_nobody_uses_goes_and_what_is_too_much() {
    let day = Duration::from_secs(86_400);
    let limits = GhacLimits {
        quota: 25,
        ..GhacLimits::default()
    };
    let server = GhacServer::with(GhacOptions {
        limits,
        ..GhacOptions::default()
    });
    let remote = remote(&server, MAIN);
    let there = async |text: &str| remote.stat(&name(text)).await.is_ok();
    for text in ["a", "b"] {
        create(&*remote, text, b"0123456789").await.unwrap();
    }
    server.advance(5 * day);
    assert!(there("a").await);
    create(&*remote, "c", b"0123456789").await.unwrap();
    assert!(!there("b").await, "the least recently used one goes");
    server.advance(6 * day);
    assert!(there("a").await, "its look-up was a use");
    server.advance(8 * day);
    assert!(!there("a").await);
}

#[tokio::test]
async fn a_token_that_may_only_read_is_told_so() {
    let server = GhacServer::start();
    create(&*remote(&server, MAIN), "a", b"x").await.unwrap();
    let fork = remote(
        &server,
        &[("refs/pull/1/merge", "r"), ("refs/heads/main", "r")],
    );
    assert_eq!(read(&*fork, "a").await, b"x");
    let error = create(&*fork, "b", b"x").await.unwrap_err();
    assert!(matches!(error, RemoteError::Forbidden { .. }), "{error:?}");
    let blind = remote(&server, &[("refs/heads/main", "w")]);
    let error = blind.stat(&name("a")).await.unwrap_err();
    assert!(matches!(error, RemoteError::Forbidden { .. }), "{error:?}");
    let unknown = remote_with(&server, MAIN, &[("ACTIONS_RUNTIME_TOKEN", "other-secret")]);
    let error = unknown.stat(&name("a")).await.unwrap_err();
    assert!(matches!(error, RemoteError::Forbidden { .. }), "{error:?}");
    let listing = remote_with(
        &server,
        MAIN,
        &[("GITHUB_TOKEN", GhacServer::API_TOKEN_READ)],
    );
    assert_eq!(listing.list("").await.unwrap().len(), 1);
    let error = listing.delete(&name("a")).await.unwrap_err();
    assert!(matches!(error, RemoteError::Forbidden { .. }), "{error:?}");
}

#[tokio::test]
async fn too_many_uploads_wait_for_as_long_as_the_service_says() {
    let limits = GhacLimits {
        uploads_a_minute: 2,
        ..GhacLimits::default()
    };
    let server = GhacServer::with(GhacOptions {
        limits,
        ..GhacOptions::default()
    });
    let remote = remote(&server, MAIN);
    create(&*remote, "a", b"x").await.unwrap();
    server.advance(Duration::from_secs(50));
    create(&*remote, "b", b"x").await.unwrap();
    let error = create(&*remote, "c", b"x").await.unwrap_err();
    let RemoteError::Temporary { retry_after, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(10)));
    server.advance(Duration::from_secs(10));
    create(&*remote, "c", b"x").await.unwrap();
}

#[tokio::test]
async fn faults_are_errors_that_show_no_secret() {
    let server = GhacServer::start();
    let remote = remote_with(&server, MAIN, &[("GITHUB_TOKEN", "wrong-api-secret")]);
    create(&*remote, "a", b"0123456789").await.unwrap();
    let token = ghac_token(MAIN);
    let cases = [
        (
            "Twirp",
            "GetCacheEntryDownloadURL",
            Fault::Status {
                code: 500,
                times: 1,
            },
        ),
        (
            "blob",
            "/caches/",
            Fault::Status {
                code: 503,
                times: 1,
            },
        ),
        (
            "limit",
            "GetCacheEntryDownloadURL",
            Fault::RetryAfter {
                seconds: 7,
                times: 1,
            },
        ),
        (
            "no JSON",
            "GetCacheEntryDownloadURL",
            Fault::Truncated { bytes: 5, times: 1 },
        ),
        (
            "cut",
            "GetCacheEntryDownloadURL",
            Fault::CutAfter { bytes: 5, times: 1 },
        ),
    ];
    for (case, path, fault) in cases {
        server.fault(path, fault);
        // One that knows no URL of the object yet.
        let remote = self::remote(&server, MAIN);
        let error = remote.get(&name("a"), None).await.err().unwrap();
        assert!(error.is_temporary(), "{case}: {error:?}");
        let text = format!("{error:?}");
        assert!(
            !text.contains(&token) && !text.contains("sig="),
            "{case}: {text}"
        );
    }
    server.fault("/caches/", Fault::CutAfter { bytes: 4, times: 1 });
    let download = remote.get(&name("a"), None).await.unwrap();
    let error = format!("{:?}", download.bytes().await.unwrap_err());
    assert!(!error.contains("sig="), "{error}");
    let error = format!("{:?}", remote.list("").await.unwrap_err());
    assert!(!error.contains("wrong-api-secret"), "{error}");
    server.shutdown();
    let error = remote.stat(&name("a")).await.unwrap_err();
    assert!(error.is_temporary(), "{error:?}");
}

/// How many look-ups there were since the last time.
fn look_ups(server: &GhacServer) -> usize {
    let asked = server.requests();
    server.clear_requests();
    let is_look_up = |path: &str| path.contains("GetCacheEntryDownloadURL");
    asked.iter().filter(|one| is_look_up(&one.path)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_looked_up_once_however_often_it_is_read() {
    let server = GhacServer::start();
    create(&*remote(&server, MAIN), "a", b"0123456789")
        .await
        .unwrap();
    let remote = remote(&server, MAIN);
    server.clear_requests();
    let a = name("a");
    let reads = (0..10).map(|at| remote.get(&a, Some(at..at + 1)));
    for read in futures::future::join_all(reads).await {
        assert_eq!(read.unwrap().bytes().await.unwrap().len(), 1);
    }
    assert_eq!(look_ups(&server), 1, "side by side");
    // The signature is good for ten minutes.
    server.advance(Duration::from_secs(11 * 60));
    let reads = (0..10).map(|at| remote.get(&a, Some(at..at + 1)));
    for read in futures::future::join_all(reads).await {
        assert_eq!(read.unwrap().bytes().await.unwrap().len(), 1);
    }
    assert_eq!(look_ups(&server), 1, "when the signature is good no more");
    let other = self::remote(&server, MAIN);
    assert_eq!(newest(&*other, &[prefix("a")]).await.as_deref(), Some("a"));
    assert_eq!(read(&*other, "a").await, b"0123456789");
    assert_eq!(look_ups(&server), 1, "what was looked for may be read");
}

#[tokio::test]
async fn an_object_that_goes_is_looked_up_once_more_and_not_there() {
    let server = GhacServer::start();
    let remote = with_api(&server, MAIN);
    create(&*remote, "a", b"x").await.unwrap();
    assert_eq!(read(&*remote, "a").await, b"x");
    with_api(&server, MAIN).delete(&name("a")).await.unwrap();
    server.clear_requests();
    let error = remote.get(&name("a"), None).await.err().unwrap();
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(look_ups(&server), 1);
    create(&*remote, "a", b"y").await.unwrap();
    assert_eq!(read(&*remote, "a").await, b"y", "not what it was before");
}

#[tokio::test]
async fn an_upload_that_the_service_does_not_take_is_an_error() {
    let server = GhacServer::start();
    let remote = remote(&server, MAIN);
    server.fault(
        "FinalizeCacheEntryUpload",
        Fault::Status {
            code: 404,
            times: 1,
        },
    );
    let error = create(&*remote, "a", b"x").await.unwrap_err();
    assert!(matches!(error, RemoteError::Broken { .. }), "{error:?}");
    assert!(remote.stat(&name("a")).await.unwrap_err().is_not_found());
    // The name stays taken for as long as the service remembers the upload.
    let other = self::remote(&server, MAIN);
    assert!(create(&*other, "a", b"x").await.unwrap_err().is_exists());
    // But not for whoever began it.
    create(&*remote, "a", b"y").await.unwrap();
    assert_eq!(read(&*remote, "a").await, b"y");
    server.fault(
        "/caches/",
        Fault::Status {
            code: 400,
            times: 1,
        },
    );
    create(&*remote, "b", b"x").await.unwrap_err();
    server.advance(Duration::from_secs(2 * 60 * 60));
    create(&*other, "b", b"x").await.unwrap();
}

/// As `open` gives it, that waits for nothing.
fn patient(server: &GhacServer) -> Arc<dyn Remote> {
    let options = OpenOptions {
        variables: server.variables(&ghac_token(MAIN)).into_iter().collect(),
        patience: Patience {
            first_wait: Duration::ZERO,
            ..Patience::default()
        },
        ..OpenOptions::default()
    };
    open("ghac:", &options).unwrap()
}

#[tokio::test]
async fn uploads_small_and_large_get_over_faults() {
    let server = GhacServer::start();
    let remote = patient(&server);
    for size in [10, 20_000_000] {
        for path in ["CreateCacheEntry", "/caches/", "FinalizeCacheEntryUpload"] {
            server.fault(
                path,
                Fault::Status {
                    code: 503,
                    times: 1,
                },
            );
            server.fault(
                path,
                Fault::RetryAfter {
                    seconds: 0,
                    times: 1,
                },
            );
            let object = name(&format!("{size}-{}", path.replace('/', "")));
            let body = whole(vec![7; size]);
            let created = remote.create_if_absent(&object, body).await;
            assert_eq!(created.unwrap(), size as u64, "{object}");
            let read = remote.get(&object, None).await.unwrap().bytes().await;
            assert!(read.unwrap() == vec![7; size], "{object}");
        }
    }
}

#[tokio::test]
async fn a_download_that_is_cut_goes_on() {
    let server = GhacServer::start();
    let remote = patient(&server);
    let bytes: Vec<u8> = (0..20_000_000_u32).map(|at| (at % 251) as u8).collect();
    let body = whole(bytes.clone());
    remote.create_if_absent(&name("a"), body).await.unwrap();
    server.fault(
        "/caches/",
        Fault::CutAfter {
            bytes: 1_000_000,
            times: 1,
        },
    );
    let read = remote.get(&name("a"), None).await.unwrap().bytes().await;
    assert!(read.unwrap() == bytes);
}
