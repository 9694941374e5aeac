//! Miss, save, hit, change, inexact hit; who may; what is told.

use crate::support::json;

use super::{content, entries, restore_json, run, save, world};

#[test]
fn a_miss_a_save_a_hit_a_change_and_an_inexact_hit() {
    let sandbox = world();
    let miss = restore_json(&sandbox, &[]);
    assert_eq!(
        (miss["hit"].as_str(), miss["matched_key"].is_null()),
        (Some("false"), true)
    );
    let saved = save(&sandbox);
    assert!(saved.stderr.contains("saved k|"), "{}", saved.stderr);
    sandbox.write("data/file", "other");
    let hit = restore_json(&sandbox, &[]);
    assert_eq!(
        (hit["hit"].as_str(), content(&sandbox).as_str()),
        (Some("true"), "saved")
    );
    assert_eq!(hit["matched_key"], hit["key"]);
    sandbox.write("x.lock", "two");
    assert_eq!(restore_json(&sandbox, &[])["hit"], "false");
    sandbox.write("data/file", "other");
    let inexact = restore_json(&sandbox, &["--restore-keys", "other", "k"]);
    assert_eq!(
        (inexact["hit"].as_str(), content(&sandbox).as_str()),
        (Some("inexact"), "saved")
    );
    assert_eq!(inexact["matched_key"], hit["key"]);
    let again = save(&sandbox);
    assert!(
        again.stderr.contains("saved"),
        "an inexact hit is saved: {}",
        again.stderr
    );
    let third = save(&sandbox);
    assert!(
        third.stderr.contains("entries never change"),
        "{}",
        third.stderr
    );
}

#[test]
fn restore_keys_may_be_lines_and_match_segments_or_characters() {
    let sandbox = world();
    save(&sandbox);
    sandbox.write("x.lock", "two");
    let lines = restore_json(&sandbox, &["--restore-keys", "other\n\nk\n"]);
    assert_eq!(lines["hit"], "inexact");
    sandbox.write("x.lock", "one");
    let plain = |more: &[&str]| {
        let arguments = [
            "restore",
            "--json",
            "--key",
            "kx",
            "--path",
            "data",
            "--restore-keys",
        ];
        json(&run(&sandbox, &[&arguments[..], more].concat(), &[]).success())
    };
    run(
        &sandbox,
        &["save", "--key", "yarn2 | y", "--path", "data"],
        &[],
    )
    .success();
    assert_eq!(plain(&["yarn"])["hit"], "false");
    assert_eq!(
        plain(&["yarn", "--prefix-match", "plain"])["hit"],
        "inexact"
    );
}

#[test]
fn looking_and_failing_on_a_miss() {
    let sandbox = world();
    let arguments = ["restore", "--key", "k", "--path", "data", "--fail-on-miss"];
    run(&sandbox, &arguments, &[]).fails_with(1);
    run(&sandbox, &["save", "--key", "k", "--path", "data"], &[]).success();
    sandbox.write("data/file", "before");
    run(
        &sandbox,
        &[&arguments[..], &["--lookup-only"]].concat(),
        &[],
    )
    .success();
    assert_eq!(content(&sandbox), "before");
}

#[test]
fn r24_r27_the_jobs_state_decides_whether_to_save() {
    for (more, is_saved) in [
        (["--if", "Succeeded"], true),
        (["--if", "success"], true),
        (["--if", "true"], true),
        (["--if", "0"], true),
        (["--if", "Failed"], false),
        (["--if", "SucceededWithIssues"], false),
        (["--if", "failure"], false),
        (["--if", "1"], false),
        (["--if", ""], false),
        (["--restored-key", ""], false),
        (["--restored-key", "k"], true),
    ] {
        let sandbox = world();
        let arguments = [&["save", "--key", "k", "--path", "data"][..], &more].concat();
        run(&sandbox, &arguments, &[]).success();
        assert_eq!(entries(&sandbox).exists(), is_saved, "{more:?}");
    }
}

