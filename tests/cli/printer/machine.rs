//! Stores, caches, remotes, and a step of a CI job.

use std::fs;

use larder_testkit::{Run, Sandbox};

use super::{Doors, assert_harmless, hostile_texts};
use crate::support::app_and_lib;

#[test]
fn stores() {
    let mut doors = Doors::default();
    for directory in [
        "",
        "pkgs/zz",
        "md5",
        "roots",
        "repodata",
        "wheels",
        "unheard-of",
    ] {
        doors.check(&format!("store: {directory}"), |sandbox, text| {
            sandbox
                .larder(&["create", "-p", "env", "--no-lock"])
                .success();
            let place = sandbox.store().join(directory);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join(text), text).unwrap();
            let lines: [&[&str]; 6] = [
                &["store", "verify", "-v"],
                &["store", "list"],
                &["store", "info", "--json"],
                &["store", "gc", "--dry-run"],
                &["store", "verify", "--repair"],
                &["store", "verify", "--json"],
            ];
            lines.iter().map(|line| sandbox.larder(line)).collect()
        });
    }
    doors.all_but_these_speak(&["store: ", "store: repodata", "store: unheard-of"]);
}

#[test]
fn keys_of_caches() {
    let mut doors = Doors::default();
    doors.check("key of a cache", |sandbox, text| {
        sandbox.write("data/file", "x");
        let key = format!("\"zdoorz{text}\"");
        let remote = sandbox.path("remote").display().to_string();
        let lines: [&[&str]; 6] = [
            &["cache", "key", &key, "-v"],
            &[
                "cache", "save", "--key", &key, "--path", "data", "--remote", &remote,
            ],
            &[
                "cache", "restore", "--key", &key, "--path", "data", "--remote", &remote,
            ],
            &[
                "cache",
                "restore",
                "--key",
                &key,
                "--path",
                "data",
                "--remote",
                &remote,
                "--cache-hit-var",
                "HIT",
                "--json",
            ],
            &["cache", "list", "--remote", &remote],
            &["cache", "list", "--remote", &remote, "--json"],
        ];
        lines
            .iter()
            .map(|line| without_commands(sandbox.larder(line)))
            .collect()
    });
    doors.all_but_these_speak(&[]);
}

/// Without the commands that larder gives to the agent on purpose.
fn without_commands(mut run: Run) -> Run {
    let own =
        |line: &&str| !line.starts_with("##vso[task.setvariable variable=HIT;issecret=False]");
    run.stdout = run
        .stdout
        .lines()
        .filter(own)
        .collect::<Vec<_>>()
        .join("\n");
    run.stderr = run
        .stderr
        .lines()
        .filter(own)
        .collect::<Vec<_>>()
        .join("\n");
    run
}

/// Inputs of the action, and a variable of the environment that ends up in the runner's files.
#[test]
fn inputs_of_a_step() {
    let mut doors = Doors::default();
    for input in [
        "CREATE-ARGS",
        "ENVIRONMENT-FILE",
        "CACHE-MODE",
        "CACHE-KEY",
        "POST-CLEANUP",
        "CONDARC",
        "ACTIVATE",
    ] {
        doors.check(input, |sandbox, text| {
            let mut command = sandbox.command(&["ci", "setup", "-p", "env", "--service", "github"]);
            for (name, file) in [
                ("GITHUB_OUTPUT", "output"),
                ("GITHUB_ENV", "ghenv"),
                ("GITHUB_PATH", "path"),
            ] {
                command.env(name, sandbox.path(file));
            }
            command
                .env("RUNNER_TEMP", sandbox.path("temp"))
                .env("INPUT_CACHE", "false")
                .env(format!("INPUT_{input}"), text);
            vec![Run::of(&mut command)]
        });
    }
    doors.all_but_these_speak(&["CACHE-KEY", "CONDARC"]);
}

/// Values in the files of GitHub's runner are read back as they are and set nothing else.
#[test]
fn outputs_of_a_step() {
    for text in hostile_texts("outputs")
        .iter()
        .filter(|text| text.contains('\n'))
    {
        let sandbox = app_and_lib();
        let temporary = sandbox.path(&format!("temp {text}"));
        let mut command = sandbox.command(&[
            "ci",
            "setup",
            "-p",
            "env",
            "--service",
            "github",
            "--run-shell",
        ]);
        for (name, file) in [
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_ENV", "ghenv"),
            ("GITHUB_PATH", "path"),
            ("GITHUB_STATE", "state"),
            ("GITHUB_STEP_SUMMARY", "summary"),
        ] {
            command.env(name, sandbox.path(file));
        }
        let run = Run::of(
            command
                .env("RUNNER_TEMP", &temporary)
                .env("INPUT_CONDARC", "{}")
                .env("INPUT_CACHE", "false"),
        );
        assert_harmless(&run.stderr, "stderr");
        let path = fs::read_to_string(sandbox.path("path")).unwrap_or_default();
        assert!(path.lines().all(|line| !line.contains("zdoorz")), "{path}");
        for file in ["output", "ghenv", "state"] {
            let written = fs::read_to_string(sandbox.path(file)).unwrap_or_default();
            for (name, _) in crate::steps::pairs(&written) {
                assert!(!name.contains("zdoorz"), "{file}: {written}");
            }
        }
    }
}

/// What a library logs with -vv is printed like everything else.
#[test]
fn logs_of_libraries() {
    let mut doors = Doors::default();
    doors.check("-vv", |sandbox: &Sandbox, text| {
        let channel = format!("http://127.0.0.1:9/zdoorz {text}");
        vec![sandbox.larder(&[
            "create",
            "-vv",
            "-p",
            "env",
            "-c",
            &channel,
            "app",
            "--offline",
        ])]
    });
    doors.all_but_these_speak(&[]);
}
