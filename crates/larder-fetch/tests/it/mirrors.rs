//! Other places that hold the same channel.

use larder_fetch::{FetchOptions, MirrorMap};
use larder_testkit::{Fault, Server};
use url::Url;

use crate::support::{World, closure, locked, network, options, whole_text};

const CANONICAL: &str = "http://canonical.invalid/forge";

fn mirrors(urls: &[String]) -> MirrorMap {
    let mut map = MirrorMap::default();
    let urls = urls.iter().map(|url| Url::parse(url).unwrap()).collect();
    map.insert(Url::parse(CANONICAL).unwrap(), urls);
    map
}

#[tokio::test]
async fn mirrors_are_asked_in_order_until_one_gives_the_right_bytes() {
    let world = World::new();
    let package = world.publish("a", 5000);
    let lacking = Server::serve(&world.channel());
    let damaged = Server::serve(&world.channel());
    let good = Server::serve(&world.channel());
    lacking.fault(
        "",
        Fault::Status {
            code: 404,
            times: 9,
        },
    );
    damaged.fault("", Fault::WrongBytes { times: 9 });
    let network = network();
    let options = FetchOptions {
        mirrors: mirrors(&[
            lacking.url(),
            damaged.url(),
            good.url(),
            "http://never.invalid".into(),
        ]),
        ..options(&network)
    };
    let closure = closure(vec![locked(&package, CANONICAL)]);
    assert_eq!(world.fetch(&closure, &options).await.unwrap().fetched, 1);
    let asked = [&lacking, &damaged, &good].map(|server| server.requests().len());
    assert_eq!(asked, [1, 2, 1]);
    assert_eq!(world.retries().len(), 3);
}

#[tokio::test]
async fn wrong_bytes_of_one_mirror_are_told_even_if_the_next_is_gone() {
    let world = World::new();
    let package = world.publish("a", 5000);
    let damaged = Server::serve(&world.channel());
    let gone = Server::serve(&world.path("store"));
    damaged.fault("", Fault::WrongBytes { times: 9 });
    let network = network();
    let options = FetchOptions {
        mirrors: mirrors(&[damaged.url(), gone.url()]),
        ..options(&network)
    };
    let closure = closure(vec![locked(&package, CANONICAL)]);
    let error = world.fetch(&closure, &options).await.unwrap_err();
    assert_eq!(error.code(), "fetch::hash-mismatch");
    assert!(whole_text(&error).contains(&damaged.url()));
    assert_eq!(world.objects().len(), 0);
}

#[tokio::test]
async fn a_directory_can_be_a_mirror() {
    let world = World::new();
    let package = world.publish("a", 5000);
    let network = network();
    let options = FetchOptions {
        mirrors: mirrors(&[world.file_url()]),
        ..options(&network)
    };
    let closure = closure(vec![locked(&package, CANONICAL)]);
    assert_eq!(world.fetch(&closure, &options).await.unwrap().fetched, 1);
}

#[tokio::test]
async fn secrets_of_a_mirror_are_in_no_event_and_no_error() {
    let world = World::new();
    let package = world.publish("a", 5000);
    let server = Server::serve(&world.channel());
    server.fault(
        "",
        Fault::Status {
            code: 503,
            times: 99,
        },
    );
    let host = server.url().replace("http://", "");
    let network = network();
    let options = FetchOptions {
        mirrors: mirrors(&[
            format!("http://S3CR3T:S3CR3T@{host}/t/S3CR3T/forge"),
            format!("http://S3CR3T@{host}/forge?sig=S3CR3T"),
            "http://S3CR3T:S3CR3T@127.0.0.1:1/t/S3CR3T/forge".into(),
        ]),
        ..options(&network)
    };
    let closure = closure(vec![locked(&package, CANONICAL)]);
    let error = world.fetch(&closure, &options).await.unwrap_err();
    let text = whole_text(&error);
    assert!(!text.contains("S3CR3T"), "{text}");
    let events = format!("{:?}", world.recorder.events());
    assert!(!events.contains("S3CR3T"), "{events}");
    assert!(world.retries().len() > 8);
    assert!(
        server.requests()[0].path.contains("S3CR3T"),
        "the server itself must get it"
    );
}
