//! The GitHub action, run by node as the runner does it: a miss, then a hit on another machine.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use larder_testkit::{GhacOptions, GhacServer, Sandbox, ghac_token};

use super::runner::{Job, node};
use crate::support::{app_and_lib, channel, conda, lib, program};

const LARDER: &str = env!("CARGO_BIN_EXE_larder");

fn inputs(remote: &str) -> Vec<(&str, &str)> {
    vec![
        ("larder-path", LARDER),
        ("cache", remote),
        ("cache-mode", "tar"),
    ]
}

fn entries(remote: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![remote.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => directories.push(path),
                path if path.display().to_string().contains("cache1") => found.push(path),
                _ => {}
            }
        }
    }
    found
}

fn remote(sandbox: &Sandbox) -> String {
    sandbox.path("remote").display().to_string()
}

#[test]
fn the_action_misses_saves_and_hits_on_another_machine() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let remote = remote(&sandbox);
    let first = Job::new(&sandbox, "one").inputs(&inputs(&remote));
    first.action(&node, "main").success();
    let outputs = first.outputs();
    assert_eq!(outputs.get("cache-hit"), None);
    assert_eq!(
        (&outputs["cache-result"][..], &outputs["solve"][..]),
        ("false", "true")
    );
    assert_ne!(outputs["bytes-fetched"], "0");
    let environment = &outputs["environment-path"];
    assert!(environment.ends_with("/work"), "{environment}");
    assert!(
        first
            .file("summary")
            .contains("| against cold | this was cold"),
        "{}",
        first.file("summary")
    );
    let first = first.after();
    let app = first
        .step(Path::new("/bin/sh"), &["-c", "app; larder --version"])
        .success();
    assert_eq!(app.stdout.lines().next(), Some(&environment[..]));
    let saved = first.action(&node, "post").success();
    assert!(
        saved.stderr.contains("larder: saved larder-Linux-X64-"),
        "{}",
        saved.stderr
    );
    assert_eq!(entries(Path::new(&remote)).len(), 1);

    let second = Job::new(&sandbox, "two").inputs(&inputs(&remote));
    second.action(&node, "main").success();
    let hit = second.outputs();
    assert_eq!(
        (&hit["cache-hit"][..], &hit["cache-result"][..]),
        ("true", "true")
    );
    assert_eq!(
        (&hit["bytes-fetched"][..], &hit["solve"][..]),
        // Nothing is downloaded. The remembered solve came out of a cache that others may write, so it is not used.
        ("0", "true")
    );
    assert_eq!(hit["cache-matched-key"], hit["cache-primary-key"]);
    assert_ne!(hit["bytes-restored"], "0");
    let summary = second.file("summary");
    assert!(
        summary.contains("s cold, ") && summary.contains("| fetched | nothing |"),
        "{summary}"
    );
    let second = second.after();
    second.step(Path::new("/bin/sh"), &["-c", "app"]).success();
    let again = second.action(&node, "post").success();
    assert!(again.stderr.contains("nothing to save"), "{}", again.stderr);
    assert_eq!(entries(Path::new(&remote)).len(), 1);
}

#[test]
fn another_environment_is_an_inexact_hit_and_only_what_is_new_is_fetched() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let remote = remote(&sandbox);
    let first = Job::new(&sandbox, "one").inputs(&inputs(&remote));
    first.action(&node, "main").success();
    first.after().action(&node, "post").success();
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("lib >=2")),
            conda(program("tool", "1.0")),
            lib().build(larder_testkit::Format::TarBz2),
        ],
    );
    sandbox.write(
        "environment.yml",
        "name: work\nchannels: [./channel]\ndependencies: [app, tool]\n",
    );
    let second = Job::new(&sandbox, "two").inputs(&inputs(&remote));
    second.action(&node, "main").success();
    let outputs = second.outputs();
    assert_eq!(
        (&outputs["cache-hit"][..], &outputs["cache-result"][..]),
        ("false", "inexact")
    );
    let summary = second.file("summary");
    assert!(summary.contains("| reused | 2 packages |"), "{summary}");
    assert!(summary.contains("| fetched | 1 package,"), "{summary}");
    second.after().action(&node, "post").success();
    assert_eq!(entries(Path::new(&remote)).len(), 2);
    let third = Job::new(&sandbox, "three").inputs(&inputs(&remote));
    third.action(&node, "main").success();
    assert_eq!(third.outputs()["cache-hit"], "true");
}

