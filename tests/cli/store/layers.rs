//! Stores below the own one, and stores that may not be written.

use larder_testkit::{Run, Sandbox};

use super::archives;
use crate::support::{app_and_lib, env, json};

/// A sandbox whose first create has filled `system/`, a store of the system.
fn with_system_store() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let mut command = sandbox.command(&["create", "-p", "other"]);
    command.env("LARDER_STORE", sandbox.path("system"));
    Run::of(&mut command).success();
    sandbox
}

fn create(sandbox: &Sandbox, extra: &[&str], variables: &[(&str, &std::path::Path)]) -> Run {
    let arguments = [&["create", "-p", "env", "--json"][..], extra].concat();
    let mut command = sandbox.command(&arguments);
    for (name, value) in variables {
        command.env(name, value);
    }
    Run::of(&mut command)
}

#[test]
fn what_a_store_below_has_is_not_fetched() {
    let sandbox = with_system_store();
    let system = sandbox.path("system");
    let lower = ("LARDER_STORE_LOWER", system.as_path());
    let report = json(&create(&sandbox, &["--offline"], &[lower]).success());
    assert_eq!(
        (&report["fetched"], &report["reused"]),
        (&0.into(), &2.into())
    );
    assert!(archives(&sandbox).is_empty(), "nothing is copied up");
    let mut command = sandbox.command(&["store", "verify", "--json"]);
    command.env(lower.0, lower.1);
    assert_eq!(json(&Run::of(&mut command).success())["archives"], 2);
    // The own store records who uses what; the one below is as it was.
    assert_eq!(super::files(&system.join("roots")).len(), 1);

    let missing = sandbox.path("missing");
    std::fs::remove_dir_all(env(&sandbox)).unwrap();
    let run = create(&sandbox, &[], &[("LARDER_STORE_LOWER", &missing)]).fails_with(1);
    assert!(
        run.stdout.contains("there is no larder store at"),
        "{}",
        run.stdout
    );
}

/// Damage below is found, and healed above.
#[test]
fn damage_below_is_healed_in_the_own_store() {
    let sandbox = with_system_store();
    let system = sandbox.path("system");
    let lower = ("LARDER_STORE_LOWER", system.as_path());
    let below = super::files(&system.join("pkgs"));
    std::fs::remove_file(&below[0]).unwrap();
    std::fs::write(&below[0], "damaged").unwrap();
    let verify = |extra: &[&str]| {
        let mut command = sandbox.command(&[&["store", "verify", "--json"], extra].concat());
        command.env(lower.0, lower.1);
        Run::of(&mut command)
    };
    let report = json(&verify(&[]).fails_with(4));
    assert_eq!(
        report["findings"][0]["state"], "found",
        "it cannot be moved"
    );
    let report = json(&verify(&["--repair"]).success());
    assert_eq!(report["findings"][0]["state"], "healed");
    assert_eq!(archives(&sandbox).len(), 1);
    create(&sandbox, &["--offline"], &[lower]).success();
}

/// Runs larder as a user who may read everything here and write to `work/` and the trees only.
#[cfg(target_os = "linux")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn as_nobody(sandbox: &Sandbox, arguments: &[&str]) -> Option<Run> {
    use std::os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    };

    const NOBODY: u32 = 65_534;
    let mode = |path: &std::path::Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let root = sandbox.store().parent().unwrap().to_owned();
    mode(&root, 0o755);
    for path in [sandbox.work(), sandbox.home(), sandbox.trees()] {
        mode(&path, 0o777);
    }
    // Root alone can become somebody else.
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let mut command = sandbox.command(arguments);
    command.uid(NOBODY).gid(NOBODY);
    if !is_root {
        eprintln!("skipped: only root can become another user");
        return None;
    }
    Some(Run::of(&mut command))
}

/// A store of another user has everything: the environment is made, and a note says that nothing is
/// recorded. What has to be written is refused with the path.
#[cfg(target_os = "linux")]
#[test]
fn a_store_that_may_not_be_written_serves_what_it_has() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "other"]).success();
    std::fs::remove_dir_all(sandbox.path("other")).unwrap();
    std::fs::remove_dir_all(sandbox.trees()).unwrap();
    std::fs::create_dir(sandbox.trees()).unwrap();
    std::fs::remove_dir_all(sandbox.home().join(".conda")).unwrap();
    let arguments = ["create", "-p", "env", "--offline", "-v"];
    let Some(run) = as_nobody(&sandbox, &arguments) else {
        return;
    };
    let run = run.success();
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert!(
        run.stderr.contains("is not recorded in the store"),
        "{}",
        run.stderr
    );
    assert!(env(&sandbox).join("lib/data.txt").is_file());

    std::fs::remove_file(&archives(&sandbox)[0]).unwrap();
    std::fs::remove_dir_all(sandbox.trees()).unwrap();
    std::fs::create_dir(sandbox.trees()).unwrap();
    let run = as_nobody(&sandbox, &["create", "-p", "second"]).unwrap();
    let run = run.fails_with(3);
    let store = sandbox.store();
    assert!(
        run.stderr.contains(store.to_str().unwrap()),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("cannot be written"), "{}", run.stderr);
    let run = as_nobody(&sandbox, &["store", "gc"]).unwrap();
    assert!(
        run.status != 0 || run.stderr.contains("removed 0"),
        "{}",
        run.stderr
    );
}
