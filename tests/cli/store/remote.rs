//! A remote that stores share: pushed to, pulled from, asked by `create`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use larder_testkit::{PackageBuilder, Run, Sandbox, Server};
use serde_json::Value;

use super::{DAY, files, store_json};
use crate::support::{channel, conda, json, program};

/// A channel on a server, a manifest of it, and a remote in `remote/`.
pub(super) fn world() -> (Sandbox, Server) {
    let sandbox = crate::support::sandbox();
    publish(&sandbox, "1.0");
    let server = Server::serve(&sandbox.path("channel"));
    let manifest = format!(
        "channels: [\"{}\"]\ndependencies: [app, tool]\n",
        server.url()
    );
    sandbox.write("environment.yml", &manifest);
    (sandbox, server)
}

/// Bytes that no archive makes smaller.
pub(super) fn data() -> Vec<u8> {
    let scramble = |number: u32| (number.wrapping_mul(2_654_435_761) >> 13) as u8;
    (0..200_000).map(scramble).collect()
}

/// The channel with this version of `tool`; `app` and `lib` stay as they are.
pub(super) fn publish(sandbox: &Sandbox, tool: &str) {
    let lib = PackageBuilder::new("lib", "2.0", "h1_0").noarch_generic();
    let lib = lib.file("lib/data.bin", data());
    let packages = [
        conda(program("app", "1.0").depends("lib >=2")),
        conda(lib),
        conda(program("tool", tool)),
    ];
    channel(sandbox, packages);
}

/// larder on another machine: a store and trees of its own.
pub(super) fn elsewhere(sandbox: &Sandbox, machine: &str, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    command.env("LARDER_STORE", sandbox.path(machine).join("store"));
    command.env("LARDER_TREES", sandbox.path(machine).join("trees"));
    command.env("HOME", sandbox.path(machine));
    command
}

/// Creates `env-MACHINE` there, with the remote.
pub(super) fn create_on(sandbox: &Sandbox, machine: &str, more: &[&str]) -> Run {
    let prefix = format!("env-{machine}");
    let arguments = ["create", "-p", &prefix, "--json", "--remote", "remote"];
    Run::of(&mut elsewhere(
        sandbox,
        machine,
        &[&arguments, more].concat(),
    ))
}

/// The files of objects on the remote.
pub(super) fn objects(sandbox: &Sandbox) -> Vec<PathBuf> {
    files(&sandbox.path("remote/store1/pkgs"))
}

fn sources(report: &Value) -> [i64; 3] {
    ["store", "remote", "channel"]
        .map(|source| report["sources"][source]["objects"].as_i64().unwrap())
}

#[test]
fn with_a_lock_a_new_machine_asks_the_remote_and_never_the_channel() {
    let (sandbox, server) = world();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    let dry = store_json(&sandbox, &["push", "--remote", "remote", "--dry-run"]);
    assert_eq!(
        (&dry["sent"], dry["dry_run"].as_bool()),
        (&3.into(), Some(true))
    );
    assert!(!sandbox.path("remote").exists());
    let pushed = store_json(&sandbox, &["push", "--remote", "remote"]);
    assert_eq!(
        (
            &pushed["objects"],
            &pushed["sent"],
            &pushed["already_there"]
        ),
        (&3.into(), &3.into(), &0.into())
    );
    let again = store_json(&sandbox, &["push", "--remote", "remote"]);
    assert_eq!(
        (
            &again["sent"],
            &again["sent_bytes"],
            &again["already_there"]
        ),
        (&0.into(), &0.into(), &3.into())
    );

    server.shutdown();
    let report = json(&create_on(&sandbox, "new", &[]).success());
    assert_eq!(
        (&report["solve"], sources(&report)),
        (&"lock".into(), [0, 3, 0])
    );
    assert_eq!(report["sources"]["remote"]["bytes"], pushed["sent_bytes"]);
    let run = sandbox
        .larder(&["run", "-p", "env-new", "--", "tool"])
        .success();
    assert_eq!(run.stdout.trim(), sandbox.path("env-new").to_str().unwrap());
    assert_eq!(
        sources(&json(&create_on(&sandbox, "new", &["--yes"]).success())),
        [3, 0, 0]
    );
}

