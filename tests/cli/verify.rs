//! `larder verify`: an environment held against its records.

use std::{fs, process::Command};

use serde_json::json;

use crate::support::{app_and_lib, env, json as parsed, shared};

#[test]
fn what_was_just_made_is_as_recorded() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let run = sandbox.larder(&["verify", "-p", "env"]).success();
    assert!(
        run.stderr.contains("is as recorded: 2 packages"),
        "{}",
        run.stderr
    );
    let report = parsed(&sandbox.larder(&["verify", "-p", "env", "--json"]).success());
    assert_eq!(report["success"], true);
    assert_eq!(report["drifted"], json!([]));
}

#[test]
fn a_changed_a_missing_and_an_extra_file_are_named_exactly() {
    let sandbox = app_and_lib();
    sandbox
        .larder(&["create", "-p", "env", "--link-mode", "copy"])
        .success();
    fs::write(env(&sandbox).join("lib/data.txt"), "edited").unwrap();
    fs::remove_file(env(&sandbox).join("bin/app")).unwrap();
    fs::write(env(&sandbox).join("lib/mine.txt"), "").unwrap();
    let run = sandbox.larder(&["verify", "-p", "env"]).fails_with(1);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "changed: lib/data.txt has 6 bytes, expected 4 (lib-2.0-h1_0)",
            "missing: bin/app (app-1.0-0)",
            "extra: lib/mine.txt",
        ]
    );
    assert!(
        run.stderr
            .contains("has drifted: 1 changed, 1 missing, 1 extra"),
        "{}",
        run.stderr
    );
    let report = parsed(
        &sandbox
            .larder(&["verify", "-p", "env", "--json"])
            .fails_with(1),
    );
    assert_eq!(report["success"], false);
    assert_eq!(report["drifted"][1]["path"], "lib/data.txt");
    assert_eq!(report["drifted"][1]["drift"], "size");
    assert_eq!(report["extra"], json!(["lib/mine.txt"]));
}

#[test]
fn same_size_is_enough_only_when_it_has_to_be_quick() {
    let sandbox = app_and_lib();
    sandbox
        .larder(&["create", "-p", "env", "--link-mode", "copy"])
        .success();
    fs::write(env(&sandbox).join("lib/data.txt"), "DATA").unwrap();
    sandbox
        .larder(&["verify", "-p", "env", "--quick"])
        .success();
    let run = sandbox.larder(&["verify", "-p", "env"]).fails_with(1);
    assert!(
        run.stdout.starts_with("changed: lib/data.txt has sha256:"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_is_no_environment_is_refused() {
    let sandbox = app_and_lib();
    let run = sandbox.larder(&["verify", "-p", "nothing"]).fails_with(1);
    assert!(
        run.stderr.contains("is not a conda environment"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_real_environment_is_as_recorded_until_it_is_touched() {
    let Some(data) = shared() else { return };
    let sandbox = crate::support::sandbox();
    let channel = data.join("channel");
    let manifest = format!(
        "channels: ['{}']\ndependencies: [python=3.11, numpy, pip]\n",
        channel.display()
    );
    sandbox.write("environment.yml", &manifest);
    sandbox.larder(&["create", "-p", "env"]).success();
    let report = parsed(&sandbox.larder(&["verify", "-p", "env", "--json"]).success());
    assert!(report["files"].as_u64().unwrap() > 3000, "{report}");

    // Running things is no drift; what a person adds is.
    let python = env(&sandbox).join("bin/python");
    let imported = Command::new(&python)
        .args(["-c", "import numpy"])
        .status()
        .unwrap();
    assert!(imported.success());
    let site = env(&sandbox).join("lib/python3.11/site-packages");
    fs::create_dir(site.join("mine-1.0.dist-info")).unwrap();
    fs::write(site.join("mine.py"), "").unwrap();
    fs::write(
        site.join("mine-1.0.dist-info/METADATA"),
        "Name: mine\nVersion: 1.0\n",
    )
    .unwrap();
    fs::write(
        site.join("mine-1.0.dist-info/RECORD"),
        "mine.py,,\nmine-1.0.dist-info/METADATA,,\nmine-1.0.dist-info/RECORD,,\n",
    )
    .unwrap();
    fs::remove_file(site.join("numpy/version.py")).unwrap();
    let run = sandbox.larder(&["verify", "-p", "env"]).fails_with(1);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("missing: lib/python3.11/site-packages/numpy/version.py (numpy-"),
        "{lines:?}"
    );
    assert_eq!(lines[1], "installed on top: mine 1.0 (by an unnamed tool)");
}