#[test]
fn a_run_that_may_only_read_hits_and_saves_nothing() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let remote = remote(&sandbox);
    let job = Job::new(&sandbox, "one")
        .inputs(&inputs(&remote))
        .with("GITHUB_EVENT_NAME", "pull_request_target");
    job.action(&node, "main").success();
    let post = job.after().action(&node, "post").success();
    assert!(post.stderr.contains("may only read"), "{}", post.stderr);
    assert!(entries(Path::new(&remote)).is_empty());
}

#[test]
fn a_cache_that_fails_costs_a_warning() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let remote = sandbox
        .write("no-directory", "a file")
        .display()
        .to_string();
    let job = Job::new(&sandbox, "one").inputs(&inputs(&remote));
    let run = job.action(&node, "main").success();
    assert!(run.stderr.contains("warning:"), "{}", run.stderr);
    assert_eq!(job.outputs()["cache-result"], "false");
    let job = job.after();
    job.step(Path::new("/bin/sh"), &["-c", "app"]).success();
    let post = job.action(&node, "post").success();
    assert!(
        post.stderr.contains("warning: the store is not saved"),
        "{}",
        post.stderr
    );
}

#[test]
fn an_environment_that_cannot_be_made_fails_the_step_with_the_exit_code_of_create() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "name: w\nchannels: [./channel]\ndependencies: [absent]\n",
    );
    let remote = remote(&sandbox);
    let job = Job::new(&sandbox, "one").inputs(&inputs(&remote));
    let run = job.action(&node, "main").fails_with(1);
    assert!(run.stderr.contains("absent"), "{}", run.stderr);
    assert_eq!(job.file("output"), "");
    // There is nothing to save, and nobody is told of a second failure.
    let post = job.after().with("INPUT_JOB-STATUS", "failure");
    let post = post.action(&node, "post").success();
    assert!(post.stderr.contains("nothing is saved"), "{}", post.stderr);
    assert!(entries(Path::new(&remote)).is_empty());
}

/// The main step failed before larder ran, or over its inputs: the post step has nothing to do.
#[test]
fn a_post_step_without_a_state_does_nothing() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    for input in [("larder-path", "absent"), ("post-cleanup", "some")] {
        let job = Job::new(&sandbox, input.0).inputs(&[("larder-path", LARDER), input]);
        job.action(&node, "main").fails_with(1);
        let post = job.after().with("INPUT_JOB-STATUS", "failure");
        let post = post.action(&node, "post").success();
        assert_eq!((post.stdout, post.stderr), (String::new(), String::new()));
    }
}

#[test]
fn of_a_job_that_failed_nothing_is_saved_and_what_was_to_go_goes() {
    let Some(node) = node() else { return };
    for mode in ["tar", "objects"] {
        for (status, is_saved) in [("failure", false), ("cancelled", false), ("success", true)] {
            let sandbox = app_and_lib();
            let remote = remote(&sandbox);
            let inputs = [
                ("larder-path", LARDER),
                ("cache", &remote[..]),
                ("cache-mode", mode),
                ("post-cleanup", "all"),
            ];
            let job = Job::new(&sandbox, "m").inputs(&inputs);
            job.action(&node, "main").success();
            let environment = job.outputs()["environment-path"].clone();
            assert!(Path::new(&environment).exists());
            let job = job.after().with("INPUT_JOB-STATUS", status);
            let post = job.action(&node, "post").success();
            let said = post.stderr.contains("as the job did not succeed");
            assert_eq!(said, !is_saved, "{mode} {status}: {}", post.stderr);
            assert_eq!(Path::new(&remote).exists(), is_saved, "{mode} {status}");
            assert!(!Path::new(&environment).exists(), "{mode} {status}");
            assert!(!job.machine.join("temp/larder").exists(), "{mode} {status}");
        }
    }
}

