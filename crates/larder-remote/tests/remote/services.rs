//! The contract suite against real servers, as `ci/services` starts them and names them by variables.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures::{StreamExt as _, future::join_all, stream};
use larder_remote::{ObjectName, OpenOptions, Remote, RemoteError, open, whole};
use larder_testkit::{service, service_variables};

use crate::contract::{self, Abilities};

/// What all tests but those of patience and of uses open with.
fn options() -> OpenOptions {
    OpenOptions {
        variables: service_variables(),
        note_use_after: Duration::ZERO,
        ..OpenOptions::default()
    }
}

fn opened(variable: &str) -> Option<Arc<dyn Remote>> {
    Some(open(&service(variable)?, &options()).unwrap())
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

/// The suite, then what only makes sense with a server.
async fn check(variable: &str, abilities: Abilities) {
    let Some(remote) = opened(variable) else {
        return;
    };
    contract::check(&*remote, "one", abilities).await;
    large_objects_come_back_as_they_were(&*remote).await;
    uses_are_noted_beside_the_objects(&*remote).await;
    races(&*remote, (variable, abilities.exclusive)).await;
    many_are_listed(&*remote).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moto_keeps_the_contract() {
    check("LARDER_TEST_S3", Abilities::ALL).await;
}

/// It looks and then renames: several win a race, one is kept whole. Objects are its files.
#[tokio::test(flavor = "multi_thread")]
async fn s3s_keeps_the_contract() {
    let abilities = Abilities {
        exclusive: false,
        long: false,
        ..Abilities::ALL
    };
    check("LARDER_TEST_S3_S3S", abilities).await;
}

/// It ignores conditions: that a taken name stays is our look before.
#[tokio::test(flavor = "multi_thread")]
async fn garage_keeps_the_contract() {
    let abilities = Abilities {
        exclusive: false,
        ..Abilities::ALL
    };
    check("LARDER_TEST_S3_GARAGE", abilities).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azurite_keeps_the_contract() {
    check("LARDER_TEST_AZBLOB", Abilities::ALL).await;
}

/// It says of an empty object nothing where Google says that its size is 0.
#[tokio::test(flavor = "multi_thread")]
async fn googles_testbench_keeps_the_contract() {
    let abilities = Abilities {
        empty: false,
        ..Abilities::ALL
    };
    check("LARDER_TEST_GCS", abilities).await;
}

/// Several parts, several of them at once, both ways; and ranges across their borders.
async fn large_objects_come_back_as_they_were(remote: &dyn Remote) {
    let bytes: Bytes = (0..45_000_001_u64)
        .map(|at| (at * at % 251) as u8)
        .collect();
    let name = name("large");
    let pieces: Vec<_> = (0..bytes.len())
        .step_by(700_001)
        .map(|at| Ok(bytes.slice(at..bytes.len().min(at + 700_001))))
        .collect();
    let size = remote
        .create_if_absent(&name, stream::iter(pieces).boxed())
        .await;
    assert_eq!(size.unwrap(), bytes.len() as u64);
    let again = remote
        .create_if_absent(&name, stream::iter([Ok(bytes.clone())]).boxed())
        .await;
    assert!(again.unwrap_err().is_exists());
    let read = async |range: Option<std::ops::Range<u64>>| {
        let download = remote.get(&name, range).await.unwrap();
        assert_eq!(download.size, bytes.len() as u64);
        download.bytes().await.unwrap()
    };
    assert!(read(None).await == bytes);
    for range in [0..8 << 20, 8_000_000..30_000_000, 44_000_000..45_000_001] {
        let expected = &bytes[range.start as usize..range.end as usize];
        assert!(read(Some(range)).await == expected);
    }
    remote.delete(&name).await.unwrap();
}

async fn uses_are_noted_beside_the_objects(remote: &dyn Remote) {
    let name = name("used/object");
    remote
        .create_if_absent(&name, whole(&b"x"[..]))
        .await
        .unwrap();
    let before = remote.stat(&name).await.unwrap();
    assert_eq!(before.used, before.created);
    // Services count in seconds.
    while SystemTime::now()
        .duration_since(before.created)
        .unwrap_or_default()
        < Duration::from_secs(2)
    {
        tokio::task::yield_now().await;
    }
    remote.touch(&name).await.unwrap();
    let after = remote.stat(&name).await.unwrap();
    assert!(
        after.used > before.used && after.created == before.created,
        "{after:?}"
    );
    let listed = remote.list("used/").await.unwrap();
    assert!(
        listed.len() == 1 && listed[0].used > before.used,
        "{listed:?}"
    );
    remote.delete(&name).await.unwrap();
    assert_eq!(remote.list("used/").await.unwrap(), []);
}

/// Rounds of eight that create one name at once.
async fn races(remote: &dyn Remote, (variable, is_exclusive): (&str, bool)) {
    let mut winners = BTreeMap::new();
    for round in 0..20 {
        let name = name(&format!("race/{round}"));
        let tries = (0..8_u8).map(|number| {
            let body = whole(vec![number; 1000]);
            remote.create_if_absent(&name, body)
        });
        let results = join_all(tries).await;
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            assert!(matches!(error, RemoteError::Exists { .. }), "{error:?}");
        }
        let won = results.iter().filter(|result| result.is_ok()).count();
        *winners.entry(won).or_insert(0) += 1;
        let bytes = remote
            .get(&name, None)
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        assert!(bytes.len() == 1000 && bytes.iter().all(|byte| *byte == bytes[0]));
    }
    println!("{variable}: winners of 8, rounds: {winners:?}");
    assert!(
        !is_exclusive || winners == BTreeMap::from([(1, 20)]),
        "{winners:?}"
    );
}

/// More than one page of a service that has small ones, and in the right order.
async fn many_are_listed(remote: &dyn Remote) {
    let names: Vec<_> = (0..120)
        .map(|number| name(&format!("many/{number:03}")))
        .collect();
    let creating = stream::iter(&names).map(|name| remote.create_if_absent(name, whole(&b"x"[..])));
    let created: Vec<_> = creating.buffer_unordered(16).collect().await;
    assert!(created.into_iter().all(|result| result.is_ok()));
    let listed = remote.list("many/").await.unwrap();
    assert_eq!(listed.len(), 120);
    assert!(listed.is_sorted_by_key(|object| std::cmp::Reverse(object.created)));
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_said_to_be() {
    for variable in ["LARDER_TEST_S3", "LARDER_TEST_AZBLOB", "LARDER_TEST_GCS"] {
        let Some(url) = service(variable) else {
            continue;
        };
        let url = url.replace("://larder/", "://no-such-place/");
        // Each its own: after two failures a remote is not asked any more.
        let remote = || open(&url, &options()).unwrap();
        let results = [
            remote().get(&name("a"), None).await.err(),
            remote().list("").await.err(),
            remote()
                .create_if_absent(&name("a"), whole(&b"x"[..]))
                .await
                .err(),
        ];
        for (number, error) in results.into_iter().enumerate() {
            let error = error.unwrap();
            let is_said = matches!(&error, RemoteError::Broken { .. })
                || variable == "LARDER_TEST_GCS" && error.is_not_found();
            assert!(is_said, "{variable} {number}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_forbidden_and_not_shown() {
    let Some(url) = service("LARDER_TEST_AZBLOB") else {
        return;
    };
    let mut options = options();
    let wrong = "bm90IHRoZSBrZXkgb2YgdGhpcyBhY2NvdW50";
    options
        .variables
        .insert("AZURE_STORAGE_KEY".into(), wrong.into());
    let remote = open(&url, &options).unwrap();
    for error in [
        remote.get(&name("a"), None).await.err().unwrap(),
        remote.list("").await.unwrap_err(),
        remote
            .create_if_absent(&name("a"), whole(&b"x"[..]))
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, RemoteError::Forbidden { .. }), "{error:?}");
        assert!(!format!("{error:?}").contains(wrong));
    }
}

#[tokio::test]
async fn a_connection_string_is_enough_for_azure() {
    let Some(url) = service("LARDER_TEST_AZBLOB") else {
        return;
    };
    let (place, query) = url.split_once('?').unwrap();
    let endpoint = query
        .split('&')
        .find_map(|option| option.strip_prefix("endpoint="))
        .unwrap();
    let mut options = options();
    let key = options.variables.remove("AZURE_STORAGE_KEY").unwrap();
    let connection = format!(
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={key};BlobEndpoint={endpoint};"
    );
    options
        .variables
        .insert("AZURE_STORAGE_CONNECTION_STRING".into(), connection);
    let remote = open(place, &options).unwrap();
    remote
        .create_if_absent(&name("a"), whole(&b"x"[..]))
        .await
        .unwrap();
    remote.stat(&name("a")).await.unwrap();
}
