//! Locks in every format: written, exported, compared, merged, and made into environments.

use std::{fs, process::Command};

use larder_testkit::{PackageBuilder, Sandbox};

use crate::support::{app_and_lib, channel, conda, env, json, sandbox};

fn locked() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox
        .larder(&["lock", "--platform", "linux-64"])
        .success();
    sandbox
}

fn text(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.path(name)).unwrap()
}

#[test]
fn every_format_makes_the_same_environment() {
    let sandbox = locked();
    sandbox
        .larder(&["create", "-p", "env", "--platform", "linux-64"])
        .success();
    let expected = fs::read(env(&sandbox).join("bin/app")).unwrap();
    for (format, name) in [
        ("pixi", "pixi.lock"),
        ("explicit", "explicit.txt"),
        ("conda-lock", "other-conda-lock.yml"),
    ] {
        sandbox
            .larder(&["export", "--format", format, "-o", name])
            .success();
        let list =
            |prefix: &str| json(&sandbox.larder(&["list", "-p", prefix, "--json"]).success());
        fs::rename(env(&sandbox), sandbox.path("aside")).unwrap();
        sandbox
            .larder(&["create", "-p", "env", "-f", name, "--platform", "linux-64"])
            .success();
        assert_eq!(
            fs::read(env(&sandbox).join("bin/app")).unwrap(),
            expected,
            "{format}"
        );
        assert_eq!(list("env"), list("aside"), "{format}");
        fs::remove_dir_all(sandbox.path("aside")).unwrap();
    }
}

#[test]
fn what_a_format_cannot_say_is_told() {
    let sandbox = locked();
    let run = sandbox
        .larder(&["export", "--format", "explicit"])
        .success();
    assert!(run.stdout.contains("@EXPLICIT"), "{}", run.stdout);
    assert!(run.stderr.contains("warning: explicit:"), "{}", run.stderr);
    let report = json(
        &sandbox
            .larder(&["export", "--format", "explicit", "--json"])
            .success(),
    );
    assert!(!report["losses"].as_array().unwrap().is_empty());
}

#[test]
fn an_explicit_list_is_for_one_platform() {
    let sandbox = app_and_lib();
    sandbox
        .larder(&["lock", "--platform", "linux-64", "--platform", "win-64"])
        .success();
    let run = sandbox
        .larder(&["export", "--format", "explicit"])
        .fails_with(1);
    assert!(run.stderr.contains("--platform"), "{}", run.stderr);
    sandbox
        .larder(&[
            "export",
            "--format",
            "explicit",
            "-o",
            "conda-{platform}.txt",
        ])
        .success();
    assert!(text(&sandbox, "conda-win-64.txt").contains("# platform: win-64"));
    let run = sandbox
        .larder(&["export", "--format", "explicit", "--platform", "osx-64"])
        .fails_with(1);
    assert!(run.stderr.contains("linux-64, win-64"), "{}", run.stderr);
}

#[test]
fn a_lock_is_written_in_rattlers_format_and_its_pins_are_kept() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock", "--format", "pixi"]).success();
    let first = text(&sandbox, "pixi.lock");
    assert!(first.starts_with("version:"), "{first}");
    let run = sandbox.larder(&["lock", "--format", "pixi"]).success();
    assert!(run.stderr.contains("unchanged"), "{}", run.stderr);
}

#[test]
fn cep23_11_an_explicit_list_needs_no_solver_and_no_index() {
    let sandbox = locked();
    sandbox
        .larder(&["export", "--format", "explicit", "-o", "explicit.txt"])
        .success();
    let server = larder_testkit::Server::serve(&sandbox.path("channel"));
    let url = format!("file://{}", sandbox.path("channel").display());
    let served = text(&sandbox, "explicit.txt").replace(&url, &server.url());
    sandbox.write("explicit.txt", &served);
    fs::remove_dir_all(sandbox.store()).unwrap();
    sandbox
        .larder(&[
            "create",
            "-p",
            "env",
            "-f",
            "explicit.txt",
            "--platform",
            "linux-64",
        ])
        .success();
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.path.contains("repodata"))
    );
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.path.contains("app-1.0-0.conda"))
    );
}

#[test]
fn cep23_13_a_file_without_the_marker_holds_specs() {
    let sandbox = app_and_lib();
    sandbox.write("specs.txt", "# what we need\n\nlib >=2\n  app\n");
    sandbox
        .larder(&["create", "-p", "env", "-f", "specs.txt", "-c", "./channel"])
        .success();
    assert!(env(&sandbox).join("conda-meta/app-1.0-0.json").is_file());
    sandbox.write("specs.txt", "lib\napp >=>1\n");
    let run = sandbox
        .larder(&["create", "-p", "env2", "-f", "specs.txt", "-c", "./channel"])
        .fails_with(1);
    assert!(run.stderr.contains("specs.txt:2"), "{}", run.stderr);
}

