//! Pushes and collections at once, in any order of their steps.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Waker},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use larder_remote::{Body, whole};
use larder_share::{CollectOptions, Load, Put, Shelf, Source, Weighed, objects::Objects};
use larder_store::{ObjectId, ObjectKind};
use proptest::prelude::*;

use crate::{
    memory::Memory,
    support::{LIMITS, NONE, sha256},
};

const DAY: u64 = 24 * 60 * 60;
const LIFE: u64 = 5 * DAY;
const GRACE: u64 = DAY;

/// The objects that there are: their bytes are their number.
fn object(number: u8) -> Weighed {
    Weighed {
        id: ObjectId {
            kind: ObjectKind::Conda,
            sha256: sha256(&[number]),
        },
        size: 1,
    }
}

struct Numbers;

#[async_trait]
impl Source for Numbers {
    async fn body(&self, id: ObjectId) -> io::Result<Body> {
        let number = (0..=u8::MAX).find(|number| object(*number).id == id);
        Ok(whole(vec![number.unwrap()]))
    }
}

fn options() -> CollectOptions {
    CollectOptions {
        life: Duration::from_secs(LIFE),
        grace: Duration::from_secs(GRACE),
        dry_run: false,
        now: SystemTime::UNIX_EPOCH,
    }
}

async fn push(shelf: &Objects, objects: &[Weighed]) -> Put {
    let load = Load {
        objects,
        notes: &[],
        root: Some("test"),
        damaged: &NONE,
        source: &Numbers,
        limits: &LIMITS,
        told: &|_| {},
        dry_run: false,
    };
    shelf.put(&load).await.unwrap()
}

/// Who does something with the remote.
#[derive(Debug, Clone)]
enum Actor {
    Push(BTreeSet<u8>),
    Collect,
}

fn actor() -> impl Strategy<Value = Actor> {
    let numbers = proptest::collection::btree_set(0..6_u8, 1..5);
    prop_oneof![2 => numbers.prop_map(Actor::Push), 1 => Just(Actor::Collect)]
}

/// Objects that a push has said are there, and when that was.
type Promises = BTreeMap<u8, u64>;

type Running<'a> = Pin<Box<dyn Future<Output = BTreeSet<u8>> + 'a>>;

async fn act(actor: &Actor, shelf: &Objects) -> BTreeSet<u8> {
    match actor {
        Actor::Collect => {
            shelf.collect(&options()).await.unwrap();
            BTreeSet::new()
        }
        Actor::Push(numbers) => {
            let objects: Vec<Weighed> = numbers.iter().copied().map(object).collect();
            let put = push(shelf, &objects).await;
            assert_eq!(put.sent.len() + put.present.len(), objects.len(), "{put:?}");
            let is_promised = |number: &u8| !put.doubtful.contains(&object(*number).id);
            numbers.iter().copied().filter(is_promised).collect()
        }
    }
}

fn is_there(memory: &Memory, number: u8) -> bool {
    let id = object(number).id;
    let digits = &id.sha256.to_hex()[..2];
    memory.has(&format!("store1/pkgs/{digits}/{id}"))
}

/// Whether all that was promised is there, as long as the roots of the pushes count.
fn check(memory: &Memory, promises: &Promises) -> Result<(), TestCaseError> {
    for (number, promised) in promises {
        let is_due = memory.now() <= promised + LIFE;
        prop_assert!(!is_due || is_there(memory, *number), "{number} is gone");
    }
    Ok(())
}

