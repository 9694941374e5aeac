//! What goes wrong outside: each a clear error, its exit code, and nothing left behind.

use std::fs;

use larder_testkit::{Fault, Sandbox, Server, tree_of};

use crate::support::{app_and_lib, env, json};

/// A sandbox whose manifest names a server with its channel.
fn served() -> (Sandbox, Server) {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        &format!("channels: [\"{}\"]\ndependencies: [app]\n", server.url()),
    );
    (sandbox, server)
}

fn fails(sandbox: &Sandbox, code: i32) -> String {
    let run = sandbox.larder(&["create", "-p", "env"]).fails_with(code);
    assert!(!env(sandbox).exists(), "no environment is left");
    let left: Vec<_> = tree_of(&sandbox.store())
        .into_iter()
        .filter(|line| line.contains("tmp/"))
        .collect();
    assert_eq!(
        left,
        Vec::<String>::new(),
        "nothing half written is left in the store"
    );
    run.stderr
}

#[test]
fn a_wrong_hash_names_package_url_and_both_digests() {
    let (sandbox, server) = served();
    let channel = server.url();
    let other = sandbox.larder(&["create", "-p", "other", "-c", &channel, "lib"]);
    other.success();
    server.fault("app-1.0-0.conda", Fault::WrongBytes { times: 99 });
    let error = fails(&sandbox, 4);
    for part in [
        "app-1.0-0",
        "app-1.0-0.conda",
        "expected sha256:",
        "found sha256:",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert!(
        tree_of(&sandbox.store())
            .iter()
            .any(|line| line.contains(".tar.bz2")),
        "what was complete stays"
    );
}

#[test]
fn a_missing_package_is_a_clear_error() {
    let (sandbox, server) = served();
    server.fault(
        "app-1.0-0.conda",
        Fault::Status {
            code: 404,
            times: 99,
        },
    );
    let error = fails(&sandbox, 1);
    assert!(
        error.contains("404") && error.contains("app-1.0-0"),
        "{error}"
    );
}

#[test]
fn a_burst_of_errors_is_waited_out() {
    let (sandbox, server) = served();
    server.fault(
        "app-1.0-0.conda",
        Fault::Status {
            code: 503,
            times: 1,
        },
    );
    server.fault(
        "lib-2.0-h1_0.tar.bz2",
        Fault::CutAfter {
            bytes: 50,
            times: 1,
        },
    );
    sandbox.larder(&["create", "-p", "env"]).success();
    assert!(
        server
            .requests()
            .iter()
            .filter(|request| request.path.contains("app-1.0-0.conda"))
            .count()
            > 1
    );
}

#[test]
fn a_server_that_is_gone_names_the_channel() {
    let (sandbox, server) = served();
    server.shutdown();
    let error = fails(&sandbox, 3);
    assert!(error.contains(&server.url()), "{error}");
}

#[test]
fn offline_with_an_empty_store_says_what_is_missing() {
    let (sandbox, _server) = served();
    sandbox.larder(&["lock"]).success();
    let run = sandbox
        .larder(&["create", "-p", "env", "--offline"])
        .fails_with(1);
    assert!(
        run.stderr.contains("offline") && run.stderr.contains("app-1.0-0"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_damaged_archive_in_the_store_is_found_before_it_is_used_and_fetched_anew() {
    let (sandbox, server) = served();
    sandbox.larder(&["create", "-p", "env"]).success();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    let object = object(&sandbox, ".conda");
    let mut bytes = fs::read(&object).unwrap();
    bytes[100] ^= 1;
    fs::write(replaceable(&object), bytes).unwrap();
    let before = server.requests().len();
    let run = sandbox.larder(&["create", "-p", "env"]).success();
    assert!(run.stderr.contains("fetched anew"), "{}", run.stderr);
    assert!(
        server.requests()[before..]
            .iter()
            .any(|request| request.path.contains("app-1.0-0.conda"))
    );
}

#[test]
fn a_damaged_archive_that_cannot_be_fetched_again_is_named_and_nothing_is_made() {
    let (sandbox, server) = served();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    fs::write(replaceable(&object(&sandbox, ".conda")), "not an archive").unwrap();
    server.shutdown();
    let report = json(
        &sandbox
            .larder(&["create", "-p", "env", "--json"])
            .fails_with(3),
    );
    assert_eq!(report["code"], "fetch::unreachable");
    assert!(
        report["error"].as_str().unwrap().contains("app-1.0-0"),
        "{report}"
    );
    assert!(!env(&sandbox).exists());
}

#[test]
fn a_store_in_which_every_archive_is_damaged_costs_time_and_nothing_else() {
    let (sandbox, _server) = served();
    sandbox.larder(&["create", "-p", "env"]).success();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    for extension in [".conda", ".tar.bz2"] {
        fs::write(replaceable(&object(&sandbox, extension)), "damaged").unwrap();
    }
    let report = json(&sandbox.larder(&["create", "-p", "env", "--json"]).success());
    assert_eq!(report["fetched"], 2, "{report}");
}

#[test]
fn mirrors_are_asked_before_the_channel() {
    let (sandbox, server) = served();
    let mirror = Server::serve(&sandbox.path("channel"));
    let mirrors = format!("{}={}", server.url(), mirror.url());
    let mut command = sandbox.command(&["create", "-p", "env"]);
    larder_testkit::Run::of(command.env("LARDER_MIRRORS", &mirrors)).success();
    let packages = |server: &Server| {
        server
            .requests()
            .iter()
            .filter(|request| request.path.contains("app-1.0-0"))
            .count()
    };
    assert_eq!((packages(&mirror), packages(&server)), (1, 0));
    let record = fs::read_to_string(env(&sandbox).join("conda-meta/app-1.0-0.json")).unwrap();
    assert!(
        record.contains(&server.url()) && !record.contains(&mirror.url()),
        "{record}"
    );

    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    mirror.fault(
        "app-1.0-0",
        Fault::Status {
            code: 404,
            times: 99,
        },
    );
    let mut command = sandbox.command(&["create", "-p", "env"]);
    larder_testkit::Run::of(command.env("LARDER_MIRRORS", &mirrors)).success();
    assert_eq!(packages(&server), 1, "the channel itself comes last");
}

#[test]
fn a_store_of_a_later_version_is_refused() {
    let (sandbox, _server) = served();
    sandbox.larder(&["lock"]).success();
    fs::write(sandbox.store().join("format"), "larder-store 99\n").unwrap();
    let error = sandbox
        .larder(&["create", "-p", "env"])
        .fails_with(1)
        .stderr;
    assert!(
        error.contains("99") && error.contains("newer larder"),
        "{error}"
    );
}

/// Objects are read-only; another file can take the place.
fn replaceable(object: &std::path::Path) -> &std::path::Path {
    fs::remove_file(object).unwrap();
    object
}

fn object(sandbox: &Sandbox, extension: &str) -> std::path::PathBuf {
    let pkgs = sandbox.store().join("pkgs");
    let directories = fs::read_dir(pkgs)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = directories.flat_map(|directory| {
        fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    });
    files
        .into_iter()
        .find(|path| path.to_string_lossy().ends_with(extension))
        .unwrap()
}
