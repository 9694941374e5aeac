//! Collection (FORMAT.md G1 to G8): what the policies leave, what came meanwhile, kills at each step.

use std::{
    fs::{self, File},
    io,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use larder_event::SilentReporter;
use larder_store::{
    CollectError, CollectPolicy, Pin, RootError, RootKind, StepObserver, Store, StoreOptions,
    StoreStep,
};

use crate::{
    support::{
        DAY, Fixture, bytes_of, collect, collecting, content, find, flip_a_bit, id, lazy, md5,
        names, present, put, put_content, sha256,
    },
    worker::{Job, Worker, open_to_stop_at},
};

fn record(store: &Store, path: &Path, seeds: &[u32]) {
    let ids = seeds
        .iter()
        .map(|&seed| id(larder_store::ObjectKind::Conda, &content(seed)));
    store.record_root(RootKind::Lock, path, ids).unwrap();
}

/// A store with objects 0 to 5 and a lock, which is there, that needs the even ones.
fn half_needed() -> Fixture {
    let fixture = Fixture::new();
    for seed in 0..6 {
        put_content(&fixture.store, seed);
    }
    let lock = fixture.beside("lock.yml");
    fs::write(&lock, "").unwrap();
    record(&fixture.store, &lock, &[0, 2, 4]);
    fixture
}

fn set_age(path: &Path, age: Duration) {
    let time = SystemTime::now() - age;
    larder_fs::make_writable(path).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
    larder_fs::make_read_only(path).unwrap();
}

fn set_object_age(store: &Store, seed: u32, age: Duration) {
    let object = find(store, sha256(&content(seed))).unwrap();
    set_age(&object.path, age);
}

#[test]
fn what_no_root_needs_goes() {
    let fixture = half_needed();
    let plan = fixture
        .store
        .plan_collection(&collecting(CollectPolicy::Needed));
    let plan = plan.unwrap();
    assert_eq!((plan.objects.len(), plan.kept, plan.roots.len()), (3, 3, 0));
    assert_eq!(present(&fixture.store), [0, 1, 2, 3, 4, 5], "only a plan");
    let report = collect(&fixture.store, CollectPolicy::Needed);
    assert_eq!((report.objects, report.spared), (3, 0));
    assert_eq!(report.bytes, plan.freed_bytes());
    assert_eq!(present(&fixture.store), [0, 2, 4]);
    assert!(fixture.temporary().is_empty());
    assert!(fixture.verify().is_sound());
}

/// G3: whose prefix or lock is gone is none, and its file goes.
#[test]
fn a_root_whose_lock_is_gone_keeps_nothing() {
    let fixture = half_needed();
    fs::remove_file(fixture.beside("lock.yml")).unwrap();
    let report = collect(&fixture.store, CollectPolicy::Needed);
    assert_eq!((report.objects, report.roots), (6, 1));
    assert!(present(&fixture.store).is_empty());
    assert!(names(&fixture.path("roots")).is_empty());
}

/// G1: it may be all that keeps something alive.
#[test]
fn a_root_that_cannot_be_read_stops_collection() {
    let fixture = half_needed();
    fs::write(fixture.path("roots/abc.json"), "{").unwrap();
    let result = fixture
        .store
        .plan_collection(&collecting(CollectPolicy::Needed));
    let error = result.unwrap_err();
    assert!(matches!(
        error,
        CollectError::Root(RootError::Malformed { .. })
    ));
    assert!(error.to_string().contains("abc.json"));
    assert_eq!(present(&fixture.store).len(), 6);
}

#[test]
fn what_was_not_used_for_long_goes_and_so_do_roots() {
    let fixture = half_needed();
    for seed in [0, 1, 2] {
        set_object_age(&fixture.store, seed, DAY * 8);
    }
    let week = || CollectPolicy::Recent {
        unused_for: Some(DAY * 7),
        max_bytes: None,
    };
    let report = collect(&fixture.store, week());
    assert_eq!((report.objects, report.roots), (1, 0));
    assert_eq!(
        present(&fixture.store),
        [0, 2, 3, 4, 5],
        "a root uses 0 and 2"
    );
    let root = &fixture.store.read_recorded_roots().unwrap()[0];
    set_age(&root.file, DAY * 8);
    let report = collect(&fixture.store, week());
    assert_eq!((report.objects, report.roots), (2, 1));
    assert_eq!(present(&fixture.store), [3, 4, 5]);
}

#[test]
fn the_least_recently_used_goes_until_the_rest_fits() {
    let fixture = half_needed();
    let day = |seed| 10 - seed;
    for seed in 0..6 {
        set_object_age(&fixture.store, seed, DAY * day(seed));
    }
    let size = |seed| content(seed).len() as u64;
    let fitting = |max_bytes| CollectPolicy::Recent {
        unused_for: None,
        max_bytes: Some(max_bytes),
    };
    let all: u64 = (0..6).map(size).sum();
    assert_eq!(collect(&fixture.store, fitting(all)).objects, 0);
    assert_eq!(collect(&fixture.store, fitting(all - 1)).objects, 1);
    assert_eq!(present(&fixture.store), [0, 2, 3, 4, 5]);
    collect(&fixture.store, fitting(size(0) + size(2) + size(4)));
    assert_eq!(present(&fixture.store), [0, 2, 4], "needed by a root");
    collect(&fixture.store, fitting(size(4)));
    assert_eq!(present(&fixture.store).len(), 1);
    collect(&fixture.store, fitting(0));
    assert!(present(&fixture.store).is_empty());
}

#[test]
fn exactly_what_is_named_stays() {
    let fixture = half_needed();
    let keep = [1, 2].map(|seed| id(larder_store::ObjectKind::Conda, &content(seed)));
    let report = collect(&fixture.store, CollectPolicy::Exactly(keep.into()));
    assert_eq!((report.objects, report.roots), (4, 0));
    assert_eq!(present(&fixture.store), [1, 2]);
}

/// The index leads nowhere any more; what is left of killed runs and of damage goes by age.
#[test]
fn what_leads_nowhere_or_was_left_behind_goes() {
    let fixture = Fixture::new();
    for seed in [1, 2] {
        let bytes = content(seed);
        put(&fixture.store, &bytes, Some(md5(&bytes))).unwrap();
    }
    let lock = fixture.beside("lock.yml");
    fs::write(&lock, "").unwrap();
    record(&fixture.store, &lock, &[1]);
    let damaged = put_content(&fixture.store, 3);
    flip_a_bit(&damaged.path);
    fixture.store.open_verified(&damaged).unwrap_err();
    fs::write(fixture.path("tmp/ingest-1-a"), "half").unwrap();
    fs::write(fixture.path("tmp/note.txt"), "mine").unwrap();
    assert_eq!(names(&fixture.path("md5")).len(), 2);
    let report = collect(&fixture.store, CollectPolicy::Needed);
    assert_eq!((report.objects, report.left_over), (1, 1));
    assert!(find(&fixture.store, md5(&content(1))).is_some());
    assert_eq!(fixture.temporary(), ["damaged", "ingest", "note.txt"]);

    let mut options = collecting(CollectPolicy::Needed);
    options.now += DAY;
    let plan = fixture.store.plan_collection(&options).unwrap();
    assert_eq!((plan.objects.len(), plan.leftover_count()), (0, 2));
    assert_eq!(plan.freed_bytes(), 4 + content(3).len() as u64);
    fixture
        .store
        .collect(&plan, options.now, &SilentReporter)
        .unwrap();
    assert_eq!(fixture.temporary(), ["note.txt"]);
}

/// What happens beside a collection, at one of its steps.
struct Meanwhile {
    at: StoreStep,
    act: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Meanwhile").field(&self.at).finish()
    }
}

