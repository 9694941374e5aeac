//! Who may remove a scratch directory, and when. Death by a signal is in `tests/link/killed.rs`.

use std::time::{Duration, SystemTime};

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn later(duration: Duration) -> Certainty {
    Certainty {
        is_alone: true,
        now: SystemTime::now() + duration,
    }
}

fn scratch() -> (tempfile::TempDir, ScratchDir) {
    let parent = tempfile::tempdir().unwrap();
    // The directory that is to hold the environment need not be there.
    let scratch = scratch_beside(&parent.path().join("envs/env")).unwrap();
    (parent, scratch)
}

/// As if the owner had died: its lock is gone, the directory is not.
fn abandon(mut scratch: ScratchDir) -> PathBuf {
    scratch.in_use = None;
    let path = scratch.path.clone();
    std::mem::forget(scratch);
    path
}

#[test]
fn a_living_owner_keeps_it_however_old_it_is() {
    let (_parent, scratch) = scratch();
    assert!(!is_abandoned(scratch.path(), later(10 * DAY)).unwrap());
    let path = scratch.path().to_owned();
    assert!(path.is_dir());
    scratch.close().unwrap();
    assert!(!path.exists());
}

#[test]
fn dropping_removes_it_with_what_is_in_it() {
    let (_parent, scratch) = scratch();
    let path = scratch.path().to_owned();
    fs::create_dir_all(path.join("a/b")).unwrap();
    drop(scratch);
    assert!(!path.exists());
}

#[test]
fn two_of_one_process_are_two_directories() {
    let (parent, one) = scratch();
    let two = scratch_beside(&parent.path().join("envs/env")).unwrap();
    assert_ne!(one.path(), two.path());
}

#[test]
fn it_goes_when_the_owner_is_dead() {
    let (_parent, scratch) = scratch();
    let path = abandon(scratch);
    assert!(is_abandoned(&path, later(Duration::ZERO)).unwrap());
}

#[test]
fn a_lock_of_another_machine_or_boot_proves_nothing_until_a_day_has_passed() {
    let (_parent, scratch) = scratch();
    let path = abandon(scratch);
    fs::write(path.join(IN_USE), "another").unwrap();
    assert!(!is_abandoned(&path, later(Duration::ZERO)).unwrap());
    assert!(is_abandoned(&path, later(DAY)).unwrap());
}

#[test]
fn without_a_lock_age_decides() {
    let (_parent, scratch) = scratch();
    let path = abandon(scratch);
    fs::remove_file(path.join(IN_USE)).unwrap();
    assert!(!is_abandoned(&path, later(DAY / 2)).unwrap());
    assert!(is_abandoned(&path, later(DAY)).unwrap());
}
