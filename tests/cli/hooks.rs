//! `larder lock FILE...`: files that pre-commit hands over, each for itself.

use std::fs;

use larder_testkit::Sandbox;

use crate::support::{app_and_lib, json};

const STALE: &str = "channels: [./channel]\ndependencies:\n  - lib >=9\n";

/// `environment.yml` wants app, `dev.yml` lib.
fn two() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox.write("dev.yml", "channels: [./channel]\ndependencies: [lib]\n");
    sandbox
}

fn text(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.path(name)).unwrap()
}

#[test]
fn each_manifest_gets_a_lock_of_its_own() {
    let sandbox = two();
    sandbox
        .larder(&["lock", "environment.yml", "dev.yml"])
        .success();
    assert!(text(&sandbox, "conda-lock.yml").contains("name: app"));
    let dev = text(&sandbox, "dev.conda-lock.yml");
    assert!(
        dev.contains("name: lib") && !dev.contains("name: app"),
        "{dev}"
    );
    sandbox
        .larder(&["lock", "--check", "environment.yml", "dev.yml"])
        .success();
}

#[test]
fn one_that_fails_does_not_keep_the_others_and_the_worst_code_is_the_answer() {
    let sandbox = two();
    sandbox.write("broken.yml", "dependencies: [\n");
    let run = sandbox
        .larder(&["lock", "broken.yml", "dev.yml"])
        .fails_with(1);
    assert!(run.stderr.contains("broken.yml"), "{}", run.stderr);
    assert!(sandbox.path("dev.conda-lock.yml").is_file());

    sandbox.larder(&["lock", "environment.yml"]).success();
    sandbox.write("dev.yml", STALE);
    let run = sandbox
        .larder(&["lock", "--check", "dev.yml", "environment.yml"])
        .fails_with(1);
    assert!(
        run.stderr.contains("dev.yml:3:5")
            && run.stderr.contains("`larder lock dev.yml` mends it")
            && run.stderr.contains("work/conda-lock.yml is fresh"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_lock_stands_for_the_manifests_that_it_was_made_from() {
    let sandbox = two();
    sandbox
        .larder(&["lock", "environment.yml", "dev.yml"])
        .success();
    sandbox.write("dev.yml", STALE);
    for named in [
        &["dev.conda-lock.yml"][..],
        &["dev.yml", "./dev.conda-lock.yml"],
    ] {
        let run = sandbox.larder(&[&["lock", "--check", "--json"], named].concat());
        let list = json(&run.fails_with(1));
        assert_eq!(
            list.as_array().unwrap().len(),
            1,
            "{named:?}: each lock once"
        );
        assert_eq!(list[0]["fresh"], false);
    }
    sandbox
        .larder(&["lock", "--check", "conda-lock.yml"])
        .success();
}

#[test]
fn a_lock_in_another_directory_finds_its_manifest() {
    let sandbox = app_and_lib();
    sandbox.write("locks/README", "");
    sandbox
        .larder(&["lock", "-o", "locks/conda-lock.yml"])
        .success();
    sandbox
        .larder(&["lock", "--check", "locks/conda-lock.yml"])
        .success();
    sandbox.write("environment.yml", STALE);
    let run = sandbox
        .larder(&["lock", "--check", "locks/conda-lock.yml"])
        .fails_with(1);
    assert!(
        run.stderr.contains("environment.yml:3:5") && !run.stderr.contains(".."),
        "{}",
        run.stderr
    );
}

#[test]
fn a_lock_of_merged_manifests_stays_one_whichever_of_them_changed() {
    let sandbox = two();
    sandbox
        .larder(&["lock", "-f", "environment.yml", "-f", "dev.yml"])
        .success();
    let before = text(&sandbox, "conda-lock.yml");
    for named in ["dev.yml", "environment.yml", "conda-lock.yml"] {
        sandbox.larder(&["lock", "--upgrade", named]).success();
        assert_eq!(text(&sandbox, "conda-lock.yml"), before, "{named}");
        assert!(!sandbox.path("dev.conda-lock.yml").exists(), "{named}");
    }
}

#[test]
fn a_lock_that_cannot_be_read_is_written_anew_from_the_manifest_of_its_name() {
    let sandbox = two();
    sandbox.larder(&["lock", "dev.yml"]).success();
    let good = text(&sandbox, "dev.conda-lock.yml");
    sandbox.write(
        "dev.conda-lock.yml",
        "version: 1\nmetadata: {}\npackage: 7\n",
    );
    sandbox
        .larder(&["lock", "--check", "dev.conda-lock.yml"])
        .fails_with(1);
    sandbox.larder(&["lock", "dev.conda-lock.yml"]).success();
    assert_eq!(text(&sandbox, "dev.conda-lock.yml"), good);
}

#[test]
fn a_lock_without_a_manifest_is_refused() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    fs::rename(
        sandbox.path("conda-lock.yml"),
        sandbox.path("other.conda-lock.yml"),
    )
    .unwrap();
    fs::remove_file(sandbox.path("environment.yml")).unwrap();
    let run = sandbox
        .larder(&["lock", "--check", "other.conda-lock.yml"])
        .fails_with(1);
    assert!(run.stderr.contains("environment.yml"), "{}", run.stderr);
}

#[test]
fn a_written_lock_stops_the_commit_and_an_unchanged_one_does_not() {
    let sandbox = two();
    for named in [&["dev.yml"][..], &[]] {
        let arguments = [&["lock", "--fail-on-change"], named].concat();
        let run = sandbox.larder(&arguments).fails_with(1);
        assert!(run.stderr.contains("written"), "{}", run.stderr);
        sandbox.larder(&arguments).success();
    }
}

#[test]
fn json_is_a_list_with_one_item_for_each_lock() {
    let sandbox = two();
    sandbox.write("broken.yml", "dependencies: [\n");
    let run = sandbox.larder(&["lock", "--json", "dev.yml", "broken.yml"]);
    let list = json(&run.fails_with(1));
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!(list[0]["changed"], true);
    assert_eq!(list[1]["success"], false);
}

#[test]
fn files_come_one_way_only() {
    let sandbox = two();
    for other in [&["-f", "environment.yml"], &["-o", "x.yml"]] {
        sandbox
            .larder(&[&["lock", "dev.yml"][..], other].concat())
            .fails_with(2);
    }
}
