//! Sweeping what killed processes left (FORMAT.md L7, L8, C3).

use std::{
    fs::{self, File},
    io::Write as _,
    time::{Duration, SystemTime},
};

use larder_store::ObjectKind;

use crate::support::{Fixture, bytes_of, content, flip_a_bit, put_content};

const DAY: Duration = Duration::from_secs(86400);

fn leave(fixture: &Fixture, name: &str, time: SystemTime) {
    let file = File::create(fixture.path("tmp").join(name)).unwrap();
    file.set_modified(time).unwrap();
}

#[test]
fn only_old_temporary_files_go() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    let far = SystemTime::UNIX_EPOCH + DAY * 36500;
    leave(&fixture, "ingest-1-a", SystemTime::UNIX_EPOCH);
    leave(&fixture, "ingest-2-b", far);
    leave(&fixture, "damaged-3-c", SystemTime::UNIX_EPOCH);
    leave(&fixture, "note.txt", SystemTime::UNIX_EPOCH);
    let mut live = fixture.store.ingest(ObjectKind::Conda, None).unwrap();
    live.write_all(&content(2)).unwrap();
    assert_eq!(fixture.store.sweep_abandoned(DAY).unwrap(), 1);
    assert_eq!(
        fixture.temporary(),
        ["damaged", "ingest", "ingest", "note.txt"]
    );
    live.finish().unwrap();
    assert_eq!(bytes_of(&fixture.store, &object), content(1));
    assert_eq!(fixture.verify().objects, 2);
}

/// "That writer's rename fails and says so."
#[test]
fn a_live_writer_that_is_swept_fails_and_leaves_nothing() {
    let fixture = Fixture::new();
    let mut live = fixture.store.ingest(ObjectKind::Conda, None).unwrap();
    live.write_all(&content(1)).unwrap();
    assert_eq!(fixture.store.sweep_abandoned(Duration::ZERO).unwrap(), 1);
    let error = live.finish().unwrap_err();
    assert!(error.to_string().contains("rename to"), "{error}");
    assert_eq!(fixture.verify().objects, 0);
    assert_eq!(fixture.store.sweep_abandoned(Duration::ZERO).unwrap(), 0);
}

/// L8.
#[test]
fn damaged_objects_are_kept_for_a_person_to_look_at() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    flip_a_bit(&object.path);
    fixture.store.open_verified(&object).unwrap_err();
    fixture.store.sweep_abandoned(Duration::ZERO).unwrap();
    assert_eq!(fixture.temporary(), ["damaged"]);
}

#[test]
fn a_store_without_tmp_has_nothing_to_sweep() {
    let fixture = Fixture::new();
    fs::remove_dir(fixture.path("tmp")).unwrap();
    assert_eq!(fixture.store.sweep_abandoned(DAY).unwrap(), 0);
}
