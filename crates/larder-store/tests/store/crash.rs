//! The crash table (FORMAT.md C3 to C6): a process is killed right after each step.

use std::{path::Path, time::Duration};

use larder_store::{Store, StoreStep};

use crate::{
    support::{Fixture, bytes_of, content, find, lazy, md5, put, sha256},
    worker::{Job, Worker, open_to_stop_at},
};

pub(crate) fn work(store: &Path, step: StoreStep, seed: u32) {
    let store = open_to_stop_at(store, step);
    let bytes = content(seed);
    put(&store, &bytes, Some(md5(&bytes))).unwrap();
}

/// What should be there after a kill: a temporary file, the object by name, the object by MD5.
fn left_after(step: StoreStep) -> (bool, bool, bool) {
    match step {
        StoreStep::Created
        | StoreStep::Written
        | StoreStep::Checked
        | StoreStep::Protected
        | StoreStep::Flushed => (true, false, false),
        StoreStep::Renamed | StoreStep::DirectoryFlushed => (false, true, false),
        StoreStep::Indexed => (false, true, true),
        other => unreachable!("{other:?} is no step of an ingest"),
    }
}

#[test]
fn a_process_killed_after_any_step_leaves_a_sound_store_and_the_next_run_succeeds() {
    for (number, step) in StoreStep::INGEST.into_iter().enumerate() {
        let fixture = Fixture::new();
        let bytes = content(7);
        let mut worker = Worker::start(&Job::Stop {
            store: fixture.store.root().to_owned(),
            step: number,
            seed: 7,
        });
        assert_eq!(worker.next().as_deref(), Some("stopped"), "{step:?}");
        worker.kill();

        let store = Store::open(fixture.store.root(), &lazy()).unwrap();
        let (temporary, by_name, by_md5) = left_after(step);
        assert_eq!(
            fixture.temporary().len(),
            usize::from(temporary),
            "{step:?}"
        );
        assert_eq!(find(&store, sha256(&bytes)).is_some(), by_name, "{step:?}");
        assert_eq!(find(&store, md5(&bytes)).is_some(), by_md5, "{step:?}");
        assert!(fixture.verify().is_sound(), "{step:?}");

        let object = put(&store, &bytes, Some(md5(&bytes))).unwrap();
        assert_eq!(find(&store, md5(&bytes)), Some(object.clone()), "{step:?}");
        assert_eq!(bytes_of(&store, &object), bytes, "{step:?}");
        let swept = store.sweep_abandoned(Duration::ZERO).unwrap();
        assert_eq!(swept, usize::from(temporary), "{step:?}");
        assert!(fixture.temporary().is_empty(), "{step:?}");
        let report = fixture.verify();
        assert!(report.is_sound() && report.stray.is_empty(), "{step:?}");
        assert_eq!(report.objects, 1, "{step:?}");
    }
}

/// A writer that stands still at any step holds up nobody.
#[test]
fn nobody_waits_for_a_writer() {
    for (number, step) in StoreStep::INGEST.into_iter().enumerate() {
        let fixture = Fixture::new();
        let mut worker = Worker::start(&Job::Stop {
            store: fixture.store.root().to_owned(),
            step: number,
            seed: 7,
        });
        assert_eq!(worker.next().as_deref(), Some("stopped"), "{step:?}");
        let bytes = content(7);
        let object = put(&fixture.store, &bytes, Some(sha256(&bytes))).unwrap();
        assert_eq!(bytes_of(&fixture.store, &object), bytes, "{step:?}");
        worker.kill();
    }
}
