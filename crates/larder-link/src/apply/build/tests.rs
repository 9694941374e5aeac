//! The way round a file system that cannot exchange two directories.

use std::fs;

use larder_event::EventRecorder;
use larder_event::SilentReporter;

use super::*;
use crate::JournalKey;

const STATE: &str = "state";

/// An environment with one file that says which it is, in its place.
fn environment(root: &Path, which: &str) {
    fs::create_dir_all(root.join("conda-meta")).unwrap();
    fs::write(root.join("conda-meta/history"), "").unwrap();
    fs::write(root.join("which"), which).unwrap();
}

/// A key in a hidden directory that is not counted.
fn key(parent: &Path) -> JournalKey {
    JournalKey::in_directory(Some(parent.join(STATE)))
}

/// How many entries there are besides that.
fn count(parent: &Path) -> usize {
    let entries = fs::read_dir(parent).unwrap();
    entries
        .filter(|entry| entry.as_ref().unwrap().file_name() != STATE)
        .count()
}

fn which(root: &Path) -> String {
    fs::read_to_string(root.join("which")).unwrap()
}

fn replacing(parent: &Path) -> Build {
    let prefix = parent.join("env");
    environment(&prefix, "old");
    let build = Build::start(
        Site::new(&prefix, &key(parent)),
        Replace::Existing,
        Durability::Lazy,
    )
    .unwrap();
    environment(build.root(), "new");
    build
}

#[test]
fn two_renames_replace_an_environment_and_nothing_stays() {
    let parent = tempfile::tempdir().unwrap();
    let mut build = replacing(parent.path());
    build.swap_by_renames().unwrap();
    build.state = State::InPlace;
    assert_eq!(which(&crash::old_path(&build.staged)), "old");
    let recorder = EventRecorder::default();
    build.finish(Replace::Existing, &recorder).unwrap();
    assert_eq!(which(&parent.path().join("env")), "new");
    assert_eq!(count(parent.path()), 1);
}

#[test]
fn after_two_renames_the_old_environment_can_be_put_back() {
    let parent = tempfile::tempdir().unwrap();
    let mut build = replacing(parent.path());
    build.write_marker().unwrap();
    build.swap_by_renames().unwrap();
    build.state = State::InPlace;
    build.abandon(&EventRecorder::default());
    assert_eq!(which(&parent.path().join("env")), "old");
    assert_eq!(count(parent.path()), 1);
}

#[test]
fn an_environment_that_appears_meanwhile_stays() {
    let parent = tempfile::tempdir().unwrap();
    let prefix = parent.path().join("env");
    let build = Build::start(
        Site::new(&prefix, &key(parent.path())),
        Replace::Never,
        Durability::Lazy,
    )
    .unwrap();
    environment(build.root(), "ours");
    environment(&prefix, "theirs");
    let error = build
        .finish(Replace::Never, &EventRecorder::default())
        .unwrap_err();
    assert!(matches!(error, ApplyError::AlreadyExists { .. }), "{error}");
    assert_eq!(which(&prefix), "theirs");
    assert_eq!(count(parent.path()), 1);
}

/// Where locks prove nothing, another run may have put back what was there while this one lived.
#[test]
fn an_environment_that_somebody_else_put_back_is_neither_written_to_nor_removed() {
    let parent = tempfile::tempdir().unwrap();
    let prefix = parent.path().join("env");
    environment(&prefix, "old");
    let mut build = Build::start(
        Site::new(&prefix, &key(parent.path())),
        Replace::Existing,
        Durability::Lazy,
    )
    .unwrap();
    fs::write(build.root().join("which"), "new").unwrap();
    build
        .move_unfinished(Replace::Existing, &SilentReporter)
        .unwrap();
    assert_eq!(which(&prefix), "new");
    build.check_still_ours().unwrap();

    crash::recover(&prefix, &key(parent.path()), &EventRecorder::default()).unwrap();
    let error = build.check_still_ours().unwrap_err();
    assert!(matches!(error, ApplyError::Place { .. }), "{error}");
    build.abandon(&EventRecorder::default());
    assert_eq!(which(&prefix), "old");
    assert_eq!(count(parent.path()), 1);
}

/// As above, but before it is in place.
#[test]
fn a_staged_environment_that_somebody_else_removed_does_not_come_into_place() {
    let parent = tempfile::tempdir().unwrap();
    let prefix = parent.path().join("env");
    let build = Build::start(
        Site::new(&prefix, &key(parent.path())),
        Replace::Never,
        Durability::Lazy,
    )
    .unwrap();
    environment(build.root(), "ours");
    assert_eq!(
        crash::recover(&prefix, &key(parent.path()), &EventRecorder::default())
            .unwrap()
            .leftovers,
        1
    );
    let error = build
        .finish(Replace::Never, &EventRecorder::default())
        .unwrap_err();
    assert!(matches!(error, ApplyError::Place { .. }), "{error}");
    assert_eq!(count(parent.path()), 0);
}

#[test]
fn an_unfinished_environment_is_not_taken_for_one() {
    let parent = tempfile::tempdir().unwrap();
    let prefix = parent.path().join("env");
    let mut build = Build::start(
        Site::new(&prefix, &key(parent.path())),
        Replace::Never,
        Durability::Lazy,
    )
    .unwrap();
    build
        .move_unfinished(Replace::Never, &SilentReporter)
        .unwrap();
    for replace in [Replace::Never, Replace::Existing] {
        let error = Build::start(
            Site::new(&prefix, &key(parent.path())),
            replace,
            Durability::Lazy,
        )
        .err();
        assert!(
            matches!(error, Some(ApplyError::Unfinished { .. })),
            "{error:?}"
        );
    }
}