impl StepObserver for Meanwhile {
    fn reached(&self, step: StoreStep) -> io::Result<()> {
        if step == self.at
            && let Some(act) = self.act.lock().unwrap().take()
        {
            act();
        }
        Ok(())
    }
}

/// The store at `root`, with something that happens when its collection is at a step.
fn interrupted(root: &Path, at: StoreStep, act: impl FnOnce() + Send + 'static) -> Store {
    let act = Mutex::new(Some(Box::new(act) as Box<dyn FnOnce() + Send>));
    let options = StoreOptions {
        steps: Arc::new(Meanwhile { at, act }),
        ..lazy()
    };
    Store::open(root, &options).unwrap()
}

/// G5, G6: a run pins and finds objects after they were found to be unneeded.
#[test]
fn what_is_pinned_or_recorded_meanwhile_gets_its_name_back() {
    for pins in [true, false] {
        let fixture = half_needed();
        let lock = fixture.beside("other.yml");
        fs::write(&lock, "").unwrap();
        let other = fixture.store.clone();
        let pin: Arc<Mutex<Option<Pin>>> = Arc::default();
        let kept = Arc::clone(&pin);
        let store = interrupted(fixture.store.root(), StoreStep::Doomed, move || {
            if pins {
                *kept.lock().unwrap() = Some(other.pin([sha256(&content(3))]).unwrap());
            } else {
                record(&other, &lock, &[3]);
            }
        });
        let report = collect(&store, CollectPolicy::Needed);
        assert_eq!((report.objects, report.spared), (2, 1), "{pins}");
        assert_eq!(present(&store), [0, 2, 3, 4], "{pins}");
        assert!(fixture.temporary().is_empty());
        drop(pin);
    }
}

