//! Bodies that are longer or shorter than somebody said.

use larder_fetch::FetchOptions;
use larder_testkit::{Fault, Server};

use crate::{
    faults::{SIZE, cause, fails, tries},
    raw::{RawServer, chunked},
    support::{World, closure, locked, locked_with, network, options},
};

#[tokio::test]
async fn a_length_that_is_too_large_is_noticed_before_a_byte_is_taken() {
    let error = fails(Fault::WrongLength { times: 9 }, "fetch::long-body", 2).await;
    let text = cause(&error).to_string();
    assert!(
        text.contains("at most 300000 bytes, found 301000"),
        "{text}"
    );
}

#[tokio::test]
async fn without_a_size_in_the_record_a_length_that_is_too_large_is_a_cut_body() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", SIZE);
    server.fault("", Fault::WrongLength { times: 1 });
    let without_size = locked_with(&package, &server.url(), |record| {
        record.as_object_mut().unwrap().remove("size");
    });
    let network = network();
    let closure = closure(vec![without_size]);
    assert_eq!(
        world
            .fetch(&closure, &options(&network))
            .await
            .unwrap()
            .fetched,
        1
    );
    let expected = "ended after 300000 bytes, expected 301000";
    assert!(
        world.retries()[0].contains(expected),
        "{:?}",
        world.retries()
    );
}

#[tokio::test]
async fn a_body_without_a_length_is_stopped_at_the_size_of_its_record() {
    let world = World::new();
    let package = world.publish("a", SIZE);
    let endless = [&package.bytes[..], &[0; 100_000]].concat();
    let server = RawServer::ok("Transfer-Encoding: chunked\r\n", &chunked(&endless));
    let network = network();
    let closure = closure(vec![locked(&package, &server.url)]);
    let error = world.fetch(&closure, &options(&network)).await.unwrap_err();
    assert_eq!(error.code(), "fetch::long-body");
    assert_eq!((world.leftovers().len(), world.objects().len()), (0, 0));
}

#[tokio::test]
async fn a_body_of_unknown_size_is_stopped_at_the_bound_of_the_options() {
    let world = World::new();
    let package = world.publish("a", SIZE);
    let server = RawServer::ok("Transfer-Encoding: chunked\r\n", &chunked(&package.bytes));
    let network = network();
    let without_size = locked_with(&package, &server.url, |record| {
        record.as_object_mut().unwrap().remove("size");
    });
    let closure = closure(vec![without_size]);
    let bounded = FetchOptions {
        longest_body: SIZE as u64 - 1,
        ..options(&network)
    };
    let error = world.fetch(&closure, &bounded).await.unwrap_err();
    assert_eq!(error.code(), "fetch::long-body");
    let enough = FetchOptions {
        longest_body: SIZE as u64,
        ..options(&network)
    };
    assert_eq!(world.fetch(&closure, &enough).await.unwrap().fetched, 1);
}

#[tokio::test]
async fn a_body_that_just_ends_is_short() {
    let world = World::new();
    let package = world.publish("a", SIZE);
    let server = RawServer::ok("", &package.bytes[..SIZE / 2]);
    let network = network();
    let closure = closure(vec![locked(&package, &server.url)]);
    let error = world.fetch(&closure, &options(&network)).await.unwrap_err();
    assert_eq!((error.code(), tries(&error)), ("fetch::short-body", 4));
    let expected = "ended after 150000 bytes, expected 300000";
    assert!(cause(&error).to_string().contains(expected), "{error:?}");
}
