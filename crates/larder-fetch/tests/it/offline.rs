//! Without the network, and from files.

use larder_fetch::{FetchError, FetchOptions};
use larder_testkit::Server;

use crate::support::{World, closure, locked, locked_with, network, options};

#[tokio::test]
async fn offline_lists_everything_that_is_missing_and_asks_nobody() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let packages = ["a", "b", "c"].map(|name| world.publish(name, 500));
    let url = server.url();
    let network = network();
    let online = options(&network);
    world
        .fetch(&closure(vec![locked(&packages[0], &url)]), &online)
        .await
        .unwrap();
    server.clear_requests();

    let offline = FetchOptions {
        offline: true,
        ..options(&network)
    };
    let mut all: Vec<_> = packages
        .iter()
        .map(|package| locked(package, &url))
        .collect();
    let local = world.publish("local", 300);
    all.push(locked(&local, &world.file_url()));
    let error = world.fetch(&closure(all), &offline).await.unwrap_err();
    let FetchError::Offline { missing } = &error else {
        panic!("{error:?}");
    };
    let missing: Vec<_> = missing
        .iter()
        .map(|absent| (&*absent.package, absent.url.clone()))
        .collect();
    assert_eq!(
        missing,
        [
            ("b-1.0-0", format!("{url}/linux-64/b-1.0-0.conda")),
            ("c-1.0-0", format!("{url}/linux-64/c-1.0-0.conda")),
        ]
    );
    assert_eq!(
        (error.code(), error.is_temporary()),
        ("fetch::offline", false)
    );
    assert_eq!(server.requests().len(), 0);
    assert_eq!(
        world.objects().len(),
        1,
        "not even the local one is fetched"
    );
}

#[tokio::test]
async fn offline_is_enough_for_what_is_in_the_store_or_a_file() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let stored = world.publish("stored", 500);
    let local = world.publish("local", 400_000);
    let network = network();
    let from_server = locked(&stored, &server.url());
    world
        .fetch(&closure(vec![from_server.clone()]), &options(&network))
        .await
        .unwrap();
    server.shutdown();
    let offline = FetchOptions {
        offline: true,
        ..options(&network)
    };
    let both = closure(vec![from_server, locked(&local, &world.file_url())]);
    let summary = world.fetch(&both, &offline).await.unwrap();
    assert_eq!(
        (summary.reused, summary.fetched, summary.bytes),
        (1, 1, 400_000)
    );
    assert_eq!(
        std::fs::read(&summary.objects["local"].path).unwrap(),
        local.bytes
    );
}

#[tokio::test]
async fn a_file_with_other_bytes_is_refused_at_once() {
    let world = World::new();
    let package = world.publish("a", 3000);
    let closure = closure(vec![locked(&package, &world.file_url())]);
    let path = world.channel().join("linux-64/a-1.0-0.conda");
    let network = network();

    let mut flipped = package.bytes.clone();
    flipped[1500] ^= 1;
    let longer = [&package.bytes[..], b"x"].concat();
    for (bytes, code) in [
        (&flipped[..], "fetch::hash-mismatch"),
        (&package.bytes[..2000], "fetch::short-body"),
        (&longer[..], "fetch::long-body"),
        (b"", "fetch::short-body"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = world.fetch(&closure, &options(&network)).await.unwrap_err();
        assert_eq!(error.code(), code);
        assert_eq!(world.retries().len(), 0, "a file does not change by itself");
        assert_eq!((world.leftovers().len(), world.objects().len()), (0, 0));
    }
}

#[tokio::test]
async fn a_file_that_is_missing_or_none_names_its_path() {
    let world = World::new();
    let package = world.publish("a", 3000);
    let closure = closure(vec![locked(&package, &world.file_url())]);
    let path = world.channel().join("linux-64/a-1.0-0.conda");
    let network = network();
    std::fs::remove_file(&path).unwrap();
    let error = world.fetch(&closure, &options(&network)).await.unwrap_err();
    assert_eq!(error.code(), "fetch::not-found");
    std::fs::create_dir(&path).unwrap();
    let error = world.fetch(&closure, &options(&network)).await.unwrap_err();
    let FetchError::Packages { first, .. } = error else {
        panic!("{error:?}");
    };
    assert!(
        first.cause.to_string().contains(path.to_str().unwrap()),
        "{}",
        first.cause
    );
}

#[tokio::test]
async fn a_url_of_another_scheme_is_refused() {
    let world = World::new();
    let package = world.publish("a", 3000);
    let elsewhere = locked_with(&package, "s3://S3CR3T@bucket/chan", |_| ());
    let network = network();
    let error = world
        .fetch(&closure(vec![elsewhere]), &options(&network))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "fetch::unsupported-url");
    assert!(!format!("{error:?}").contains("S3CR3T"));
}
