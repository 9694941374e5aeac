//! Remotes that lie, fail or refuse: what is wrong is named, and the channel does the work.

use std::{fs, path::Path};

use larder_testkit::{Run, Sandbox};
use sha2::{Digest as _, Sha256};

use super::{
    files,
    remote::{create_on, data, elsewhere, objects, world},
};
use crate::{
    credentials::{HEADER, SECRET, leaves_no_secret, says_no_secret},
    support::json,
};

/// Changes one byte in the middle of a file.
fn poison(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many objects came from the remote and from the channel.
fn sources(run: &Run) -> (i64, i64) {
    let report = json(run);
    let of = |source: &str| report["sources"][source]["objects"].as_i64().unwrap();
    (of("remote"), of("channel"))
}

/// The store of a machine is whole.
fn assert_whole(sandbox: &Sandbox, machine: &str) {
    let verify = ["store", "verify", "--json"];
    Run::of(&mut elsewhere(sandbox, machine, &verify)).success();
}

#[test]
fn a_poisoned_object_is_named_comes_from_the_channel_and_is_mended_by_a_push() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    let largest = objects(&sandbox)
        .into_iter()
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let whole = fs::read(&largest).unwrap();
    poison(&largest);
    let run = create_on(&sandbox, "two", &[]).success();
    assert_eq!(sources(&run), (2, 1));
    let name = largest.file_name().unwrap().to_str().unwrap();
    assert!(
        run.stderr.contains("lib-2.0-h1_0 is damaged on the remote"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains(name), "{}", run.stderr);
    assert_whole(&sandbox, "two");
    let found = fs::read(sandbox.path("env-two/lib/data.bin")).unwrap();
    assert!(found == data());

    assert_ne!(fs::read(&largest).unwrap(), whole);
    create_on(&sandbox, "three", &["--push"]).success();
    assert_eq!(fs::read(&largest).unwrap(), whole);
}

#[test]
fn a_truncated_object_is_named_and_comes_from_the_channel() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    for path in objects(&sandbox) {
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    let run = create_on(&sandbox, "two", &[]).success();
    assert_eq!(sources(&run), (0, 3));
    assert_eq!(
        run.stderr.matches("is damaged on the remote").count(),
        3,
        "{}",
        run.stderr
    );
    assert_whole(&sandbox, "two");
}

#[test]
fn a_poisoned_memo_is_named_and_not_used() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    let memos = files(&sandbox.path("remote/store1/solves"));
    poison(&memos[0]);
    let run = create_on(&sandbox, "two", &["--push"]).success();
    assert_eq!(json(&run)["solve"], "solved");
    assert!(run.stderr.contains("the memo is damaged"), "{}", run.stderr);
    let report = json(&create_on(&sandbox, "three", &[]).success());
    assert_eq!(report["solve"], "memo", "the push has mended it");
}

#[test]
fn a_forged_memo_is_no_answer() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    let memo = &files(&sandbox.path("remote/store1/solves"))[0];
    let text = fs::read_to_string(memo).unwrap();
    let (head, body) = text.split_once('\n').unwrap();
    // Another digest for one of the packages, and a seal that is right.
    let at = body.find("\"sha256\":\"").unwrap() + 10;
    let other = if &body[at..=at] == "0" { "1" } else { "0" };
    let body = format!("{}{other}{}", &body[..at], &body[at + 1..]);
    let magic: Vec<&str> = head.split(' ').collect();
    let digest = hex(&Sha256::digest(body.as_bytes()));
    fs::write(memo, format!("{} {} {digest}\n{body}", magic[0], magic[1])).unwrap();
    let report = json(&create_on(&sandbox, "two", &[]).success());
    assert_eq!(report["solve"], "solved");
    assert!(
        report["why_no_memo"]
            .as_str()
            .unwrap()
            .contains("as it is remembered"),
        "{report}"
    );
}

