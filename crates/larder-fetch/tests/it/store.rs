//! A store that cannot take what comes.

use std::{io, sync::Arc};

use larder_store::{Access, StepObserver, Store, StoreOptions, StoreStep};
use larder_testkit::Server;

use crate::{
    faults::tries,
    support::{World, closure, locked, network, options, whole_text},
};

/// A disk that is full from one step on.
#[derive(Debug)]
struct FullAt(StoreStep);

impl StepObserver for FullAt {
    fn reached(&self, step: StoreStep) -> io::Result<()> {
        if step == self.0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

async fn is_told_at_once(options_of_store: StoreOptions, expected: &str) {
    let mut world = World::new();
    world.store = Store::open(&world.path("store"), &options_of_store).unwrap();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", 400_000);
    let network = network();
    let closure = closure(vec![locked(&package, &server.url())]);
    let error = world.fetch(&closure, &options(&network)).await.unwrap_err();
    assert_eq!((error.code(), tries(&error)), ("fetch::store", 1));
    assert!(!error.is_temporary() && !error.is_damage());
    assert!(
        whole_text(&error).contains(expected),
        "{}",
        whole_text(&error)
    );
    assert_eq!((world.leftovers().len(), world.objects().len()), (0, 0));
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_tried_again() {
    for step in [StoreStep::Created, StoreStep::Written, StoreStep::Flushed] {
        let options = StoreOptions {
            steps: Arc::new(FullAt(step)),
            ..StoreOptions::default()
        };
        is_told_at_once(options, "no storage space").await;
    }
}

#[tokio::test]
async fn a_store_that_is_read_only_is_named() {
    let options = StoreOptions {
        access: Access::ReadOnly,
        ..StoreOptions::default()
    };
    is_told_at_once(options, "/store").await;
}
