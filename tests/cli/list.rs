//! `larder list`.

use std::fs;

use crate::support::{app_and_lib, json};

#[test]
fn a_table_and_json_show_what_is_there() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let run = sandbox.larder(&["list", "-p", "env"]).success();
    let lines: Vec<Vec<&str>> = run
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines,
        [
            ["Name", "Version", "Build", "Channel"],
            ["app", "1.0", "0", "channel"],
            ["lib", "2.0", "h1_0", "channel"]
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