#[test]
fn a_remote_that_does_not_answer_costs_one_warning() {
    let (sandbox, _server) = world();
    let arguments = [
        "create",
        "-p",
        "env",
        "--json",
        "--push",
        "--remote",
        "http://127.0.0.1:9/shelf/",
    ];
    let run = sandbox.larder(&arguments).success();
    assert_eq!(sources(&run), (0, 3));
    assert_eq!(run.stderr.matches("warning").count(), 1, "{}", run.stderr);
    let there = ["--remote", "http://127.0.0.1:9/shelf/"];
    let run = sandbox.larder(&[&["store", "push"][..], &there].concat());
    assert!(run.fails_with(1).stderr.contains("has no way to create"));
    sandbox.larder(&["lock"]).success();
    let pull = ["store", "pull", "-f", "conda-lock.yml"];
    sandbox.larder(&[&pull[..], &there].concat()).success();
    let run = Run::of(&mut elsewhere(
        &sandbox,
        "new",
        &[&pull[..], &there].concat(),
    ));
    assert!(
        run.fails_with(3)
            .stderr
            .contains("http://127.0.0.1:9/shelf")
    );
}

#[test]
fn a_remote_that_lets_us_only_read_is_no_trouble() {
    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    let shelf = larder_testkit::Server::serve(&sandbox.path("remote"));
    let url = format!("{}/", shelf.url().trim_end_matches('/'));
    let arguments = [
        "create", "-p", "env-two", "--json", "--push", "--remote", &url,
    ];
    let run = Run::of(&mut elsewhere(&sandbox, "two", &arguments)).success();
    assert_eq!(sources(&run), (3, 0));
    assert_eq!(run.stderr, "", "nothing to warn of");
}

#[test]
fn a_web_server_gets_the_credentials_that_files_keep_and_nobody_else_sees_them() {
    use larder_testkit::{Auth, Server};

    let (sandbox, _server) = world();
    create_on(&sandbox, "one", &["--push"]).success();
    let shelf = Server::serve(&sandbox.path("remote"));
    let password = SECRET.into();
    let user = "user".into();
    shelf.require_auth(Auth::Basic { user, password });
    let netrc = format!("machine 127.0.0.1\nlogin user\npassword {SECRET}\n");
    sandbox.write("keys/.netrc", &netrc);
    let url = format!("{}/", shelf.url().trim_end_matches('/'));
    let run = |machine: &str, arguments: &[&str], netrc: Option<&str>| {
        let mut command = elsewhere(&sandbox, machine, arguments);
        command.args(["--remote", &url, "-vvv"]);
        command.envs(netrc.map(|file| ("NETRC", sandbox.path(file))));
        Run::of(&mut command)
    };
    let create = ["create", "-p", "env-two", "--json"];
    let with = run("two", &create, Some("keys/.netrc")).success();
    assert_eq!(sources(&with), (3, 0), "{}", with.stderr);
    let refused = run("two", &["store", "push"], Some("keys/.netrc")).fails_with(1);
    // None at all: the channel does the work, and one line says why.
    let create = ["create", "-p", "env-three", "--json"];
    let without = run("three", &create, None).success();
    assert_eq!(sources(&without), (0, 3));
    assert!(
        without.stderr.contains("does not allow"),
        "{}",
        without.stderr
    );
    for run in [&with, &refused, &without] {
        says_no_secret(run);
    }
    leaves_no_secret(&sandbox);
    let is_secret = |request: &larder_testkit::Request| {
        let header = request.header("authorization");
        header.is_some_and(|header| header.contains(HEADER))
    };
    assert!(
        shelf.requests().iter().any(is_secret),
        "what was searched for"
    );
}