/// The action once for each environment; post steps run in the opposite order, as on GitHub.
#[test]
fn a_job_has_several_environments() {
    let Some(node) = node() else { return };
    for (mode, cleanup, is_there) in [
        ("tar", "none", true),
        ("tar", "all", false),
        ("objects", "all", false),
        ("objects", "environment", false),
    ] {
        let sandbox = app_and_lib();
        sandbox.write(
            "other.yml",
            "name: other\nchannels: [./channel]\ndependencies: [lib]\n",
        );
        let remote = remote(&sandbox);
        let common = [
            ("larder-path", LARDER),
            ("cache", &remote[..]),
            ("cache-mode", mode),
            ("post-cleanup", cleanup),
        ];
        let first = Job::new(&sandbox, "m");
        let one = first.next_step("one", &common);
        one.action(&node, "main").success();
        let other = [("environment-file", "other.yml")];
        let two = one.next_step("two", &[&common[..], &other].concat());
        two.action(&node, "main").success();
        let here = [
            ("environment-path", "./here"),
            ("create-args", "-c ./channel app"),
            ("activate", "false"),
        ];
        let three = two.next_step("three", &[&common[..], &here].concat());
        three.action(&node, "main").success();
        let names =
            [&one, &two, &three].map(|step| step.outputs().get("environment-name").cloned());
        assert_eq!(names, [Some("work".into()), Some("other".into()), None]);
        // The last one that was activated is active; programs of the others are still found.
        let later = three.next_step("later", &[]);
        let text = "echo $CONDA_DEFAULT_ENV; app";
        let run = later.step(Path::new("/bin/sh"), &["-c", text]).success();
        let expected = format!("other\n{}\n", one.outputs()["environment-path"]);
        assert_eq!(run.stdout, expected);
        let places: Vec<String> = [&one, &two, &three]
            .map(|step| step.outputs()["environment-path"].clone())
            .into();
        for step in [three, two, one] {
            let post = step.after().action(&node, "post").success();
            assert!(!post.stderr.contains("warning"), "{}", post.stderr);
        }
        for place in &places {
            assert_eq!(Path::new(place).exists(), is_there, "{mode} {cleanup}");
        }
        let own = sandbox.path("machines/m/temp/larder");
        assert_eq!(own.exists(), cleanup != "all", "{mode} {cleanup}");
        match mode {
            // An entry for each, by what it was asked for with.
            "tar" => assert_eq!(entries(Path::new(&remote)).len(), 3),
            _ => assert!(Path::new(&remote).exists()),
        }
    }
}

/// A run on GitHub's own cache service, as the service tells an action where it is.
fn on_service<'a>(
    sandbox: &'a Sandbox,
    name: &str,
    service: (&GhacServer, &[(&str, &str)]),
) -> Job<'a> {
    let (server, scopes) = service;
    let mut job = Job::new(sandbox, name).inputs(&[("larder-path", LARDER), ("cache-mode", "tar")]);
    for (name, value) in server.variables(&ghac_token(scopes)) {
        job = job.with(&name, &value);
    }
    job
}

#[test]
fn on_githubs_cache_service_a_branch_starts_from_main_and_a_fork_saves_nothing() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let server = GhacServer::with(GhacOptions {
        runs: true,
        ..GhacOptions::default()
    });
    let main: &[_] = &[("refs/heads/main", "rw")];
    let branch: &[_] = &[("refs/heads/b", "rw"), ("refs/heads/main", "r")];
    let fork: &[_] = &[("refs/pull/2/merge", "r"), ("refs/heads/main", "r")];
    let rounds = [
        ("one", main, "false", "larder: saved "),
        ("two", main, "true", "nothing to save"),
        ("three", fork, "true", "nothing to save"),
        ("four", fork, "inexact", "may only read"),
        ("five", branch, "inexact", "larder: saved "),
        ("six", branch, "true", "nothing to save"),
        ("seven", main, "inexact", "larder: saved "),
    ];
    for (name, scopes, result, said) in rounds {
        if name == "four" {
            sandbox.write(
                "environment.yml",
                "name: work\nchannels: [./channel]\ndependencies: [lib]\n",
            );
        }
        let job = on_service(&sandbox, name, (&server, scopes));
        job.action(&node, "main").success();
        let outputs = job.outputs();
        assert_eq!(outputs["cache-result"], result, "{name}");
        let fetched = outputs["bytes-fetched"] == "0";
        assert_eq!(
            fetched,
            result != "false",
            "{name}: what main saved is enough"
        );
        let post = job.after().action(&node, "post").success();
        assert!(post.stderr.contains(said), "{name}: {}", post.stderr);
    }
}