#[test]
fn r26_files_that_changed_since_make_a_new_key_with_azure_and_none_with_github() {
    let sandbox = world();
    let first = restore_json(&sandbox, &[])["key"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.write("x.lock", "two");
    let arguments = [
        "save",
        "--json",
        "--key",
        super::KEY,
        "--path",
        "data",
        "--restored-key",
    ];
    let azure = run(&sandbox, &[&arguments[..], &[&first]].concat(), &[]).success();
    assert!(azure.stderr.contains("changed"), "{}", azure.stderr);
    assert_ne!(json(&azure)["key"], first.as_str());
    let github = [&arguments[..], &[&first, "--style", "github"]].concat();
    let github = run(&sandbox, &github, &[]).success();
    assert_eq!(json(&github)["key"], first.as_str());
}

#[test]
fn a_pull_request_reads_main_and_writes_where_main_does_not_read() {
    let sandbox = world();
    let push = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REF", "refs/heads/main"),
    ];
    let event = sandbox.write(
        "event.json",
        r#"{"repository": {"default_branch": "main"}}"#,
    );
    let pull_request = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REF", "refs/pull/1/merge"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
    ];
    let style = ["--style", "github", "--path", "data", "--json", "--key"];
    let save = |key, variables: &[(&str, &str)]| {
        let run = run(
            &sandbox,
            &[&["save"], &style[..], &[key]].concat(),
            variables,
        );
        json(&run.success())["outcome"].as_str().unwrap().to_owned()
    };
    let hit = |key, variables: &[(&str, &str)]| {
        let run = run(
            &sandbox,
            &[&["restore"], &style[..], &[key]].concat(),
            variables,
        );
        json(&run.success())["hit"].as_str().unwrap().to_owned()
    };
    assert_eq!(save("one", &push), "saved");
    assert_eq!(hit("one", &pull_request), "true");
    assert_eq!(save("one", &pull_request), "exists");
    assert_eq!(save("two", &pull_request), "saved");
    assert_eq!(hit("two", &pull_request), "true");
    assert_eq!(
        hit("two", &push),
        "false",
        "main reads nothing of a pull request"
    );
    let mut target = pull_request;
    (target[2].1, target[3].1) = ("pull_request_target", "refs/heads/main");
    assert_eq!(save("three", &target), "read-only");
}

#[test]
fn scopes_by_hand() {
    let sandbox = world();
    let save = ["save", "--key", "k", "--path", "data", "--scope", "main"];
    run(&sandbox, &save, &[]).success();
    let restore = [
        "restore", "--json", "--key", "k", "--path", "data", "--scope", "f",
    ];
    let hit = |more: &[&str]| {
        json(&run(&sandbox, &[&restore[..], more].concat(), &[]).success())["hit"].clone()
    };
    assert_eq!(hit(&[]), "false");
    assert_eq!(hit(&["--read-scope", "main"]), "true");
}

#[test]
fn what_cannot_be_is_refused_with_a_hint() {
    let sandbox = world();
    for (arguments, words) in [
        (
            vec!["restore", "--key", "k", "--path", "."],
            "would be replaced",
        ),
        (
            vec!["restore", "--key", "k", "--path", "x.lock"],
            "only directories",
        ),
        (
            vec!["save", "--key", "k", "--path", "x.lock"],
            "only directories",
        ),
        (
            vec!["save", "--key", "k", "--path", "none"],
            "only directories",
        ),
        (
            vec!["save", "--key", "k | none.lock", "--path", "data"],
            "file not found",
        ),
        (
            vec![
                "save",
                "--key",
                "k",
                "--path",
                "data",
                "--remote",
                "gopher://x",
            ],
            "gopher://x",
        ),
        (vec!["restore", "--preset", "nope"], "composer"),
        (vec!["key", "${{ secrets.X }}"], "secrets.X"),
    ] {
        let run = run(&sandbox, &arguments, &[]).fails_with(1);
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
    run(&sandbox, &["restore", "--path", "data"], &[]).fails_with(2);
}

#[test]
fn list_and_prune() {
    let sandbox = world();
    for key in ["a", "b"] {
        run(&sandbox, &["save", "--key", key, "--path", "data"], &[]).success();
    }
    let listed = json(&run(&sandbox, &["list", "--json"], &[]).success());
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[0]["scope"], "local");
    let text = run(&sandbox, &["list"], &[]).success();
    assert!(
        text.stdout.contains("local  a") && text.stderr.contains("2 entries"),
        "{text:?}"
    );
    let kept = run(&sandbox, &["prune", "--json"], &[]).success();
    assert_eq!(json(&kept)["kept"], 2);
    let dry = run(&sandbox, &["prune", "--max-size", "1B", "--dry-run"], &[]).success();
    assert!(dry.stderr.contains("would remove 2"), "{}", dry.stderr);
    run(&sandbox, &["prune", "--max-size", "1B"], &[]).success();
    assert_eq!(
        json(&run(&sandbox, &["list", "--json"], &[]).success())
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn a_remote_is_any_directory() {
    let sandbox = world();
    for remote in [
        "there",
        &format!("file://{}", sandbox.path("else where").display()).replace(' ', "%20"),
    ] {
        let arguments = ["save", "--key", "k", "--path", "data", "--remote", remote];
        run(&sandbox, &arguments, &[]).success();
    }
    assert!(sandbox.path("there/cache1").is_dir() && sandbox.path("else where/cache1").is_dir());
    let variable = [("LARDER_CACHE_REMOTE", "there")];
    let listed = run(&sandbox, &["list", "--json"], &variable).success();
    assert_eq!(json(&listed).as_array().unwrap().len(), 1);
}
