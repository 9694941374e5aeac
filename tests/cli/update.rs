//! `larder env update` on small packages.

use std::fs;

use larder_testkit::{Sandbox, tree_of};
use serde_json::Value;

use crate::support::{app_and_lib, channel, conda, env, json, lib, program, sandbox};

fn manifest(sandbox: &Sandbox, dependencies: &str) {
    let text = format!("channels: [./channel]\ndependencies: [{dependencies}]\n");
    sandbox.write("environment.yml", &text);
}

fn update(sandbox: &Sandbox, more: &[&str]) -> Value {
    let arguments = [&["env", "update", "-p", "env", "--json"], more].concat();
    json(&sandbox.larder(&arguments).success())
}

fn dists(report: &Value, action: &str) -> Vec<String> {
    let packages = report["actions"][action].as_array().unwrap();
    let dist = |package: &Value| package["dist_name"].as_str().unwrap().to_owned();
    packages.iter().map(dist).collect()
}

/// An environment with app 1.0, lib and other, in a channel that has app 2.0 as well.
fn made() -> Sandbox {
    let sandbox = sandbox();
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("lib >=2")),
            conda(program("app", "2.0").depends("lib >=2")),
            conda(program("other", "1.0")),
            conda(lib()),
        ],
    );
    manifest(&sandbox, "app =1, other");
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox
}

#[test]
fn an_environment_that_is_not_there_is_made() {
    let sandbox = app_and_lib();
    let report = update(&sandbox, &[]);
    assert_eq!(
        (&report["created"], &report["success"]),
        (&true.into(), &true.into())
    );
    assert_eq!(dists(&report, "LINK"), ["app-1.0-0", "lib-2.0-h1_0"]);
    sandbox.larder(&["run", "-p", "env", "--", "app"]).success();
}

#[test]
fn the_first_update_after_a_create_has_nothing_to_do_and_reads_nothing() {
    let sandbox = app_and_lib();
    manifest(&sandbox, "app");
    for create in [
        &["create", "-p", "env"][..],
        &["env", "create", "-p", "env", "-f", "environment.yml"],
    ] {
        sandbox.larder(create).success();
        fs::rename(sandbox.path("channel"), sandbox.path("away")).unwrap();
        let history = sandbox.path("env/conda-meta/history");
        let before = fs::read(&history).unwrap();
        let report = update(&sandbox, &["--offline"]);
        assert_eq!(
            report["message"],
            "All requested packages already installed."
        );
        // Nobody looked: a solve would have told where its packages are from.
        assert_eq!(report["solve"], Value::Null, "{report}");
        assert_eq!(before, fs::read(&history).unwrap());
        fs::rename(sandbox.path("away"), sandbox.path("channel")).unwrap();

        manifest(&sandbox, "app, lib");
        let report = update(&sandbox, &[]);
        assert_ne!(report["solve"], Value::Null, "{report}");
        manifest(&sandbox, "app");
        fs::remove_dir_all(env(&sandbox)).unwrap();
    }
}

#[test]
fn what_the_manifest_does_not_name_stays_and_what_it_names_is_moved_only_if_it_must() {
    let sandbox = made();
    sandbox.write("env/mine.txt", "mine");
    manifest(&sandbox, "app");
    let report = update(&sandbox, &[]);
    assert_eq!(report["solve"], "installed", "app 1.0 is an app");
    assert_eq!(
        report["message"],
        "All requested packages already installed."
    );

    manifest(&sandbox, "app >=2");
    let report = update(&sandbox, &[]);
    assert_eq!(dists(&report, "UNLINK"), ["app-1.0-0"]);
    assert_eq!(dists(&report, "LINK"), ["app-2.0-0"]);
    assert_eq!(report["kept"], 2);
    assert_eq!(
        fs::read_to_string(sandbox.path("env/mine.txt")).unwrap(),
        "mine"
    );
    sandbox
        .larder(&["run", "-p", "env", "--", "other"])
        .success();
    let record = sandbox.path("env/conda-meta/app-2.0-0.json");
    let record: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    assert_eq!(record["requested_specs"][0], "app >=2");
}

