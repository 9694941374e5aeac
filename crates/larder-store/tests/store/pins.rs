//! Pins (FORMAT.md L9, P1 to P3, G2, R6): what a run is about to use is not collected.

use std::{
    fs::{self, File},
    path::Path,
    time::SystemTime,
};

use larder_store::{Access, CollectPolicy, Pin, Store, StoreError, StoreOptions};

use crate::{
    support::{
        DAY, Fixture, bytes_of, collect, collecting, content, find, lazy, md5, names, present, put,
        put_content, sha256,
    },
    worker::{Job, Worker, say},
};

/// A run that pins one object and is killed.
pub(crate) fn work(root: &Path, seed: u32) {
    let store = Store::open(root, &lazy()).unwrap();
    let _pin = store.pin([sha256(&content(seed))]).unwrap();
    say("pinned");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

fn pin(store: &Store, seed: u32) -> Pin {
    store.pin([sha256(&content(seed))]).unwrap()
}

#[test]
fn what_is_pinned_stays_until_the_pin_is_dropped() {
    let fixture = Fixture::new();
    for seed in 0..3 {
        put_content(&fixture.store, seed);
    }
    let pins = [pin(&fixture.store, 1), pin(&fixture.store, 7)];
    assert_eq!(names(&fixture.path("pins")).len(), 4);
    collect(&fixture.store, CollectPolicy::Needed);
    assert_eq!(present(&fixture.store), [1]);
    collect(&fixture.store, CollectPolicy::Exactly([].into()));
    assert_eq!(present(&fixture.store), [1]);
    drop(pins);
    assert!(names(&fixture.path("pins")).is_empty());
    collect(&fixture.store, CollectPolicy::Needed);
    assert!(present(&fixture.store).is_empty());
}

/// An object may be known by MD5 only, and come after its pin.
#[test]
fn what_is_pinned_by_md5_stays() {
    let fixture = Fixture::new();
    let bytes = content(4);
    let _pin = fixture.store.pin([md5(&bytes)]).unwrap();
    put(&fixture.store, &bytes, Some(md5(&bytes))).unwrap();
    put_content(&fixture.store, 5);
    collect(&fixture.store, CollectPolicy::Needed);
    assert_eq!(present(&fixture.store), [4]);
}

/// P3: the lock tells that the run is over; its pin is removed.
#[test]
fn a_killed_run_keeps_nothing() {
    let fixture = Fixture::new();
    put_content(&fixture.store, 1);
    let store = fixture.store.root().to_owned();
    let mut worker = Worker::start(&Job::Pin { store, seed: 1 });
    assert_eq!(worker.next().as_deref(), Some("pinned"));
    collect(&fixture.store, CollectPolicy::Needed);
    assert_eq!(present(&fixture.store), [1]);
    worker.kill();
    assert_eq!(names(&fixture.path("pins")).len(), 2);
    let report = collect(&fixture.store, CollectPolicy::Needed);
    assert_eq!((report.objects, report.left_over), (1, 1));
    assert!(present(&fixture.store).is_empty());
    assert!(names(&fixture.path("pins")).is_empty());
}

/// P3: where nobody can tell whether the run is there, its pin counts for a day.
#[test]
fn a_pin_of_another_machine_counts_for_a_day() {
    for (boot, locked) in [("\"elsewhere\"", true), ("null", false)] {
        let fixture = Fixture::new();
        let id = put_content(&fixture.store, 1).id;
        let path = fixture.path("pins/12-ab.json");
        let text = format!(
            "{{\"boot\": {boot}, \"locked\": {locked}, \"sha256\": [\"{}\"], \"md5\": []}}",
            id.sha256
        );
        fs::write(&path, text).unwrap();
        collect(&fixture.store, CollectPolicy::Needed);
        assert_eq!(present(&fixture.store), [1], "{boot}");
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - DAY).unwrap();
        collect(&fixture.store, CollectPolicy::Needed);
        assert!(present(&fixture.store).is_empty(), "{boot}");
        assert!(!path.exists(), "{boot}");
    }
}

/// A pin can be done without: what makes no sense holds up nothing, and goes when it is old.
#[test]
fn what_is_no_pin_keeps_nothing() {
    let fixture = Fixture::new();
    put_content(&fixture.store, 1);
    for name in ["1-a.json", "2-b.lock"] {
        fs::write(fixture.path("pins").join(name), "{").unwrap();
    }
    collect(&fixture.store, CollectPolicy::Needed);
    assert!(present(&fixture.store).is_empty());
    assert_eq!(names(&fixture.path("pins")).len(), 2);
    let mut options = collecting(CollectPolicy::Needed);
    options.now += DAY;
    let plan = fixture.store.plan_collection(&options).unwrap();
    let silent = larder_event::SilentReporter;
    fixture.store.collect(&plan, options.now, &silent).unwrap();
    assert!(names(&fixture.path("pins")).is_empty());
}

/// R6: a collection has just taken the name of an object that somebody found.
#[test]
fn a_reader_takes_an_object_back_from_a_collection() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    let sha256 = object.id.sha256;
    let doomed = fixture.path(&format!("tmp/doomed-{sha256}-7-00ff.conda"));
    fs::rename(&object.path, &doomed).unwrap();
    assert_eq!(bytes_of(&fixture.store, &object), content(1));
    assert!(object.path.is_file() && !doomed.exists());
}

#[test]
fn a_store_for_reading_takes_no_pin() {
    let fixture = Fixture::new();
    let options = StoreOptions {
        access: Access::ReadOnly,
        ..StoreOptions::default()
    };
    let store = Store::open(fixture.store.root(), &options).unwrap();
    let error = store.pin([]).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }));
    assert!(find(&store, sha256(&content(1))).is_none());
}