#[test]
fn a_damaged_object_of_the_store_is_not_spread() {
    let (sandbox, _server) = world();
    sandbox.larder(&["create", "-p", "env"]).success();
    let archive = super::archives(&sandbox)
        .into_iter()
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let mut bytes = fs::read(&archive).unwrap();
    bytes[100] ^= 1;
    fs::remove_file(&archive).unwrap();
    fs::write(&archive, bytes).unwrap();
    let run = sandbox
        .larder(&["store", "push", "--remote", "remote", "--json"])
        .fails_with(4);
    let report = json(&run);
    assert_eq!(
        (&report["sent"], report["damaged"][0].as_str()),
        (&2.into(), Some("lib-2.0-h1_0.conda"))
    );
    assert_eq!(objects(&sandbox).len(), 2);
}

#[test]
fn no_remote_and_a_layout_that_there_is_not_are_refused() {
    let (sandbox, _server) = world();
    let run = sandbox.larder(&["store", "pull"]).fails_with(1);
    assert!(run.stderr.contains("LARDER_REMOTE"), "{}", run.stderr);
    let run = sandbox
        .larder(&["store", "push", "--remote", "file:///srv/x?layout=boxes"])
        .fails_with(1);
    assert!(
        run.stderr.contains("`objects` or `packs`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_directory_that_is_not_there_is_named_and_not_made_but_by_a_push() {
    let (sandbox, _server) = world();
    let store = |command: &[&str]| {
        sandbox.larder(&[&["store"], command, &["--remote", "./nowhere"]].concat())
    };
    let runs = [
        store(&["gc"]).fails_with(1),
        store(&["gc", "--dry-run"]).fails_with(1),
        store(&["pull"]).success(),
        store(&["pull", "--all"]).success(),
    ];
    for run in runs {
        let named = format!("file://{} is not there", sandbox.path("nowhere").display());
        assert!(run.stderr.contains(&named), "{}", run.stderr);
    }
    assert!(!sandbox.path("nowhere").exists());
    sandbox.write("file", "");
    let run = sandbox
        .larder(&["store", "gc", "--remote", "file"])
        .fails_with(1);
    assert!(run.stderr.contains("it is no directory"), "{}", run.stderr);
    sandbox.larder(&["create", "-p", "env"]).success();
    store(&["push"]).success();
    store(&["gc"]).success();
}

#[test]
fn a_push_of_nothing_says_that_there_is_nothing_and_why() {
    let (sandbox, _server) = world();
    let shelf = larder_testkit::Server::serve(&sandbox.path(""));
    let url = format!("{}/", shelf.url().trim_end_matches('/'));
    for (more, why) in [(None, "no environment"), (Some("--all"), "is empty")] {
        let arguments = ["store", "push", "--remote", &url];
        let arguments: Vec<&str> = arguments.into_iter().chain(more).collect();
        let run = sandbox.larder(&arguments).success();
        assert!(run.stderr.contains("nothing to push"), "{}", run.stderr);
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
}

#[test]
fn what_is_damaged_here_is_healed_from_the_remote() {
    let (sandbox, server) = world();
    sandbox
        .larder(&["create", "-p", "env", "--push", "--remote", "remote"])
        .success();
    server.shutdown();
    let archive = &super::archives(&sandbox)[0];
    let whole = fs::read(archive).unwrap();
    fs::remove_file(archive).unwrap();
    fs::write(archive, b"nonsense").unwrap();
    let repair = [
        "store", "verify", "--repair", "--remote", "remote", "--json",
    ];
    let report = json(&sandbox.larder(&repair).success());
    assert_eq!(report["findings"][0]["state"], "healed", "{report}");
    assert!(fs::read(archive).unwrap() == whole);
}

#[test]
fn a_password_in_the_url_of_a_remote_is_refused_and_said_nowhere() {
    let (sandbox, _server) = world();
    let url = "s3://someone:hunter2@bucket/prefix";
    let run = sandbox
        .larder(&["create", "-p", "env", "--push", "--remote", url])
        .fails_with(1);
    assert!(
        !run.stderr.contains("hunter2") && !run.stdout.contains("hunter2"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.path("env").exists());
}