#[test]
fn without_a_lock_the_solve_comes_from_the_remote_and_the_channel_proves_it() {
    let (sandbox, server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    assert_eq!(objects(&sandbox).len(), 3);
    assert_eq!(files(&sandbox.path("remote/store1/solves")).len(), 1);
    server.clear_requests();
    let report = json(&create_on(&sandbox, "two", &[]).success());
    assert_eq!(
        (&report["solve"], sources(&report)),
        (&"memo".into(), [0, 3, 0])
    );
    let asked = server.requests();
    assert!(
        asked
            .iter()
            .all(|request| !request.path.ends_with(".conda")),
        "{asked:?}"
    );
}

#[test]
fn a_branch_moves_the_package_that_differs_and_no_other() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "main", &["--push"]).success();
    let before = objects(&sandbox);
    let bytes: u64 = before
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();

    publish(&sandbox, "1.1");
    let report = json(&create_on(&sandbox, "branch", &[]).success());
    assert_eq!(sources(&report), [0, 2, 1]);
    let push = ["store", "push", "--remote", "remote", "--json"];
    let pushed = json(&Run::of(&mut elsewhere(&sandbox, "branch", &push)).success());
    let tool = report["sources"]["channel"]["bytes"].as_u64().unwrap();
    assert_eq!(
        (pushed["sent"].as_u64(), pushed["sent_bytes"].as_u64()),
        (Some(1), Some(tool))
    );
    assert_eq!(pushed["already_there"], 2);
    let other = pushed["other_bytes"].as_u64().unwrap();
    assert!(tool + other < bytes / 4 + 10_000, "{pushed} of {bytes}");
    assert_eq!(objects(&sandbox).len(), 4);
}

#[test]
fn pull_takes_what_a_lock_names_and_says_what_is_not_there() {
    let (sandbox, server) = world();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    store_json(
        &sandbox,
        &["push", "--remote", "remote", "-f", "conda-lock.yml"],
    );
    server.shutdown();
    let gone = objects(&sandbox)
        .into_iter()
        .min_by_key(|path| fs::metadata(path).unwrap().len());
    fs::remove_file(gone.unwrap()).unwrap();
    let pull = |more: &[&str]| {
        let arguments = ["store", "pull", "-f", "conda-lock.yml", "--json"];
        let mut command = elsewhere(&sandbox, "new", &[&arguments, more].concat());
        command.env("LARDER_REMOTE", sandbox.path("remote"));
        json(&Run::of(&mut command).success())
    };
    assert_eq!(pull(&["--dry-run"])["fetched"], 2);
    let pulled = pull(&[]);
    assert_eq!(
        (&pulled["objects"], &pulled["fetched"]),
        (&3.into(), &2.into())
    );
    assert_eq!(pulled["missing"].as_array().unwrap().len(), 1);
    let again = pull(&[]);
    assert_eq!(
        (&again["fetched"], &again["already_there"]),
        (&0.into(), &2.into())
    );
    assert_eq!(files(&sandbox.path("new/store/pkgs")).len(), 2);
}

/// As if all this had been done so long ago.
fn age_remote(sandbox: &Sandbox, age: Duration) {
    let then = SystemTime::now() - age;
    let times = fs::FileTimes::new().set_modified(then).set_accessed(then);
    for path in files(&sandbox.path("remote")) {
        fs::File::open(path).unwrap().set_times(times).unwrap();
    }
}

