//! `larder sync` on small packages: drift is told and mended.

use std::fs;

use larder_testkit::{PackageBuilder, Sandbox};
use serde_json::Value;

use crate::support::{channel, conda, env, json, lib, program, sandbox};

/// A locked environment of app, lib and a python without a program.
fn made() -> Sandbox {
    let sandbox = sandbox();
    let python = PackageBuilder::new("python", "3.11.1", "0").file("lib/python3.11/os.py", "");
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("lib >=2")),
            conda(program("other", "1.0")),
            conda(lib()),
            conda(python),
        ],
    );
    let text = "channels: [./channel]\ndependencies: [app, python]\n";
    sandbox.write("environment.yml", text);
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox
}

fn sync(sandbox: &Sandbox, more: &[&str]) -> Value {
    let arguments = [&["sync", "-p", "env", "--json"], more].concat();
    json(&sandbox.larder(&arguments).success())
}

fn overwrite(sandbox: &Sandbox, path: &str, text: &str) {
    let path = env(sandbox).join(path);
    fs::remove_file(&path).unwrap();
    fs::write(path, text).unwrap();
}

/// As pip leaves it: a module and its metadata.
fn install_with_pip(sandbox: &Sandbox) {
    let site_packages = "env/lib/python3.11/site-packages";
    for (path, text) in [
        ("tool.py", "x = 1\n"),
        (
            "tool-1.5.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: tool\nVersion: 1.5\n",
        ),
        ("tool-1.5.dist-info/INSTALLER", "pip\n"),
        (
            "tool-1.5.dist-info/RECORD",
            "tool.py,,\ntool-1.5.dist-info/METADATA,,\ntool-1.5.dist-info/INSTALLER,,\n\
             tool-1.5.dist-info/RECORD,,\n",
        ),
    ] {
        sandbox.write(&format!("{site_packages}/{path}"), text);
    }
}

#[test]
fn what_old_tools_installed_is_seen_by_its_egg_info() {
    let sandbox = made();
    let site_packages = "env/lib/python3.11/site-packages";
    let metadata = |name: &str| format!("Metadata-Version: 1.1\nName: {name}\nVersion: 0.9\n");
    for (path, text) in [
        ("old.py", "x = 1\n".to_owned()),
        ("old-0.9.egg-info/PKG-INFO", metadata("old")),
        (
            "old-0.9.egg-info/installed-files.txt",
            "../old.py\nPKG-INFO\n".to_owned(),
        ),
        ("older-0.9-py3.11.egg-info", metadata("older")),
    ] {
        sandbox.write(&format!("{site_packages}/{path}"), &text);
    }
    let run = sandbox
        .larder(&["verify", "-p", "env", "--json"])
        .fails_with(1);
    let report = json(&run);
    let names: Vec<&str> = report["pip"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["old", "older"]);
    assert_eq!(report["extra"], serde_json::json!([]), "{report}");
    let listed = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    let of_pip = listed.as_array().unwrap().iter();
    let of_pip = of_pip.filter(|package| package["channel"] == "pypi");
    assert_eq!(of_pip.count(), 2, "{listed}");
    sandbox
        .larder(&["sync", "-p", "env", "--prune-pip"])
        .success();
    sandbox.larder(&["verify", "-p", "env"]).success();
    assert!(!sandbox.path(&format!("{site_packages}/old.py")).exists());
}

#[test]
fn a_path_that_two_packages_of_pip_have_is_right_if_one_of_them_is() {
    let sandbox = made();
    install_with_pip(&sandbox);
    let site_packages = "env/lib/python3.11/site-packages";
    for (name, script) in [("one", "1\n"), ("two", "22\n")] {
        let directory = format!("{site_packages}/{name}-1.0.dist-info");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
        sandbox.write(&format!("{directory}/METADATA"), &metadata);
        let record = format!(
            "../../../bin/both,,{}\n{name}-1.0.dist-info/METADATA,,\n{name}-1.0.dist-info/RECORD,,\n",
            script.len()
        );
        sandbox.write(&format!("{directory}/RECORD"), &record);
    }
    for (text, drifted) in [("1\n", 0), ("22\n", 0), ("333\n", 1)] {
        sandbox.write("env/bin/both", text);
        let run = sandbox
            .larder(&["verify", "-p", "env", "--json"])
            .fails_with(1);
        let report = json(&run);
        let found = report["drifted"].as_array().unwrap();
        assert_eq!(found.len(), drifted, "{text:?}: {report}");
    }
}