/// G6: somebody fetched it anew while it had no name: one of the two is enough.
#[test]
fn what_is_written_again_meanwhile_stays() {
    let fixture = half_needed();
    let other = fixture.store.clone();
    let store = interrupted(fixture.store.root(), StoreStep::NeedsRead, move || {
        put_content(&other, 1);
    });
    collect(&store, CollectPolicy::Needed);
    assert_eq!(present(&store), [0, 1, 2, 4]);
    assert!(fixture.temporary().is_empty());
    assert!(fixture.verify().is_sound());
}

/// G7: the environment was made again after the plan.
#[test]
fn a_root_that_is_recorded_meanwhile_stays() {
    let fixture = half_needed();
    let lock = fixture.beside("lock.yml");
    fs::remove_file(&lock).unwrap();
    let plan = fixture
        .store
        .plan_collection(&collecting(CollectPolicy::Needed));
    let plan = plan.unwrap();
    assert_eq!((plan.roots.len(), plan.objects.len()), (1, 6));
    fs::write(&lock, "").unwrap();
    record(&fixture.store, &lock, &[1]);
    let report = fixture
        .store
        .collect(&plan, SystemTime::now(), &SilentReporter);
    assert_eq!(report.unwrap().roots, 0);
    assert_eq!(present(&fixture.store), [1]);
    assert_eq!(fixture.store.read_roots().unwrap().len(), 1);
}

/// Fails at one step.
#[derive(Debug)]
struct FailAt(StoreStep);

impl StepObserver for FailAt {
    fn reached(&self, step: StoreStep) -> io::Result<()> {
        if step == self.0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

#[test]
fn a_collection_that_fails_leaves_every_object_its_name() {
    for step in [StoreStep::Doomed, StoreStep::NeedsRead, StoreStep::Removed] {
        let fixture = half_needed();
        let options = StoreOptions {
            steps: Arc::new(FailAt(step)),
            ..lazy()
        };
        let store = Store::open(fixture.store.root(), &options).unwrap();
        let options = collecting(CollectPolicy::Needed);
        let plan = store.plan_collection(&options).unwrap();
        store
            .collect(&plan, options.now, &SilentReporter)
            .unwrap_err();
        let gone = usize::from(step == StoreStep::Removed);
        assert_eq!(present(&store).len(), 6 - gone, "{step:?}");
        assert!(fixture.temporary().is_empty(), "{step:?}");
    }
}

/// A collection with something to spare and a root to remove, which stops at a step.
pub(crate) fn work(root: &Path, step: StoreStep) {
    let store = open_to_stop_at(root, step);
    let options = collecting(CollectPolicy::Needed);
    let plan = store.plan_collection(&options).unwrap();
    let other = Store::open(root, &lazy()).unwrap();
    let _pin = other.pin([sha256(&content(1))]).unwrap();
    store.collect(&plan, options.now, &SilentReporter).unwrap();
}

/// C10 to C13.
#[test]
fn a_collection_killed_after_any_step_harms_nothing_and_the_next_completes_it() {
    for (number, step) in StoreStep::COLLECTION.into_iter().enumerate() {
        let fixture = half_needed();
        record(&fixture.store, &fixture.beside("gone.yml"), &[5]);
        let store = fixture.store.root().to_owned();
        let mut worker = Worker::start(&Job::StopCollection {
            store,
            step: number,
        });
        assert_eq!(worker.next().as_deref(), Some("stopped"), "{step:?}");
        worker.kill();

        assert!(fixture.verify().is_sound(), "{step:?}");
        for seed in [0, 2, 4] {
            let object = find(&fixture.store, sha256(&content(seed))).unwrap();
            assert_eq!(bytes_of(&fixture.store, &object), content(seed));
        }
        put_content(&fixture.store, 3);
        let report = collect(&fixture.store, CollectPolicy::Needed);
        assert!(report.refused.is_empty());
        assert_eq!(present(&fixture.store), [0, 2, 4], "{step:?}");
        assert!(fixture.temporary().is_empty(), "{step:?}");
        assert!(names(&fixture.path("pins")).is_empty(), "{step:?}");
        assert_eq!(fixture.store.read_roots().unwrap().len(), 1, "{step:?}");
    }
}

/// Nobody waits for a collection that stands still: what it took is given back or fetched again.
#[test]
fn nobody_waits_for_a_collection() {
    let fixture = half_needed();
    let object = find(&fixture.store, sha256(&content(3))).unwrap();
    let store = fixture.store.root().to_owned();
    let mut worker = Worker::start(&Job::StopCollection { store, step: 0 });
    assert_eq!(worker.next().as_deref(), Some("stopped"));
    assert_eq!(bytes_of(&fixture.store, &object), content(3));
    for seed in 0..6 {
        put_content(&fixture.store, seed);
    }
    assert_eq!(present(&fixture.store).len(), 6);
    worker.kill();
}
