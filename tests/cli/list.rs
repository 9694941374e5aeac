//! `larder list`.

use std::fs;

use larder_testkit::Sandbox;

use crate::support::{app_and_lib, env, json};

#[test]
fn a_table_and_json_show_what_is_there() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let run = sandbox.larder(&["list", "-p", "env"]).success();
    let place = format!("{}:", env(&sandbox).display());
    let lines: Vec<Vec<&str>> = run
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines,
        [
            vec!["#", "packages", "in", "environment", "at", &place],
            vec!["#"],
            vec!["#", "Name", "Version", "Build", "Channel"],
            vec!["app", "1.0", "0", "channel"],
            vec!["lib", "2.0", "h1_0", "channel"]
        ]
    );
    let packages = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    assert_eq!(packages[1]["dist_name"], "lib-2.0-h1_0");
}

#[test]
fn cep32_16_keys_that_nobody_knows_are_ignored() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let path = sandbox.path("env/conda-meta/app-1.0-0.json");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    record["x"] = 1.into();
    fs::write(&path, record.to_string()).unwrap();
    let run = sandbox.larder(&["list", "-p", "env"]).success();
    assert!(run.stdout.contains("app"), "{}", run.stdout);
}

#[test]
fn cep32_06_a_channel_with_or_without_subdir_has_the_same_name() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let path = sandbox.path("env/conda-meta/app-1.0-0.json");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let channel = record["channel"]
        .as_str()
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    let before = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    record["channel"] = format!("{channel}/noarch").into();
    fs::write(&path, record.to_string()).unwrap();
    assert_eq!(
        json(&sandbox.larder(&["list", "-p", "env", "--json"]).success()),
        before
    );
}

#[test]
fn a_directory_that_is_no_environment_is_refused() {
    let run = app_and_lib().larder(&["list", "-p", "."]).fails_with(1);
    assert!(
        run.stderr.contains("is not a conda environment"),
        "{}",
        run.stderr
    );
}

/// What pip leaves of a package, in an environment that need not have a Python.
pub(crate) fn pip_install(sandbox: &Sandbox, name: &str, version: &str) {
    let info = format!("env/lib/python3.11/site-packages/{name}-{version}.dist-info");
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    sandbox.write(&format!("{info}/METADATA"), &metadata);
    sandbox.write(&format!("{info}/INSTALLER"), "pip\n");
    let info = format!("{name}-{version}.dist-info");
    let record = format!("{info}/METADATA,,\n{info}/INSTALLER,,\n{info}/RECORD,,\n");
    sandbox.write(
        &format!("env/lib/python3.11/site-packages/{info}/RECORD"),
        &record,
    );
}

#[test]
fn packages_of_pip_have_the_channel_pypi_unless_they_are_not_wanted() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    pip_install(&sandbox, "Ruamel.yaml_x", "0.18");
    let run = sandbox.larder(&["list", "-p", "env"]).success();
    let line = run.stdout.lines().last().unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, ["ruamel-yaml-x", "0.18", "pypi_0", "pypi"]);
    let packages = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    assert_eq!(packages[2]["base_url"], "https://conda.anaconda.org/pypi");
    assert_eq!(packages[2]["platform"], "pypi");
    let run = sandbox.larder(&["list", "-p", "env", "--no-pip"]).success();
    assert!(!run.stdout.contains("pypi"), "{}", run.stdout);
}

#[test]
fn a_regular_expression_or_a_name_says_which_packages() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let names = |arguments: &[&str]| {
        let arguments = [&["list", "-p", "env", "--json"], arguments].concat();
        let packages = json(&sandbox.larder(&arguments).success());
        let packages = packages.as_array().unwrap().iter();
        let names = packages.map(|package| package["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&["^A"]), ["app"]);
    assert_eq!(names(&["l|p"]), ["app", "lib"]);
    assert_eq!(names(&["--reverse"]), ["lib", "app"]);
    assert_eq!(names(&["--full-name", "lib"]), ["lib"]);
    sandbox
        .larder(&["list", "-p", "env", "--full-name", "li"])
        .fails_with(1);
    let run = sandbox
        .larder(&["list", "-p", "env", "nothing"])
        .fails_with(1);
    assert!(run.stderr.contains("`nothing`"), "{}", run.stderr);
    let run = sandbox.larder(&["list", "-p", "env", "("]).fails_with(1);
    assert!(run.stderr.contains("regular expression"), "{}", run.stderr);
}

#[test]
fn canonical_and_export_are_what_conda_prints() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let run = sandbox
        .larder(&["list", "-p", "env", "--canonical"])
        .success();
    assert_eq!(
        run.stdout,
        "channel/noarch::app-1.0-0\nchannel/noarch::lib-2.0-h1_0\n"
    );
    let run = sandbox.larder(&["list", "-p", "env", "--export"]).success();
    assert!(
        run.stdout
            .starts_with("# This file may be used to create an environment using:\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.ends_with("\napp=1.0=0\nlib=2.0=h1_0\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn an_explicit_list_has_dependencies_first_and_makes_the_environment_again() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let plain = sandbox
        .larder(&["list", "-p", "env", "--explicit"])
        .success()
        .stdout;
    let urls: Vec<&str> = plain
        .lines()
        .skip_while(|line| *line != "@EXPLICIT")
        .skip(1)
        .collect();
    assert!(urls[0].ends_with("/noarch/lib-2.0-h1_0.tar.bz2"), "{plain}");
    assert!(urls[1].ends_with("/noarch/app-1.0-0.conda"), "{plain}");
    for (flag, length) in [("--md5", 32), ("--sha256", 64)] {
        let text = sandbox
            .larder(&["list", "-p", "env", "--explicit", flag])
            .success()
            .stdout;
        let (_, digest) = text.lines().last().unwrap().split_once('#').unwrap();
        assert_eq!(digest.len(), length, "{text}");
        sandbox.write("again.txt", &text);
        sandbox
            .larder(&["create", "-p", "again", "-f", "again.txt", "--yes"])
            .success();
        sandbox.larder(&["verify", "-p", "again"]).success();
    }
}

#[test]
fn revisions_are_those_of_the_history() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - lib\n",
    );
    sandbox
        .larder(&["env", "update", "-p", "env", "--prune"])
        .success();
    let run = sandbox
        .larder(&["list", "-p", "env", "--revisions"])
        .success();
    let lines = run.stdout.lines();
    let changes: Vec<&str> = lines.filter_map(|line| line.split(" (").next()).collect();
    assert!(run.stdout.contains("  (rev 1)\n"), "{}", run.stdout);
    assert_eq!(changes[1..3], ["    +app-1.0", "    +lib-2.0"]);
    assert_eq!(changes[5], "    -app-1.0");
    let arguments = ["list", "-p", "env", "--revisions", "--json"];
    let revisions = json(&sandbox.larder(&arguments).success());
    let removed = revisions[1]["remove"][0].as_str().unwrap();
    assert!(removed.starts_with("app-1.0-0-file:"), "{removed}");
    assert_eq!(revisions[0]["rev"], 0);
}