/// One round: all of them at once, in the order of `turns`.
fn round(
    memory: &Memory,
    actors: &[Actor],
    turns: &[usize],
    promises: &mut Promises,
) -> Result<(), TestCaseError> {
    let shelf = Objects::new(Arc::new(memory.clone()));
    let mut running: Vec<Running<'_>> = actors
        .iter()
        .map(|actor| Box::pin(act(actor, &shelf)) as Running<'_>)
        .collect();
    let mut context = Context::from_waker(Waker::noop());
    let mut turns = turns.iter().cycle();
    for _ in 0..100_000 {
        if running.is_empty() {
            return Ok(());
        }
        let index = turns.next().unwrap() % running.len();
        if let std::task::Poll::Ready(done) = running[index].as_mut().poll(&mut context) {
            drop(running.remove(index));
            promises.extend(done.into_iter().map(|number| (number, memory.now())));
        }
        check(memory, promises)?;
    }
    panic!("they go on for ever");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Rounds of actors with days in between, so that objects and roots grow old.
    #[test]
    fn a_collection_never_takes_what_a_push_has_found_or_put(
        rounds in proptest::collection::vec(
            (
                proptest::collection::vec(actor(), 1..5),
                proptest::collection::vec(0..64_usize, 8..64),
                0..4 * DAY,
            ),
            1..7,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _entered = runtime.enter();
        let memory = Memory::default();
        let mut promises = Promises::new();
        for (actors, turns, pause) in &rounds {
            round(&memory, actors, turns, &mut promises)?;
            memory.pass(*pause);
        }
    }
}

/// Whose turn it is, often for several steps in a row: what matters happens while the others stand still.
fn turns() -> impl Strategy<Value = Vec<usize>> {
    let run = (0..64_usize, 1..12_usize);
    let runs = proptest::collection::vec(run, 8..32);
    runs.prop_map(|runs| {
        let steps = |(whose, steps)| std::iter::repeat_n(whose, steps);
        runs.into_iter().flat_map(steps).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// The narrow case: everything may go, and is wanted again while it goes. Without the second reading of the
    /// roots (C5), or without a push's look at what is announced (P2), this fails.
    #[test]
    fn what_may_go_stays_for_a_push_that_comes_meanwhile(
        mut actors in proptest::collection::vec(actor(), 1..4),
        turns in turns(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _entered = runtime.enter();
        let memory = Memory::default();
        round(&memory, &[Actor::Push((0..6).collect())], &[0], &mut Promises::new())?;
        memory.pass(LIFE + GRACE + 1);
        actors.push(Actor::Collect);
        round(&memory, &actors, &turns, &mut Promises::new())?;
    }
}

proptest! {
    /// Whatever stops a push: nothing half is there, and the next one goes on where it was.
    #[test]
    fn a_push_that_is_stopped_anywhere_is_gone_on_with(steps in 0..40_usize, numbers in proptest::collection::btree_set(0..9_u8, 1..9)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _entered = runtime.enter();
        let memory = Memory::default();
        let shelf = Objects::new(Arc::new(memory.clone()));
        let objects: Vec<Weighed> = numbers.iter().copied().map(object).collect();
        let mut context = Context::from_waker(Waker::noop());
        let mut stopped = Box::pin(push(&shelf, &objects));
        let is_done = (0..steps).any(|_| stopped.as_mut().poll(&mut context).is_ready());
        drop(stopped);
        let there = numbers.iter().filter(|number| is_there(&memory, **number)).count();
        prop_assert!(!is_done || there == objects.len());
        let put = runtime.block_on(push(&shelf, &objects));
        prop_assert_eq!((put.sent.len(), put.present.len()), (objects.len() - there, there));
        prop_assert!(numbers.iter().all(|number| is_there(&memory, *number)));
    }
}

#[tokio::test]
async fn what_nobody_pushed_of_late_goes_and_what_was_read_of_late_stays() {
    let memory = Memory::default();
    let shelf = Objects::new(Arc::new(memory.clone()));
    push(&shelf, &[object(1), object(2), object(3)]).await;
    memory.pass(LIFE);
    push(&shelf, &[object(1)]).await;
    memory.pass(GRACE + 1);
    shelf.open(object(2).id).await.unwrap();
    let dry = CollectOptions {
        dry_run: true,
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(memory.now()),
        ..options()
    };
    let before = memory.names();
    let planned = shelf.collect(&dry).await.unwrap();
    assert_eq!(memory.names(), before);
    let collected = shelf.collect(&options()).await.unwrap();
    assert_eq!(
        (planned.removed.len(), &planned.removed),
        (1, &collected.removed)
    );
    assert!(collected.removed.contains_key(&object(3).id.to_string()));
    assert_eq!(
        (collected.kept, collected.roots, collected.expired_roots),
        (2, 1, 1)
    );
    assert_eq!(
        [1, 2, 3].map(|number| is_there(&memory, number)),
        [true, true, false]
    );
    assert!(
        !memory.names().iter().any(|name| name.contains("doomed")),
        "{:?}",
        memory.names()
    );
}

#[tokio::test]
async fn a_root_whose_bytes_are_not_its_own_stops_a_collection() {
    let memory = Memory::default();
    let shelf = Objects::new(Arc::new(memory.clone()));
    push(&shelf, &[object(1)]).await;
    let root = memory
        .names()
        .into_iter()
        .find(|name| name.contains("/roots/"))
        .unwrap();
    let name = larder_remote::ObjectName::new(root).unwrap();
    larder_remote::Remote::replace(&memory, &name, whole("{}"))
        .await
        .unwrap();
    memory.pass(2 * GRACE);
    let error = shelf.collect(&options()).await.unwrap_err();
    assert!(
        error.is_damage() && error.to_string().contains(name.as_str()),
        "{error}"
    );
    assert!(is_there(&memory, 1));
}
