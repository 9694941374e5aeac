//! `larder cache --remote ghac:` against GitHub's cache service, as the testkit speaks it.

use larder_testkit::{Fault, GhacServer, Run, Sandbox, ghac_token};

use crate::support::json;

use super::{content, run, world};

const KEY: &str = "k-${{ hashFiles('x.lock') }}";
const MAIN: &[(&str, &str)] = &[("refs/heads/main", "rw")];
const PULL: &[(&str, &str)] = &[("refs/pull/1/merge", "rw"), ("refs/heads/main", "r")];
const FORK: &[(&str, &str)] = &[("refs/pull/2/merge", "r"), ("refs/heads/main", "r")];

/// A job of a run with this token.
struct Job<'a> {
    sandbox: &'a Sandbox,
    variables: Vec<(String, String)>,
}

impl<'a> Job<'a> {
    fn of(sandbox: &'a Sandbox, server: &GhacServer, scopes: &[(&str, &str)]) -> Self {
        let mut variables = server.variables(&ghac_token(scopes));
        variables.push(("GITHUB_ACTIONS".into(), "true".into()));
        variables.push(("LARDER_CACHE_REMOTE".into(), "ghac:".into()));
        Self { sandbox, variables }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let variables: Vec<(&str, &str)> = self
            .variables
            .iter()
            .map(|(name, value)| (&name[..], &value[..]))
            .collect();
        let run = run(self.sandbox, arguments, &variables);
        for (name, value) in &variables {
            if name.ends_with("TOKEN") {
                let text = format!("{}{}", run.stdout, run.stderr);
                assert!(!text.contains(value), "{name} is shown: {text}");
                assert!(!text.contains("sig="), "a signed URL is shown: {text}");
            }
        }
        run
    }

    fn save(&self) -> Run {
        let arguments = [
            "save", "--style", "github", "--key", KEY, "--path", "data", "-vv",
        ];
        self.run(&arguments)
    }

    fn restore(&self, more: &[&str]) -> Run {
        let arguments = [
            "restore", "--style", "github", "--key", KEY, "--path", "data",
        ];
        self.run(&[&arguments, more].concat())
    }
}