#[test]
fn prune_makes_it_exactly_what_the_manifest_or_its_lock_says() {
    let sandbox = made();
    manifest(&sandbox, "app");
    sandbox.larder(&["lock"]).success();
    let report = update(&sandbox, &["--prune"]);
    assert_eq!(report["solve"], "lock");
    assert_eq!(dists(&report, "UNLINK"), ["app-1.0-0", "other-1.0-0"]);
    sandbox.larder(&["create", "-p", "fresh"]).success();
    let files = |name: &str| {
        let mut lines = tree_of(&sandbox.path(name));
        lines.retain(|line| !line.contains("conda-meta/") && !line.contains("bin/"));
        lines
    };
    assert_eq!(files("env"), files("fresh"));
    let names = |name: &str| json(&sandbox.larder(&["list", "-p", name, "--json"]).success());
    assert_eq!(names("env"), names("fresh"));
}

#[test]
fn a_lock_is_enough_and_needs_no_network() {
    let sandbox = made();
    manifest(&sandbox, "app");
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "elsewhere"]).success();
    fs::remove_file(sandbox.path("environment.yml")).unwrap();
    fs::rename(sandbox.path("channel"), sandbox.path("gone")).unwrap();
    let report = update(&sandbox, &["-f", "conda-lock.yml", "--offline"]);
    assert_eq!(dists(&report, "LINK"), ["app-2.0-0"]);
    assert_eq!(report["kept"], 2, "other stays");
    let report = update(&sandbox, &["-f", "conda-lock.yml", "--offline", "--prune"]);
    assert_eq!(dists(&report, "UNLINK"), ["other-1.0-0"]);
}

#[test]
fn an_environment_that_is_up_to_date_is_known_by_two_files() {
    let sandbox = made();
    manifest(&sandbox, "app");
    sandbox.larder(&["lock"]).success();
    for more in [&["--prune"][..], &["-f", "conda-lock.yml", "--prune"], &[]] {
        update(&sandbox, more);
        let before = tree_of(&env(&sandbox));
        let history = sandbox.path("env/conda-meta/history");
        let hidden = sandbox.path("hidden");
        // Only conda-meta/larder and the length of the history count.
        for name in ["bin", "conda-meta/app-2.0-0.json"] {
            fs::rename(env(&sandbox).join(name), &hidden).unwrap();
            let report = update(&sandbox, more);
            fs::rename(&hidden, env(&sandbox).join(name)).unwrap();
            assert_eq!(report["solve"], Value::Null, "{more:?}");
            assert_eq!(
                report["message"],
                "All requested packages already installed."
            );
        }
        assert_eq!(tree_of(&env(&sandbox)), before);
        // Another tool says what it did.
        let text = fs::read_to_string(&history).unwrap();
        fs::write(&history, format!("{text}==> now <==\n")).unwrap();
        assert_ne!(update(&sandbox, more)["solve"], Value::Null, "{more:?}");
        assert_eq!(update(&sandbox, more)["solve"], Value::Null, "{more:?}");
    }
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\nvariables: {A: b}\n",
    );
    assert_eq!(update(&sandbox, &["--prune"])["solve"], "lock");
    let state = fs::read_to_string(sandbox.path("env/conda-meta/state")).unwrap();
    assert_eq!(state, r#"{"env_vars":{"A":"b"}}"#);
}

#[test]
fn dry_run_says_what_would_be_done_and_changes_nothing() {
    let sandbox = made();
    let before = tree_of(&env(&sandbox));
    manifest(&sandbox, "app =2");
    let arguments = ["env", "update", "-p", "env", "--dry-run", "--prune"];
    let run = sandbox.larder(&arguments).success();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.stdout);
    assert!(lines[0].starts_with("- ") && lines[0].ends_with("app-1.0-0"));
    assert!(lines[1].starts_with("- ") && lines[1].ends_with("other-1.0-0"));
    assert!(lines[2].starts_with("+ ") && lines[2].ends_with("app-2.0-0"));
    assert_eq!(tree_of(&env(&sandbox)), before);
    assert_eq!(update(&sandbox, &["--dry-run"])["dry_run"], true);
    assert_eq!(tree_of(&env(&sandbox)), before);
}

