//! What killed runs leave, each state of the table in `src/crash.rs`, and runs at the same time.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Barrier,
    thread,
};

use larder_event::{EventRecorder, SilentReporter};
use larder_link::{LinkOptions, Recovered, Replace, recover};
use larder_testkit::tree_of;

use crate::support::{Kit, create, fails, names, package};

const STAGED: &str = ".larder-env-abcdefgh";

/// A directory with something in it, as a run may leave it.
fn leftover(kit: &Kit, name: &str) -> PathBuf {
    let path = kit.envs().join(name);
    fs::create_dir_all(path.join("lib")).unwrap();
    fs::write(path.join("lib/x"), "x").unwrap();
    path
}

fn recovered(kit: &Kit) -> Recovered {
    let (prefix, key) = (kit.prefix(), kit.key());
    let recovered = recover(&prefix, &key, &SilentReporter).unwrap();
    assert_eq!(
        recover(&prefix, &key, &SilentReporter).unwrap(),
        Recovered::default(),
        "once is enough"
    );
    recovered
}

#[test]
fn killed_while_building_the_leftover_goes_and_the_environment_stays() {
    let kit = Kit::new();
    kit.create(&[&kit.unpack(package("a").file("a", "a"))]);
    let before = tree_of(&kit.prefix());
    leftover(&kit, STAGED);
    leftover(&kit, ".larder-env-other-abcdefgh");
    let expected = Recovered {
        leftovers: 1,
        ..Recovered::default()
    };
    assert_eq!(recovered(&kit), expected);
    assert_eq!(kit.beside(), [".larder-env-other-abcdefgh", "env"]);
    assert_eq!(tree_of(&kit.prefix()), before);
}

#[test]
fn killed_after_the_exchange_the_old_environment_goes() {
    let kit = Kit::new();
    kit.create(&[&kit.unpack(package("new").file("new", "new"))]);
    fs::create_dir_all(leftover(&kit, STAGED).join("conda-meta")).unwrap();
    fs::write(kit.envs().join(STAGED).join("conda-meta/history"), "").unwrap();
    recovered(&kit);
    assert_eq!(kit.beside(), ["env"]);
    assert!(kit.has("new"));
}

#[test]
fn between_two_renames_a_directory_that_no_run_of_this_user_moved_aside_stays() {
    let kit = Kit::new();
    let name = format!("{STAGED}.old");
    let old = leftover(&kit, &name);
    let before = tree_of(&old);
    leftover(&kit, STAGED);
    let recovered = recover(&kit.prefix(), &kit.key(), &SilentReporter).unwrap();
    assert_eq!((recovered.put_back, recovered.unknown), (false, 1));
    assert_eq!(kit.beside(), [name]);
    assert_eq!(tree_of(&old), before);
}

/// Links a package whose script copies everything beside the prefix: what a kill would leave then.
fn snapshot_while_scripts_run(kit: &Kit, action: &str, replace: Replace) -> PathBuf {
    let snapshot = kit.envs().with_file_name("snapshot");
    let script = format!(
        "cp -a '{}' '{}'\n",
        kit.envs().display(),
        snapshot.display()
    );
    let new = kit.unpack(
        package("new")
            .file("new", "new")
            .link_script(action, &script),
    );
    create(
        &[&new],
        &LinkOptions {
            replace,
            ..kit.options()
        },
    );
    // A kill leaves it where it was made, which is part of what is sealed.
    fs::rename(kit.envs(), kit.envs().with_file_name("went-on")).unwrap();
    fs::rename(snapshot, kit.envs()).unwrap();
    kit.envs()
}

#[test]
fn killed_while_scripts_run_the_unfinished_environment_goes() {
    for action in ["pre-link", "post-link"] {
        let kit = Kit::new();
        let snapshot = snapshot_while_scripts_run(&kit, action, Replace::Never);
        assert!(
            !snapshot.join("env/conda-meta/history").exists(),
            "no history, no environment"
        );
        assert!(recovered(&kit).removed_unfinished);
        assert!(names(&snapshot).is_empty());
    }
}

#[test]
fn killed_while_scripts_run_the_replaced_environment_is_put_back() {
    for action in ["pre-link", "post-link"] {
        let kit = Kit::new();
        kit.create(&[&kit.unpack(package("old").file("old", "old"))]);
        let before = tree_of(&kit.prefix());
        let snapshot = snapshot_while_scripts_run(&kit, action, Replace::Existing);
        let recovered = recovered(&kit);
        assert!(recovered.put_back && recovered.removed_unfinished);
        assert_eq!(names(&snapshot), ["env"]);
        assert_eq!(tree_of(&snapshot.join("env")), before);
        let went_on = kit.envs().with_file_name("went-on/env");
        assert!(went_on.join("new").exists() && !went_on.join("old").exists());
    }
}