#[test]
fn a_cache_service_that_is_down_costs_a_warning_and_little_time() {
    let Some(node) = node() else { return };
    for mode in ["tar", "objects"] {
        let sandbox = app_and_lib();
        let job = Job::new(&sandbox, "one")
            .inputs(&[("larder-path", LARDER), ("cache-mode", mode)])
            .with("ACTIONS_RESULTS_URL", "http://127.0.0.1:9/")
            .with("ACTIONS_RUNTIME_TOKEN", "secret-token")
            .with("ACTIONS_CACHE_SERVICE_V2", "True");
        let run = job.action(&node, "main").success();
        assert!(run.stderr.contains("warning:"), "{mode}: {}", run.stderr);
        assert!(
            !run.stderr.contains("secret-token"),
            "{mode}: {}",
            run.stderr
        );
        assert_eq!(job.outputs()["cache-result"], "false");
        let post = job.after().action(&node, "post").success();
        assert!(
            post.stderr.contains("larder: nothing is"),
            "{mode}: {}",
            post.stderr
        );
    }
}

/// The outputs of a job that shares objects, and what its post step said.
fn sharing(job: Job<'_>, node: &Path) -> (BTreeMap<String, String>, String) {
    let job = job.with("INPUT_CACHE-MODE", "objects");
    job.action(node, "main").success();
    let outputs = job.outputs();
    let post = job.after().action(node, "post").success();
    (outputs, post.stderr)
}

#[test]
fn objects_are_shared_and_only_what_is_new_moves() {
    let Some(node) = node() else { return };
    for is_service in [false, true] {
        let sandbox = app_and_lib();
        let remote = remote(&sandbox);
        let server = GhacServer::with(GhacOptions {
            runs: true,
            ..GhacOptions::default()
        });
        let job = |name: &str, scopes: &[(&str, &str)]| match is_service {
            true => on_service(&sandbox, name, (&server, scopes)),
            false => Job::new(&sandbox, name).inputs(&inputs(&remote)),
        };
        let main: &[_] = &[("refs/heads/main", "rw")];
        let branch: &[_] = &[("refs/heads/b", "rw"), ("refs/heads/main", "r")];
        let (miss, post) = sharing(job("one", main), &node);
        assert_eq!(miss["cache-result"], "false");
        assert!(post.contains("larder: shared 2 objects"), "{post}");
        let (hit, post) = sharing(job("two", main), &node);
        assert_eq!(
            (&hit["cache-hit"][..], &hit["bytes-fetched"][..]),
            ("true", "0")
        );
        assert_eq!(
            (&hit["solve"][..], &hit["bytes-restored"]),
            ("memo", &miss["bytes-fetched"])
        );
        assert!(post.contains("nothing to save"), "{post}");
        let tool = conda(program("tool", "1.0"));
        let new_bytes = tool.bytes.len().to_string();
        channel(
            &sandbox,
            [
                conda(program("app", "1.0").depends("lib >=2")),
                tool,
                lib().build(larder_testkit::Format::TarBz2),
            ],
        );
        sandbox.write(
            "environment.yml",
            "name: work\nchannels: [./channel]\ndependencies: [app, tool]\n",
        );
        let (inexact, post) = sharing(job("three", branch), &node);
        assert_eq!(inexact["cache-result"], "inexact");
        assert_eq!(inexact["bytes-fetched"], new_bytes);
        assert!(post.contains("larder: shared 1 object,"), "{post}");
    }
}
