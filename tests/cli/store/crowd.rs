//! 32 processes make environments on one cold store while others collect: all succeed, the store is whole.
//! One round by default; `LARDER_TEST_ROUNDS=20` for more.

use std::process::{Child, Command, Stdio};

use larder_testkit::{Sandbox, rounds};

use super::store_json;
use crate::support::app_and_lib;

const PROCESSES: usize = 32;

fn start(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut command: Command = sandbox.command(arguments);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn many_creates_on_one_cold_store_while_others_collect() {
    (0..rounds(1)).for_each(|_| round());
}

fn round() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let mut children = Vec::new();
    for number in 0..PROCESSES {
        let prefix = format!("env-{number}");
        children.push(start(&sandbox, &["create", "-q", "-p", &prefix]));
        if number % 8 == 3 {
            // The lock keeps nothing here: what no run has pinned goes, whoever will want it next.
            children.push(start(&sandbox, &["store", "gc", "-q", "--max-size", "0"]));
        }
    }
    for child in children {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
    }
    for number in 0..PROCESSES {
        let data = sandbox.path(&format!("env-{number}/lib/data.txt"));
        assert_eq!(std::fs::read_to_string(data).unwrap(), "data");
    }
    let report = store_json(&sandbox, &["verify"]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{report}");
    for directory in ["tmp", "pins"] {
        let left = super::files(&sandbox.store().join(directory));
        assert!(left.is_empty(), "{left:?}");
    }
}