#[test]
fn killed_while_scripts_run_without_exchange_the_replaced_environment_is_put_back() {
    let kit = Kit::new();
    kit.create(&[&kit.unpack(package("old").file("old", "old"))]);
    let before = tree_of(&kit.prefix());
    let snapshot = snapshot_while_scripts_run(&kit, "post-link", Replace::Existing);
    let staged = names(&snapshot)
        .into_iter()
        .find(|name| name.len() == STAGED.len())
        .unwrap();
    // The marker in the prefix vouches for it.
    fs::rename(
        snapshot.join(&staged),
        snapshot.join(format!("{staged}.old")),
    )
    .unwrap();
    assert!(recovered(&kit).put_back);
    assert_eq!(tree_of(&snapshot.join("env")), before);
    assert_eq!(names(&snapshot), ["env"]);
}

#[test]
fn killed_after_the_history_was_written_the_new_environment_stays() {
    let kit = Kit::new();
    kit.create(&[&kit.unpack(package("new").file("new", "new"))]);
    let before = tree_of(&kit.prefix());
    leftover(&kit, STAGED);
    fs::write(kit.prefix().join("conda-meta/.larder-unfinished"), STAGED).unwrap();
    recovered(&kit);
    assert_eq!(tree_of(&kit.prefix()), before);
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn a_marker_that_names_something_else_touches_nothing_else() {
    let kit = Kit::new();
    let victim = leftover(&kit, "victim");
    for name in ["victim", "../envs/victim", ""] {
        fs::create_dir_all(kit.prefix().join("conda-meta")).unwrap();
        fs::write(kit.prefix().join("conda-meta/.larder-unfinished"), name).unwrap();
        let error = recover(&kit.prefix(), &kit.key(), &SilentReporter).unwrap_err();
        assert!(error.source.to_string().contains("not written by larder"));
        assert!(victim.join("lib/x").is_file());
        assert_eq!(kit.beside(), ["env", "victim"]);
    }
}

#[test]
fn a_new_run_recovers_first_and_says_so() {
    let kit = Kit::new();
    leftover(&kit, STAGED);
    let a = kit.unpack(package("a").file("a", "a"));
    let created = kit.create(&[&a]);
    let text = format!("{:?}", created.events);
    assert!(text.contains("did not finish"), "{text}");
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn of_runs_at_the_same_time_one_makes_the_environment_and_the_others_find_it() {
    let kit = Kit::new();
    let mut built = package("a").link_script("post-link", "true\n");
    for index in 0..50 {
        built = built.file(&format!("d{index}/f"), "f");
    }
    let a = kit.unpack(built);
    let barrier = Barrier::new(4);
    let results: Vec<Result<(), String>> = thread::scope(|scope| {
        let run = || {
            let options = kit.options();
            let packages = crate::support::links(&[&a]);
            let plan = larder_link::plan(&packages, &options).unwrap();
            barrier.wait();
            let applied = larder_link::apply(&plan, &options, &EventRecorder::default());
            applied.map(drop).map_err(|error| error.to_string())
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let failures: Vec<&String> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .collect();
    assert_eq!(failures.len(), 3);
    assert!(
        failures
            .iter()
            .all(|error| error.contains("already exists")),
        "{failures:?}"
    );
    assert_eq!(kit.beside(), ["env"]);
    assert!(kit.has("d49/f") && kit.has("conda-meta/history"));
}

#[test]
fn a_full_or_unwritable_place_leaves_nothing() {
    let kit = Kit::new();
    let a = kit.unpack(package("a").file("a", "a"));
    fs::write(kit.envs().join("file"), "").unwrap();
    let prefix = kit.envs().join("file/env");
    let error = fails(
        &[&a],
        &LinkOptions {
            prefix,
            ..kit.options()
        },
    );
    assert!(error.contains("file"), "{error}");
    assert_eq!(kit.beside(), ["file"]);
}

#[test]
fn nothing_to_recover_makes_nothing() {
    let kit = Kit::new();
    assert_eq!(recovered(&kit), Recovered::default());
    let nowhere = Path::new("/nowhere/at/all/env");
    assert_eq!(
        recover(nowhere, &kit.key(), &SilentReporter).unwrap(),
        Recovered::default()
    );
    assert!(kit.beside().is_empty());
}
