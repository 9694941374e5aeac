//! Many processes on one store (FORMAT.md, "Locks"): all succeed, nobody sees half an object.

use std::path::Path;

use larder_store::Store;

use crate::{
    support::{bytes_of, content, find, lazy, md5, put, sha256},
    worker::{Job, Worker, say},
};

const PROCESSES: u32 = 8;
/// Objects that all processes write.
const SHARED: u32 = 12;
/// Objects that each process alone writes.
const OWN: u32 = 3;

/// Every other object is known by MD5 only.
fn ingest_and_read(store: &Store, seed: u32) {
    let bytes = content(seed);
    let checksum = if seed.is_multiple_of(2) {
        md5(&bytes)
    } else {
        sha256(&bytes)
    };
    if find(store, checksum).is_none() || seed.is_multiple_of(3) {
        put(store, &bytes, Some(checksum)).unwrap();
    }
    let object = find(store, checksum).unwrap();
    assert_eq!(bytes_of(store, &object), bytes);
}

pub(crate) fn work(root: &Path, number: u32) {
    let store = Store::open(root, &lazy()).unwrap();
    let own = (0..OWN).map(|own| 1000 + number * OWN + own);
    let shared = (0..SHARED).map(|seed| (seed + number) % SHARED);
    for seed in shared.chain(own) {
        ingest_and_read(&store, seed);
        say("one more");
    }
    // Whatever others have written so far is whole.
    for seed in 0..SHARED {
        if let Some(object) = find(&store, sha256(&content(seed))) {
            bytes_of(&store, &object);
        }
    }
}

fn start(root: &Path) -> Vec<Worker> {
    (0..PROCESSES)
        .map(|number| {
            let store = root.to_owned();
            Worker::start(&Job::Crowd { store, number })
        })
        .collect()
}

fn assert_complete(root: &Path) {
    let store = Store::open(root, &lazy()).unwrap();
    let report = store.verify(None, &larder_event::SilentReporter).unwrap();
    assert!(report.is_sound(), "{:?}", report.damaged);
    assert_eq!(report.objects, u64::from(SHARED + PROCESSES * OWN));
    assert!(report.misleading.is_empty() && report.stray.is_empty());
    assert!(report.writable.is_empty());
}

/// None of them has made the store: they all do.
#[test]
fn eight_processes_fill_one_store_that_is_not_there_yet() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("store");
    for worker in start(&root) {
        assert!(worker.wait().success());
    }
    assert_complete(&root);
    assert_eq!(std::fs::read_dir(root.join("tmp")).unwrap().count(), 0);
}

/// Each is killed after another number of objects, wherever it is then; a second crowd completes the work.
#[test]
fn a_crowd_that_is_killed_leaves_work_for_the_next_and_no_damage() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("store");
    for (count, mut worker) in start(&root).into_iter().enumerate() {
        for _ in 0..count {
            worker.next();
        }
        worker.kill();
    }
    let store = Store::open(&root, &lazy()).unwrap();
    let report = store.verify(None, &larder_event::SilentReporter).unwrap();
    assert!(report.is_sound(), "{:?}", report.damaged);
    for worker in start(&root) {
        assert!(worker.wait().success());
    }
    assert_complete(&root);
}