#[test]
fn a_dry_run_tells_drift_and_changes_nothing_and_yes_is_understood() {
    let sandbox = made();
    overwrite(&sandbox, "bin/app", "edited");
    let run = sandbox
        .larder(&["sync", "-p", "env", "--dry-run"])
        .success();
    assert!(run.stdout.contains("changed: bin/app"), "{}", run.stdout);
    assert_eq!(
        fs::read_to_string(sandbox.path("env/bin/app")).unwrap(),
        "edited"
    );
    let run = sandbox.larder(&["sync", "-p", "env", "--yes"]).success();
    assert!(run.stdout.contains("changed: bin/app"), "{}", run.stdout);
    sandbox.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn drift_is_told_and_mended_and_files_of_nobody_stay() {
    let sandbox = made();
    overwrite(&sandbox, "bin/app", "edited");
    fs::remove_file(env(&sandbox).join("lib/data.txt")).unwrap();
    sandbox.write("env/mine.txt", "mine");
    let run = sandbox.larder(&["sync", "-p", "env"]).success();
    for line in [
        "changed: bin/app",
        "missing: lib/data.txt",
        "extra: mine.txt",
    ] {
        assert!(run.stdout.contains(line), "{line}: {}", run.stdout);
    }
    assert!(
        run.stderr.contains("linked 2 packages, kept 1"),
        "{}",
        run.stderr
    );
    sandbox.larder(&["run", "-p", "env", "--", "app"]).success();
    assert!(env(&sandbox).join("mine.txt").is_file());
    assert!(!env(&sandbox).join(".larder-saved").exists());
    fs::remove_file(env(&sandbox).join("mine.txt")).unwrap();
    sandbox.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn what_is_as_it_should_be_is_not_touched() {
    let sandbox = made();
    let history = || fs::read_to_string(env(&sandbox).join("conda-meta/history")).unwrap();
    let before = history();
    let report = sync(&sandbox, &["--offline"]);
    assert_eq!(
        report["message"],
        "All requested packages already installed."
    );
    assert_eq!(report["drift"]["drifted"], serde_json::json!([]));
    assert_eq!(history(), before);
}

#[test]
fn packages_that_the_lock_does_not_have_go_and_those_of_pip_if_asked() {
    let sandbox = made();
    sandbox.write("more.yml", "channels: [./channel]\ndependencies: [other]\n");
    let update = ["env", "update", "-p", "env", "-f", "more.yml"];
    sandbox.larder(&update).success();
    install_with_pip(&sandbox);
    let report = sync(&sandbox, &[]);
    assert_eq!(report["actions"]["UNLINK"][0]["name"], "other");
    assert_eq!(report["drift"]["pip"][0]["name"], "tool");
    let module = env(&sandbox).join("lib/python3.11/site-packages/tool.py");
    assert!(module.is_file(), "kept unless asked");
    sync(&sandbox, &["--prune-pip"]);
    assert!(!env(&sandbox).join("lib/python3.11/site-packages").exists());
    sandbox.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn a_record_that_cannot_be_read_is_made_again() {
    let sandbox = made();
    let meta = env(&sandbox).join("conda-meta");
    fs::write(meta.join("app-1.0-0.json"), "{").unwrap();
    fs::remove_file(meta.join("lib-2.0-h1_0.json")).unwrap();
    let report = sync(&sandbox, &[]);
    assert_eq!(
        report["drift"]["damaged_records"][0]["path"],
        "app-1.0-0.json"
    );
    sandbox.larder(&["verify", "-p", "env"]).success();
    sandbox.larder(&["run", "-p", "env", "--", "app"]).success();
}

#[test]
fn dry_run_tells_and_changes_nothing() {
    let sandbox = made();
    overwrite(&sandbox, "bin/app", "edited");
    let run = sandbox
        .larder(&["sync", "-p", "env", "--dry-run"])
        .success();
    assert!(run.stdout.contains("changed: bin/app"), "{}", run.stdout);
    assert!(
        run.stdout.contains("+ channel/noarch::app-1.0-0"),
        "{}",
        run.stdout
    );
    let text = fs::read_to_string(env(&sandbox).join("bin/app")).unwrap();
    assert_eq!(text, "edited");
}

#[test]
fn without_a_lock_nobody_knows_what_exactly_is_meant() {
    let sandbox = made();
    fs::remove_file(sandbox.path("conda-lock.yml")).unwrap();
    let run = sandbox.larder(&["sync", "-p", "env"]).fails_with(1);
    assert!(run.stderr.contains("larder lock"), "{}", run.stderr);
}

#[test]
fn an_environment_that_is_not_there_is_made() {
    let sandbox = made();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    assert_eq!(sync(&sandbox, &["-f", "conda-lock.yml"])["created"], true);
    sandbox.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn a_frozen_environment_is_left_alone() {
    let sandbox = made();
    overwrite(&sandbox, "bin/app", "edited");
    sandbox.write("env/conda-meta/frozen", "");
    sandbox.larder(&["sync", "-p", "env"]).fails_with(1);
    sync(&sandbox, &["--override-frozen"]);
    sandbox.larder(&["run", "-p", "env", "--", "app"]).success();
}
