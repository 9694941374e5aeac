//! 32 processes that create, collect and verify on one store (issue 3): all succeed, and what a run has
//! pinned and found never goes away under it.

use std::{path::Path, time::SystemTime};

use larder_event::SilentReporter;
use larder_store::{CollectPolicy, RootKind, Store};

use crate::{
    support::{bytes_of, collecting, find, lazy, put, sha256},
    worker::{Job, Worker, say},
};

const PROCESSES: u32 = 32;
const ROUNDS: u32 = 6;
/// Objects that all processes use.
const SHARED: u32 = 8;

fn small(seed: u32) -> Vec<u8> {
    format!("object {seed}\n").repeat(1000).into_bytes()
}

/// One run: pins, finds or writes, uses twice, and leaves a root or none.
fn create(store: &Store, beside: &Path, number: u32, round: u32) {
    let seeds: Vec<u32> = (0..4)
        .map(|step| (number + round * 3 + step) % SHARED)
        .collect();
    let pin = store.pin(seeds.iter().map(|&seed| sha256(&small(seed))));
    let pin = pin.unwrap();
    let mut objects = Vec::new();
    for &seed in &seeds {
        let checksum = sha256(&small(seed));
        let object = find(store, checksum)
            .unwrap_or_else(|| put(store, &small(seed), Some(checksum)).unwrap());
        objects.push((seed, object));
    }
    for (seed, object) in &objects {
        assert_eq!(bytes_of(store, object), small(*seed), "pinned and found");
        assert!(find(store, sha256(&small(*seed))).is_some());
    }
    if number.is_multiple_of(3) {
        let lock = beside.join(format!("{number}.lock"));
        std::fs::write(&lock, "").unwrap();
        let ids = objects.iter().map(|(_, object)| object.id);
        store.record_root(RootKind::Lock, &lock, ids).unwrap();
    }
    drop(pin);
}

fn tidy(store: &Store, number: u32) {
    let policy = match number % 3 {
        0 => CollectPolicy::Needed,
        1 => CollectPolicy::Exactly([].into()),
        _ => CollectPolicy::Recent {
            unused_for: None,
            max_bytes: Some(20_000),
        },
    };
    let options = collecting(policy);
    let plan = store.plan_collection(&options).unwrap();
    store
        .collect(&plan, SystemTime::now(), &SilentReporter)
        .unwrap();
}

pub(crate) fn work(root: &Path, number: u32) {
    let store = Store::open(root, &lazy()).unwrap();
    let beside = root.parent().unwrap();
    for round in 0..ROUNDS {
        match number % 4 {
            3 => tidy(&store, number / 4),
            _ => create(&store, beside, number, round),
        }
        if number == 1 {
            let report = store.verify(None, &SilentReporter).unwrap();
            assert!(report.is_sound(), "{report:?}");
        }
    }
    say("done");
}

#[test]
fn processes_that_create_collect_and_verify_do_not_disturb_each_other() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("store");
    let start = |number| {
        let store = root.clone();
        Worker::start(&Job::Churn { store, number })
    };
    let workers: Vec<Worker> = (0..PROCESSES).map(start).collect();
    for mut worker in workers {
        assert_eq!(worker.next().as_deref(), Some("done"));
        assert!(worker.wait().success());
    }
    let store = Store::open(&root, &lazy()).unwrap();
    let report = store.verify(None, &SilentReporter).unwrap();
    assert!(report.is_sound() && report.stray.is_empty(), "{report:?}");
    tidy(&store, 0);
    for directory in ["tmp", "pins"] {
        let left: Vec<_> = std::fs::read_dir(root.join(directory)).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
