//! The result as each service reads it.

use std::fs;

use larder_testkit::Sandbox;

use super::{run, save, world};
use crate::support::json;

fn restore(sandbox: &Sandbox, more: &[&str]) -> (String, String) {
    let output = sandbox.path("github-output");
    let _ = fs::remove_file(&output);
    let arguments = [&["restore", "--path", "data"], more].concat();
    let variables = [("GITHUB_OUTPUT", output.to_str().unwrap())];
    let run = run(sandbox, &arguments, &variables).success();
    (run.stdout, fs::read_to_string(output).unwrap())
}

#[test]
fn github_reads_its_output_file() {
    let sandbox = world();
    let key = ["--key", "k"];
    assert_eq!(
        restore(&sandbox, &key).1,
        "cache-hit=false\ncache-primary-key=k\ncache-result=false\n"
    );
    run(&sandbox, &["save", "--key", "k", "--path", "data"], &[]).success();
    let hit = restore(&sandbox, &key).1;
    assert_eq!(
        hit,
        "cache-hit=true\ncache-matched-key=k\ncache-primary-key=k\ncache-result=true\n"
    );
    let inexact = restore(&sandbox, &["--key", "k | l", "--restore-keys", "k"]).1;
    assert!(
        inexact.starts_with("cache-hit=inexact\ncache-matched-key=k\n"),
        "{inexact}"
    );
}

#[test]
fn r31_in_githubs_style_as_actions_cache_writes_it() {
    let sandbox = world();
    let style = ["--style", "github", "--key"];
    let output = |key| restore(&sandbox, &[&style[..], &[key]].concat()).1;
    assert!(!output("npm-1").contains("cache-hit"), "unset on a miss");
    let arguments = [&["save", "--path", "data"], &style[..], &["npm-1"]].concat();
    run(&sandbox, &arguments, &[]).success();
    assert!(output("npm-1").starts_with("cache-hit=true\n"));
    let prefix = output("npm-");
    assert!(
        prefix.starts_with("cache-hit=false\ncache-matched-key=npm-1\n"),
        "{prefix}"
    );
}

#[test]
fn r33_a_beginning_passes_where_a_miss_fails() {
    let sandbox = world();
    let arguments = ["--style", "github", "--path", "data", "--key", "npm-1"];
    run(&sandbox, &[&["save"], &arguments[..]].concat(), &[]).success();
    let restore = |key| {
        let arguments = [
            "restore",
            "--style",
            "github",
            "--path",
            "data",
            "--fail-on-miss",
            "--key",
            key,
        ];
        run(&sandbox, &arguments, &[]).status
    };
    assert_eq!((restore("npm-"), restore("yarn-")), (0, 1));
}

#[test]
fn azure_reads_a_logging_command_and_gitlab_a_dotenv_file() {
    let sandbox = world();
    save(&sandbox);
    let more = [
        "--key",
        super::KEY,
        "--cache-hit-var",
        "HIT",
        "--dotenv",
        "cache.env",
    ];
    let (stdout, _) = restore(&sandbox, &more);
    assert_eq!(
        stdout,
        "##vso[task.setvariable variable=HIT;issecret=False]true\n"
    );
    let dotenv = fs::read_to_string(sandbox.path("cache.env")).unwrap();
    assert!(
        dotenv.starts_with("LARDER_CACHE_HIT=true\nLARDER_CACHE_MATCHED_KEY=k|"),
        "{dotenv}"
    );
}

#[test]
fn a_key_is_shown_segment_by_segment() {
    let sandbox = world();
    let arguments = [
        "key",
        "\"a\" | *.lock | x.lock",
        "--restore-keys",
        "\"a\"",
        "-v",
    ];
    let shown = run(&sandbox, &arguments, &[("AGENT_OS", "Linux")]).success();
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert!(
        lines[0].starts_with("\"a\"|") && lines[1] == "\"a\"|**",
        "{}",
        shown.stdout
    );
    for words in [
        "\"a\" [string]",
        "[file pattern; matches: 1]",
        "x.lock [file] --> ",
    ] {
        assert!(shown.stderr.contains(words), "{}", shown.stderr);
    }
    let shown = json(
        &run(
            &sandbox,
            &["key", "$(Agent.OS)", "--json"],
            &[("AGENT_OS", "Plan9")],
        )
        .success(),
    );
    assert_eq!(shown["key"], "Plan9");
    assert_eq!(shown["segments"][0]["kind"], "string");
}

#[test]
fn r38_gitlabs_key_files_are_a_prefix_and_a_hash() {
    let sandbox = world();
    let key = |more: &[&str]| {
        let arguments = [&["key", "--style", "gitlab", "rspec", "--key-files"], more].concat();
        run(&sandbox, &arguments, &[]).success().stdout
    };
    assert_eq!(key(&["absent.lock"]), "rspec-default\n");
    assert_ne!(key(&["x.lock"]), key(&["absent.lock"]));
    assert_eq!(key(&["x.lock", "absent.lock"]), key(&["x.lock"]));
    let elsewhere = ["key", "rspec", "--key-files", "x.lock"];
    let refused = run(&sandbox, &elsewhere, &[]).fails_with(1);
    assert!(refused.stderr.contains("GitLab's"), "{}", refused.stderr);
    let restore = [
        "restore",
        "--style",
        "gitlab",
        "--key",
        "k",
        "--key-files",
        "x.lock",
        "--path",
        "data",
    ];
    let save = [
        "save",
        "--style",
        "gitlab",
        "--key",
        "k",
        "--key-files",
        "x.lock",
        "--path",
        "data",
    ];
    run(&sandbox, &save, &[]).success();
    let hit = json(&run(&sandbox, &[&restore[..], &["--json"]].concat(), &[]).success());
    assert_eq!(hit["hit"], "true");
}

/// As actions/cache does: a job whose tool made no cache has not failed.
#[test]
fn a_path_that_is_not_there_is_a_warning_in_githubs_style() {
    let sandbox = world();
    let arguments = [
        "save", "--style", "github", "--key", "k", "--path", "absent",
    ];
    let saved = run(&sandbox, &arguments, &[]);
    assert_eq!(saved.status, 0, "{}", saved.stderr);
    assert!(
        saved.stderr.contains("warning: nothing is saved"),
        "{}",
        saved.stderr
    );
}
