//! The sandbox lets nothing of the outer environment in, and runs say what happened.
#![cfg(unix)]

use std::path::Path;

use larder_testkit::Sandbox;

#[test]
fn a_run_sees_just_the_sandbox() {
    let sandbox = Sandbox::new(Path::new("/usr/bin/env"));
    let run = sandbox.larder(&[]).success();
    let mut lines: Vec<_> = run.stdout.lines().collect();
    lines.sort_unstable();
    let expected = [
        format!("HOME={}", sandbox.home().display()),
        "LANG=C.UTF-8".to_owned(),
        "LARDER_DURABLE=false".to_owned(),
        format!("LARDER_STORE={}", sandbox.store().display()),
        format!("LARDER_SYSTEM_CONFIG={}", sandbox.system_config().display()),
        format!("LARDER_TREES={}", sandbox.trees().display()),
        "PATH=/usr/bin:/bin".to_owned(),
    ];
    assert_eq!(lines, expected);
    for dir in [sandbox.home(), sandbox.store(), sandbox.trees()] {
        assert_eq!(larder_testkit::tree_of(&dir), [] as [String; 0]);
    }
}

#[test]
fn a_run_starts_in_work() {
    let sandbox = Sandbox::new(Path::new("/bin/cat"));
    let path = sandbox.write("deep/file.txt", "text\n");
    assert_eq!(path, sandbox.path("deep/file.txt"));
    assert_eq!(
        sandbox.larder(&["deep/file.txt"]).success().stdout,
        "text\n"
    );
}

#[test]
fn exit_codes_and_streams_are_kept_apart() {
    let sandbox = Sandbox::new(Path::new("/bin/sh"));
    let run = sandbox
        .larder(&["-c", "echo out; echo err >&2; exit 3"])
        .fails_with(3);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("out\n", "err\n")
    );
    assert_eq!(sandbox.larder(&["-c", "kill -9 $$"]).status, -1);
}

#[test]
#[should_panic(expected = "exit code 1, expected 0\n--- stdout\nsaid\n\n--- stderr\nwhy")]
fn an_unexpected_exit_code_shows_the_whole_output() {
    let sandbox = Sandbox::new(Path::new("/bin/sh"));
    sandbox
        .larder(&["-c", "echo said; echo why >&2; exit 1"])
        .success();
}

#[test]
fn the_sandbox_is_removed_on_drop() {
    let sandbox = Sandbox::new(Path::new("/bin/true"));
    let home = sandbox.home();
    assert!(home.is_dir());
    drop(sandbox);
    assert!(!home.exists());
}