#[test]
fn a_difference_shows_old_and_new_versions() {
    let sandbox = locked();
    channel(
        &sandbox,
        [
            conda(crate::support::program("app", "1.0").depends("lib >=2")),
            conda(PackageBuilder::new("lib", "3.0", "0").noarch_generic()),
        ],
    );
    let run = sandbox
        .larder(&["lock", "--upgrade", "--dry-run"])
        .success();
    assert!(
        run.stdout.contains("lib") && run.stdout.contains("2.0") && run.stdout.contains("3.0"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("app"), "{}", run.stdout);
    let report = json(
        &sandbox
            .larder(&["lock", "--upgrade", "--diff", "--json"])
            .success(),
    );
    let change = &report["diff"]["platforms"][0]["changed"][0];
    assert_eq!(
        (&change["name"], &change["new"]["version"]),
        (&"lib".into(), &"3.0".into())
    );
}

/// A channel with two versions of `a`, `b` and `c`, and a lock of `a` alone.
fn before_branching() -> Sandbox {
    let sandbox = sandbox();
    let package =
        |name: &str, version: &str| conda(PackageBuilder::new(name, version, "0").noarch_generic());
    channel(
        &sandbox,
        ["a", "b", "c"]
            .iter()
            .flat_map(|name| ["1.0", "2.0"].map(|version| package(name, version))),
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n- a =1\n",
    );
    sandbox.larder(&["lock"]).success();
    sandbox
}

fn with_dependencies(sandbox: &Sandbox, dependencies: &str) -> String {
    sandbox.write(
        "environment.yml",
        &format!("channels: [./channel]\ndependencies: [{dependencies}]\n"),
    );
    sandbox.larder(&["lock"]).success();
    text(sandbox, "conda-lock.yml")
}

#[test]
fn a_lock_with_conflict_markers_is_solved_again_with_the_pins_of_both_sides() {
    let sandbox = before_branching();
    let base = text(&sandbox, "conda-lock.yml");
    let ours = with_dependencies(&sandbox, "a =1, b =1");
    sandbox.write("conda-lock.yml", &base);
    let theirs = with_dependencies(&sandbox, "a =1, c =1");
    sandbox.write(
        "conda-lock.yml",
        &format!("<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n"),
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [a, b, c]\n",
    );
    sandbox.larder(&["lock"]).success();
    let merged = text(&sandbox, "conda-lock.yml");
    for pin in ["a-1.0-0", "b-1.0-0", "c-1.0-0"] {
        assert!(merged.contains(pin), "{pin}: {merged}");
    }
}

#[test]
fn git_merges_locks_with_the_driver() {
    let sandbox = before_branching();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let path = std::path::Path::new(env!("CARGO_BIN_EXE_larder"))
            .parent()
            .unwrap();
        command
            .args(["-c", "user.name=t", "-c", "user.email=t@t"])
            .args(arguments)
            .current_dir(sandbox.work());
        command.env(
            "PATH",
            format!("{}:/usr/bin:/bin:/usr/local/bin", path.display()),
        );
        command
            .env("HOME", sandbox.home())
            .env("LARDER_STORE", sandbox.store())
            .env("LARDER_TREES", sandbox.trees());
        larder_testkit::Run::of(&mut command)
    };
    git(&["init", "-q", "-b", "main"]).success();
    git(&[
        "config",
        "merge.larder.driver",
        "larder lock merge-driver %O %A %B",
    ])
    .success();
    sandbox.write(".gitattributes", "conda-lock.yml merge=larder\n");
    sandbox.write(".gitignore", "channel\n");
    let commit = |text: &str| {
        git(&["add", "-A"]).success();
        git(&["commit", "-qm", text]).success();
    };
    commit("base");
    git(&["checkout", "-qb", "other"]).success();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n- c =1\n- a =1\n",
    );
    sandbox.larder(&["lock"]).success();
    commit("c");
    git(&["checkout", "-q", "main"]).success();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n- a =1\n\n\n- b =1\n",
    );
    sandbox.larder(&["lock"]).success();
    commit("b");
    git(&["merge", "-q", "other"]);
    let merged = text(&sandbox, "conda-lock.yml");
    for pin in ["a-1.0-0", "b-1.0-0", "c-1.0-0"] {
        assert!(merged.contains(pin), "{pin}: {merged}");
    }
    assert!(!merged.contains("<<<<<<<"), "{merged}");
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [a =1, b =1, c =1]\n",
    );
    sandbox.larder(&["lock", "--check"]).success();
}

#[test]
fn locks_that_cannot_be_merged_are_left_as_a_conflict() {
    let sandbox = before_branching();
    fs::copy(sandbox.path("conda-lock.yml"), sandbox.path("base")).unwrap();
    let ours = with_dependencies(&sandbox, "a =1, b =1");
    sandbox.write("ours", &ours);
    let theirs = with_dependencies(&sandbox, "a =1, b =2");
    sandbox.write("theirs", &theirs);
    let run = sandbox
        .larder(&["lock", "merge-driver", "base", "ours", "theirs"])
        .fails_with(1);
    assert!(
        run.stderr.contains("b =1") && run.stderr.contains("b =2"),
        "{}",
        run.stderr
    );
    assert!(
        text(&sandbox, "ours").contains("<<<<<<<"),
        "the conflict is left for a person"
    );
}