#[test]
fn cep22_07_a_frozen_environment_is_refused_with_the_name_of_the_override() {
    let sandbox = made();
    sandbox.write("env/conda-meta/frozen", r#"{"message": "keep out"}"#);
    manifest(&sandbox, "app =2");
    let before = tree_of(&env(&sandbox));
    let run = sandbox
        .larder(&["env", "update", "-p", "env"])
        .fails_with(1);
    assert!(
        run.stderr.contains("keep out") && run.stderr.contains("--override-frozen"),
        "{}",
        run.stderr
    );
    assert_eq!(tree_of(&env(&sandbox)), before);
    let report = update(&sandbox, &["--override-frozen"]);
    assert_eq!(dists(&report, "LINK"), ["app-2.0-0"]);
    assert!(sandbox.path("env/conda-meta/frozen").is_file());
}

#[test]
fn cep22_09_nothing_overrides_a_frozen_environment_by_default() {
    let sandbox = made();
    sandbox.write("env/conda-meta/frozen", "");
    manifest(&sandbox, "app =2");
    let mut command = sandbox.command(&["env", "update", "-p", "env"]);
    for name in [
        "OVERRIDE_FROZEN",
        "LARDER_OVERRIDE_FROZEN",
        "CONDA_OVERRIDE_FROZEN",
    ] {
        command.env(name, "1");
    }
    larder_testkit::Run::of(&mut command).fails_with(1);
}

#[test]
fn an_update_that_fails_leaves_the_environment_as_it_was() {
    let sandbox = made();
    channel(
        &sandbox,
        [
            conda(program("app", "3.0").link_script("post-link", "echo it broke; exit 1")),
            conda(program("other", "1.0")),
            conda(lib()),
        ],
    );
    manifest(&sandbox, "app =3");
    let before = tree_of(&env(&sandbox));
    let run = sandbox
        .larder(&["env", "update", "-p", "env"])
        .fails_with(1);
    assert!(run.stderr.contains("it broke"), "{}", run.stderr);
    assert_eq!(tree_of(&env(&sandbox)), before);
}

#[test]
fn a_damaged_record_stops_the_update_by_name() {
    let sandbox = made();
    sandbox.write("env/conda-meta/app-1.0-0.json", "{");
    manifest(&sandbox, "app =2");
    let run = sandbox
        .larder(&["env", "update", "-p", "env"])
        .fails_with(4);
    assert!(
        run.stderr.contains("app-1.0-0.json") && run.stderr.contains("larder sync"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_environment_of_another_tool_is_updated() {
    let sandbox = made();
    // As rattler and conda write them: indented, without what larder adds.
    for name in ["app-1.0-0", "lib-2.0-h1_0", "other-1.0-0"] {
        let path = sandbox.path(&format!("env/conda-meta/{name}.json"));
        let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let keys = record.as_object_mut().unwrap();
        for key in [
            "requested_specs",
            "extracted_package_dir",
            "package_tarball_full_path",
        ] {
            keys.remove(key);
        }
        fs::write(&path, serde_json::to_string_pretty(&record).unwrap()).unwrap();
    }
    fs::remove_file(sandbox.path("env/conda-meta/larder")).unwrap();
    fs::write(sandbox.path("env/conda-meta/history"), "").unwrap();
    manifest(&sandbox, "app =2");
    let report = update(&sandbox, &["--prune"]);
    assert_eq!(dists(&report, "UNLINK"), ["app-1.0-0", "other-1.0-0"]);
    assert_eq!(report["kept"], 1);
}