#[test]
fn gc_removes_from_a_remote_what_no_push_of_late_needs() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "main", &["--push"]).success();
    age_remote(&sandbox, DAY * 40);
    publish(&sandbox, "1.1");
    create_on(&sandbox, "main", &["--push", "--yes"]).success();
    // What was sent or read of late stays whatever is pushed.
    age_remote_objects(&sandbox, DAY * 3);
    let gc = |more: &[&str]| store_json(&sandbox, &[&["gc", "--remote", "remote"], more].concat());
    let planned = gc(&["--dry-run"]);
    assert_eq!(
        (&planned["removed"], objects(&sandbox).len()),
        (&1.into(), 4)
    );
    let done = gc(&[]);
    assert_eq!(
        (
            &done["removed"],
            &done["kept"],
            &done["roots"],
            &done["expired_roots"]
        ),
        (&1.into(), &3.into(), &1.into(), &1.into())
    );
    assert_eq!(
        (&done["freed_bytes"], objects(&sandbox).len()),
        (&planned["freed_bytes"], 3)
    );
    let report = json(&create_on(&sandbox, "new", &[]).success());
    assert_eq!(sources(&report), [0, 3, 0]);
}

fn age_remote_objects(sandbox: &Sandbox, age: Duration) {
    let then = SystemTime::now() - age;
    let times = fs::FileTimes::new().set_modified(then).set_accessed(then);
    for path in objects(sandbox) {
        set_times(&path, times);
    }
}

fn set_times(path: &Path, times: fs::FileTimes) {
    fs::File::open(path).unwrap().set_times(times).unwrap();
}

#[test]
fn a_lock_is_solved_by_what_the_remote_remembers() {
    let (sandbox, _server) = world();
    let lock = |machine: &str| {
        let arguments = ["lock", "-v", "--remote", "remote", "-o"];
        let output = format!("{machine}.conda-lock.yml");
        let run = Run::of(&mut elsewhere(
            &sandbox,
            machine,
            &[&arguments[..], &[&output]].concat(),
        ))
        .success();
        let text = fs::read_to_string(sandbox.path(&output)).unwrap();
        (run.stderr, text)
    };
    let (_, first) = lock("one");
    let push = ["store", "push", "--remote", "remote", "--json"];
    let pushed = json(&Run::of(&mut elsewhere(&sandbox, "one", &push)).success());
    assert_eq!(pushed["solves"], 1);
    assert_eq!(
        json(&Run::of(&mut elsewhere(&sandbox, "one", &push)).success())["solves"],
        0,
        "it is there"
    );
    let (said, second) = lock("two");
    assert!(said.contains("solve: memo"), "{said}");
    assert_eq!(first, second);
}

#[test]
fn update_and_sync_ask_the_remote_and_push() {
    let (sandbox, server) = world();
    sandbox.larder(&["lock"]).success();
    let update = [
        "env", "update", "-p", "env", "--json", "--remote", "remote", "--push",
    ];
    assert_eq!(
        sources(&json(&sandbox.larder(&update).success())),
        [0, 0, 3]
    );
    assert_eq!(objects(&sandbox).len(), 3);
    server.shutdown();
    let run = |machine: &str, arguments: &[&str]| {
        let mut command = elsewhere(&sandbox, machine, arguments);
        json(&Run::of(command.env("LARDER_REMOTE", "remote")).success())
    };
    let report = run("two", &["env", "update", "-p", "env-two", "--json"]);
    assert_eq!(sources(&report), [0, 3, 0]);
    fs::remove_file(sandbox.path("env-two/bin/tool")).unwrap();
    let report = run("three", &["sync", "-p", "env-two", "--json"]);
    assert_eq!(sources(&report), [0, 1, 0], "{report}");
    assert!(sandbox.path("env-two/bin/tool").exists());
}

#[test]
fn several_push_and_pull_at_once() {
    let (sandbox, _server) = world();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    let pull = [
        "store",
        "pull",
        "--json",
        "--remote",
        "remote",
        "-f",
        "conda-lock.yml",
    ];
    let push = ["store", "push", "--json", "--remote", "remote"];
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| sandbox.larder(&push).success());
            scope.spawn(|| Run::of(&mut elsewhere(&sandbox, "new", &pull)).success());
        }
    });
    let last = json(&Run::of(&mut elsewhere(&sandbox, "new", &pull)).success());
    assert_eq!(
        (&last["objects"], last["missing"].as_array().unwrap().len()),
        (&3.into(), 0)
    );
    Run::of(&mut elsewhere(&sandbox, "new", &["store", "verify"])).success();
}
