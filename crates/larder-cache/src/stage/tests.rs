use std::{fs, io, path::Path};

use larder_fs::PathError;

use super::Stage;

/// Windows, and volumes that cannot swap two names.
fn cannot_exchange(_one: &Path, other: &Path) -> Result<(), PathError> {
    Err(PathError {
        operation: "exchange with",
        path: other.to_owned(),
        source: io::ErrorKind::Unsupported.into(),
    })
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn target() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("target")).unwrap();
    for name in ["old", "both"] {
        fs::write(place.path().join("target").join(name), "old").unwrap();
    }
    place
}

fn fill(stage: &Stage) {
    for name in ["new", "both"] {
        fs::write(stage.path().join(name), "new").unwrap();
    }
}

#[test]
fn beside_or_inside_what_was_there_is_replaced_and_nothing_else_is_left() {
    for is_inside in [false, true] {
        let place = target();
        let target = place.path().join("target");
        let room = if is_inside { &target } else { place.path() };
        let stage = Stage::make(&target, room, is_inside).unwrap();
        fill(&stage);
        stage.commit().unwrap();
        assert_eq!(names(&target), ["both", "new"], "inside: {is_inside}");
        assert_eq!(fs::read_to_string(target.join("both")).unwrap(), "new");
        assert_eq!(names(place.path()), ["target"]);
    }
}

#[test]
fn a_stage_that_is_given_up_leaves_what_was_there() {
    for is_inside in [false, true] {
        let place = target();
        let target = place.path().join("target");
        let room = if is_inside { &target } else { place.path() };
        let stage = Stage::make(&target, room, is_inside).unwrap();
        fill(&stage);
        drop(stage);
        assert_eq!(names(&target), ["both", "old"], "inside: {is_inside}");
        assert_eq!(names(place.path()), ["target"]);
    }
}

#[test]
fn a_target_that_is_not_there_is_made_with_what_it_lies_in() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("a/b/target");
    let stage = Stage::new(&target).unwrap();
    fill(&stage);
    stage.commit().unwrap();
    assert_eq!(names(&target), ["both", "new"]);
    assert_eq!(names(&place.path().join("a/b")), ["target"]);
}

#[test]
fn without_an_exchange_a_target_is_replaced_whether_it_is_there_or_not() {
    let place = target();
    let target = place.path().join("target");
    for round in 0..2 {
        if round == 1 {
            fs::remove_dir_all(&target).unwrap();
        }
        let stage = Stage::new(&target).unwrap();
        fill(&stage);
        stage.commit_with(cannot_exchange).unwrap();
        assert_eq!(names(&target), ["both", "new"], "absent: {}", round == 1);
        assert_eq!(fs::read_to_string(target.join("both")).unwrap(), "new");
        assert_eq!(names(place.path()), ["target"]);
    }
}

#[test]
fn without_an_exchange_a_failed_second_step_puts_back_what_was_there() {
    let place = target();
    let target = place.path().join("target");
    let stage = Stage::new(&target).unwrap();
    // Nothing to move into place.
    fs::remove_dir(stage.path()).unwrap();
    stage.commit_with(cannot_exchange).unwrap_err();
    assert_eq!(names(&target), ["both", "old"]);
    assert_eq!(names(place.path()), ["target"]);
}
