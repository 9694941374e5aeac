//! `larder cache`: the pipeline cache, from the command line.

use std::path::PathBuf;

use larder_testkit::{Run, Sandbox};
use serde_json::Value;

use crate::support::{json, sandbox};

mod clouds;
mod cycle;
mod github;
mod killed;
mod outputs;
mod presets;

/// A sandbox with a lock file and a directory to be cached.
fn world() -> Sandbox {
    let sandbox = sandbox();
    sandbox.write("x.lock", "one");
    sandbox.write("data/file", "saved");
    sandbox
}

const KEY: &str = "k | x.lock";

fn run(sandbox: &Sandbox, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let arguments = [&["cache"], arguments].concat();
    let mut command = sandbox.command(&arguments);
    Run::of(command.envs(variables.iter().copied()))
}

fn save(sandbox: &Sandbox) -> Run {
    run(sandbox, &["save", "--key", KEY, "--path", "data"], &[]).success()
}

fn restore_json(sandbox: &Sandbox, more: &[&str]) -> Value {
    let arguments = [&["restore", "--json", "--key", KEY, "--path", "data"], more].concat();
    json(&run(sandbox, &arguments, &[]).success())
}

fn content(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path("data/file")).unwrap_or_default()
}

/// Where the entries are if nobody says otherwise.
fn entries(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".cache/larder/pipeline/cache1")
}
