//! Entries on S3, Azure and a web server, from end to end: needs the servers that `ci/services` starts.

use std::collections::BTreeMap;

use larder_testkit::{Run, Sandbox, Server, service, service_variables};

use super::{KEY, content, json, world};

/// Runs `larder cache` with the variables of the services.
fn run(sandbox: &Sandbox, arguments: &[&str], variables: &BTreeMap<String, String>) -> Run {
    let arguments = [&["cache"], arguments].concat();
    Run::of(sandbox.command(&arguments).envs(variables))
}

/// Saves, restores on another machine by the key and by a beginning, lists, and removes.
fn round(variable: &str) {
    let Some(url) = service(variable) else { return };
    let variables = service_variables();
    let machine = world();
    let save = [
        "save", "--json", "--key", KEY, "--path", "data", "--remote", &url,
    ];
    let saved = json(&run(&machine, &save, &variables).success());
    assert_eq!(saved["outcome"], "saved", "{saved}");
    let again = json(&run(&machine, &save, &variables).success());
    assert_eq!(again["outcome"], "exists", "{again}");

    let other = world();
    other.write("data/file", "another");
    let restore = ["restore", "--json", "--path", "data", "--remote", &url];
    let by = |key: &[&str]| {
        let arguments = [&restore[..], key].concat();
        json(&run(&other, &arguments, &variables).success())
    };
    let exact = by(&["--key", KEY]);
    assert_eq!(
        (&exact["hit"], content(&other).as_str()),
        (&"true".into(), "saved")
    );
    let beginning = by(&["--key", "k | other", "--restore-keys", "k"]);
    assert_eq!(beginning["hit"], "inexact", "{beginning}");
    let miss = by(&["--key", "k | other"]);
    assert_eq!(miss["hit"], "false", "{miss}");

    let listed = json(&run(&other, &["list", "--json", "--remote", &url], &variables).success());
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    let prune = ["prune", "--json", "--max-size", "0", "--remote", &url];
    let pruned = json(&run(&other, &prune, &variables).success());
    assert_eq!(
        pruned["removed"].as_array().map(Vec::len),
        Some(1),
        "{pruned}"
    );
    assert_eq!(by(&["--key", KEY])["hit"], "false");
}

#[test]
fn entries_on_s3_are_saved_found_and_removed() {
    round("LARDER_TEST_S3");
}

#[test]
fn entries_on_azure_are_saved_found_and_removed() {
    round("LARDER_TEST_AZBLOB");
}

#[test]
fn entries_on_google_are_saved_found_and_removed() {
    round("LARDER_TEST_GCS");
}

#[test]
fn a_web_server_is_restored_from_and_not_saved_to() {
    let machine = world();
    let directory = machine.path("served").display().to_string();
    let save = [
        "save", "--key", KEY, "--path", "data", "--remote", &directory,
    ];
    run(&machine, &save, &BTreeMap::new()).success();
    let server = Server::serve(&machine.path("served"));
    machine.write("data/file", "another");
    let url = server.url();
    let restore = |key: &str| {
        let arguments = [
            "restore",
            "--json",
            "--key",
            key,
            "--restore-keys",
            "k",
            "--path",
            "data",
            "--remote",
            &url,
        ];
        json(&run(&machine, &arguments, &BTreeMap::new()).success())
    };
    assert_eq!(restore(KEY)["hit"], "true");
    assert_eq!(content(&machine), "saved");
    assert_eq!(
        restore("k | other")["hit"],
        "false",
        "beginnings cannot be looked up"
    );
    let save = [
        "save", "--key", "k | new", "--path", "data", "--remote", &url,
    ];
    let refused = run(&machine, &save, &BTreeMap::new());
    assert!(refused.status != 0, "{refused:?}");
    assert!(
        refused.stderr.contains("no way to create objects"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_remote_that_is_down_costs_a_warning_and_not_the_job() {
    let machine = world();
    let url = "s3://cache/p?endpoint=http://127.0.0.1:9";
    let variables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .map(|name| (name.to_owned(), "hunter2".to_owned()));
    let restore = [
        "restore", "--json", "--key", KEY, "--path", "data", "--remote", url,
    ];
    let run = run(&machine, &restore, &variables.into()).success();
    assert_eq!(json(&run)["hit"], "false");
    assert!(
        run.stderr.contains("warning") && run.stderr.contains("s3://cache/p"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}
