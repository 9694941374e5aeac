//! A remote with packs: `layout=packs`, and GitHub's cache service, where it is the default.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{GhacServer, Run, Sandbox, ghac_token};
use serde_json::Value;

use super::{
    files,
    remote::{elsewhere, publish, world},
};
use crate::support::json;

/// A directory with packs.
fn create_on(sandbox: &Sandbox, machine: &str, more: &[&str]) -> Run {
    let url = format!("file://{}?layout=packs", sandbox.path("remote").display());
    let prefix = format!("env-{machine}");
    let arguments = ["create", "-p", &prefix, "--json", "--remote", &url];
    Run::of(&mut elsewhere(
        sandbox,
        machine,
        &[&arguments, more].concat(),
    ))
}

/// Entries of the remote in the directory `p` of packs or `i` of indexes.
fn entries(sandbox: &Sandbox, kind: &str) -> Vec<PathBuf> {
    let all = files(&sandbox.path("remote/packs1"));
    let of = |path: &PathBuf| path.parent().is_some_and(|parent| parent.ends_with(kind));
    all.into_iter().filter(of).collect()
}

/// How many objects came from the remote and from the channel.
fn sources(report: &Value) -> (i64, i64) {
    let of = |source: &str| report["sources"][source]["objects"].as_i64().unwrap();
    (of("remote"), of("channel"))
}

/// Changes one byte.
fn poison(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn assert_whole(sandbox: &Sandbox, machine: &str) {
    let verify = ["store", "verify", "--json"];
    Run::of(&mut elsewhere(sandbox, machine, &verify)).success();
    let data = |machine| fs::read(sandbox.path(&format!("env-{machine}/lib/data.bin"))).unwrap();
    assert_eq!(data(machine), data("one"));
}

#[test]
fn each_save_is_one_pack_with_what_is_new() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    assert_eq!(entries(&sandbox, "p").len(), 1);
    let report = json(&create_on(&sandbox, "two", &["--push"]).success());
    assert_eq!(sources(&report), (3, 0));
    assert_eq!(entries(&sandbox, "p").len(), 1, "nothing is new");
    publish(&sandbox, "2.0");
    let report = json(&create_on(&sandbox, "three", &["--push"]).success());
    assert_eq!(sources(&report), (2, 1));
    assert_eq!(entries(&sandbox, "p").len(), 2);
    let report = json(&create_on(&sandbox, "four", &[]).success());
    assert_eq!(sources(&report), (3, 0));
}

#[test]
fn gc_removes_the_indexes_and_packs_that_nobody_finds() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    let first = entries(&sandbox, "i");
    age(&first, 60 * 60);
    publish(&sandbox, "2.0");
    create_on(&sandbox, "two", &["--push"]).success();
    let all = [entries(&sandbox, "i"), entries(&sandbox, "p")].concat();
    assert_eq!(all.len(), 4);
    let url = format!("file://{}?layout=packs", sandbox.path("remote").display());
    let gc = ["store", "gc", "--json", "--remote", &url];
    let report = json(&sandbox.larder(&gc).success());
    assert_eq!(
        (&report["removed"], &report["kept"]),
        (&0.into(), &4.into())
    );
    age(&all, 3 * 24 * 60 * 60);
    let report = json(&sandbox.larder(&gc).success());
    assert_eq!(
        (&report["removed"], &report["kept"]),
        (&1.into(), &3.into())
    );
    assert!(!first[0].exists());
    let report = json(&create_on(&sandbox, "three", &[]).success());
    assert_eq!(sources(&report), (3, 0));
}

/// Dates files back by so many seconds.
fn age(paths: &[PathBuf], seconds: u64) {
    for path in paths {
        let file = fs::File::open(path).unwrap();
        let age = std::time::Duration::from_secs(seconds);
        let time = file.metadata().unwrap().modified().unwrap() - age;
        let times = fs::FileTimes::new().set_modified(time).set_accessed(time);
        file.set_times(times).unwrap();
    }
}

#[test]
fn a_poisoned_pack_is_named_never_linked_and_mended_by_a_push() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    let pack = entries(&sandbox, "p").remove(0);
    // The last bytes are those of the largest package.
    let length = fs::metadata(&pack).unwrap().len() as usize;
    poison(&pack, length - 10);
    let run = create_on(&sandbox, "two", &["--push"]).success();
    assert!(
        run.stderr.contains("is damaged on the remote"),
        "{}",
        run.stderr
    );
    assert_eq!(sources(&json(&run)), (2, 1));
    assert_whole(&sandbox, "two");
    let report = json(&create_on(&sandbox, "three", &[]).success());
    assert_eq!(sources(&report), (3, 0));
    assert_whole(&sandbox, "three");
}

#[test]
fn a_poisoned_index_is_named_and_the_channel_has_everything() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    let indexes = entries(&sandbox, "i");
    for index in &indexes {
        poison(index, 60);
    }
    let run = create_on(&sandbox, "two", &["--push"]).success();
    assert!(
        run.stderr.contains("/i/") && run.stderr.contains("damaged"),
        "{}",
        run.stderr
    );
    assert_eq!(sources(&json(&run)), (0, 3));
    assert_whole(&sandbox, "two");
    let report = json(&create_on(&sandbox, "three", &[]).success());
    assert_eq!(sources(&report), (3, 0));
}

/// A job of GitHub's on a branch.
fn job(sandbox: &Sandbox, server: &GhacServer, branch: &str, more: &[&str]) -> Run {
    let own = format!("refs/heads/{branch}");
    let mut scopes = vec![(own.as_str(), "rw")];
    if branch != "main" {
        scopes.push(("refs/heads/main", "r"));
    }
    sandbox.write(
        "event.json",
        r#"{"repository": {"default_branch": "main"}}"#,
    );
    let prefix = format!("env-{branch}");
    let arguments = ["create", "-p", &prefix, "--json", "--remote", "ghac:"];
    let mut command: Command = elsewhere(sandbox, branch, &[&arguments, more].concat());
    command.envs(server.variables(&ghac_token(&scopes)));
    command.env("GITHUB_ACTIONS", "true");
    command.env("GITHUB_EVENT_NAME", "push");
    command.env("GITHUB_EVENT_PATH", sandbox.path("event.json"));
    command.env("GITHUB_REPOSITORY", "o/r");
    command.env("GITHUB_REF", &own);
    Run::of(&mut command)
}

#[test]
fn githubs_service_moves_one_package_for_a_branch_that_changes_one() {
    let (sandbox, _channel) = world();
    let server = GhacServer::start();
    let report = json(&job(&sandbox, &server, "main", &["--push"]).success());
    assert_eq!(sources(&report), (0, 3));
    let saved = server.entries();
    assert_eq!(saved.len(), 2, "a pack and an index: {saved:?}");
    publish(&sandbox, "2.0");
    let report = json(&job(&sandbox, &server, "topic", &["--push"]).success());
    assert_eq!(sources(&report), (2, 1));
    let more = server.entries();
    let topic = more.iter().filter(|entry| entry.scope.ends_with("topic"));
    let sent: u64 = topic.map(|entry| entry.size).sum();
    let all: u64 = saved.iter().map(|entry| entry.size).sum();
    assert_eq!(more.len(), 4, "{more:?}");
    assert!(sent < all, "{sent} of {all}");
    // Another branch sees main's and not this one's.
    let report = json(&job(&sandbox, &server, "other", &[]).success());
    assert_eq!(sources(&report), (2, 1));
}