#[test]
fn main_saves_and_a_pull_request_restores_by_a_restore_key() {
    let (sandbox, server) = (world(), GhacServer::start());
    let main = Job::of(&sandbox, &server, MAIN);
    let outputs = sandbox.path("outputs");
    let pull = Job::of(&sandbox, &server, PULL).with("GITHUB_OUTPUT", &outputs.to_string_lossy());
    assert_eq!(json(&pull.restore(&["--json"]).success())["hit"], "false");
    let saved = main.save().success();
    assert!(saved.stderr.contains("saved k-"), "{}", saved.stderr);
    sandbox.write("data/file", "other");
    let hit = json(&pull.restore(&["--json"]).success());
    assert_eq!(
        (hit["hit"].as_str(), &content(&sandbox)[..]),
        (Some("true"), "saved")
    );
    sandbox.write("x.lock", "two");
    sandbox.write("data/file", "other");
    let inexact = json(
        &pull
            .restore(&["--json", "--restore-keys", "none-", "k-"])
            .success(),
    );
    assert_eq!(
        (inexact["hit"].as_str(), &content(&sandbox)[..]),
        (Some("inexact"), "saved")
    );
    assert_eq!(inexact["matched_key"], hit["key"]);
    let told = std::fs::read_to_string(outputs).unwrap();
    assert!(
        told.contains("cache-hit=true\n") && told.contains("cache-hit=false\n"),
        "{told}"
    );
    // The pull request saves where main does not read.
    pull.save().success();
    assert_eq!(server.entries()[0].scope, "refs/pull/1/merge");
    assert_eq!(json(&main.restore(&["--json"]).success())["hit"], "false");
    assert_eq!(json(&pull.restore(&["--json"]).success())["hit"], "true");
    let again = pull.save().success();
    assert!(
        again.stderr.contains("entries never change"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_fork_may_only_read_and_that_is_no_failure() {
    let (sandbox, server) = (world(), GhacServer::start());
    let fork = Job::of(&sandbox, &server, FORK);
    let saved = fork.save().success();
    assert!(
        saved.stderr.contains("warning: nothing is saved"),
        "{}",
        saved.stderr
    );
    assert!(
        saved.stderr.contains("cache write denied"),
        "{}",
        saved.stderr
    );
    assert!(saved.stderr.contains("may only read"), "{}", saved.stderr);
    Job::of(&sandbox, &server, MAIN).save().success();
    assert_eq!(json(&fork.restore(&["--json"]).success())["hit"], "true");
    assert_eq!(server.entries().len(), 1);
}

#[test]
fn entries_are_listed_and_pruned_with_githubs_token() {
    let (sandbox, server) = (world(), GhacServer::start());
    Job::of(&sandbox, &server, MAIN).save().success();
    let without = Job::of(&sandbox, &server, MAIN);
    let refused = without.run(&["list"]).fails_with(1);
    assert!(
        refused.stderr.contains("GITHUB_TOKEN"),
        "{}",
        refused.stderr
    );
    let job = without.with("GITHUB_TOKEN", GhacServer::API_TOKEN);
    let listed = json(&job.run(&["list", "--json"]).success());
    let key = listed[0]["key"].as_str().unwrap();
    assert!(key.starts_with("k-"), "{listed}");
    job.run(&["prune", "--max-size", "1"]).success();
    assert_eq!(server.entries(), []);
    let reading = Job::of(&sandbox, &server, MAIN).with("GITHUB_TOKEN", GhacServer::API_TOKEN_READ);
    reading.save().success();
    reading.run(&["prune", "--max-size", "1"]).fails_with(3);
}

#[test]
fn a_service_that_is_down_or_limits_costs_a_warning() {
    let (sandbox, server) = (world(), GhacServer::start());
    let job = Job::of(&sandbox, &server, MAIN);
    let limit = Fault::RetryAfter {
        seconds: 3600,
        times: 100,
    };
    server.fault("CreateCacheEntry", limit);
    let saved = job.save().success();
    assert!(
        saved.stderr.contains("warning: nothing is saved"),
        "{}",
        saved.stderr
    );
    assert!(server.requests().len() < 10, "{:?}", server.requests());
    server.shutdown();
    let miss = job.restore(&["--json"]).success();
    assert_eq!(json(&miss)["hit"], "false");
    assert!(
        miss.stderr.contains("warning: nothing is restored"),
        "{}",
        miss.stderr
    );
    let saved = json(
        &job.run(&["save", "--json", "--key", "k", "--path", "data"])
            .success(),
    );
    assert_eq!(saved["outcome"], "failed");
    job.restore(&["--fail-on-miss"]).fails_with(1);
}

#[test]
fn a_damaged_entry_is_a_miss_and_leaves_what_was_there() {
    let (sandbox, server) = (world(), GhacServer::start());
    let job = Job::of(&sandbox, &server, MAIN).with("GITHUB_TOKEN", GhacServer::API_TOKEN);
    job.save().success();
    let path = &server.entries()[0].path;
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
    sandbox.write("data/file", "other");
    let miss = job.restore(&["--json"]).success();
    assert_eq!(
        (json(&miss)["hit"].as_str(), &content(&sandbox)[..]),
        (Some("false"), "other")
    );
    assert!(miss.stderr.contains("it is removed"), "{}", miss.stderr);
    assert_eq!(server.entries(), []);
}

#[test]
fn what_is_not_set_or_not_for_it_is_named() {
    let sandbox = world();
    let restore = [
        "restore", "--key", "k", "--path", "data", "--remote", "ghac:",
    ];
    let refused = run(&sandbox, &restore, &[]).fails_with(1);
    assert!(
        refused.stderr.contains("ACTIONS_RUNTIME_TOKEN is not set"),
        "{}",
        refused.stderr
    );
    let server = GhacServer::start();
    let job = Job::of(&sandbox, &server, MAIN);
    let refused = job.restore(&["--scope", "x"]).fails_with(1);
    assert!(refused.stderr.contains("--scope"), "{}", refused.stderr);
}
