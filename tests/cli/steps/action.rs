//! What action.yml promises is what the binary does.

use std::collections::BTreeSet;

use larder_testkit::PackageBuilder;

use super::{
    runner::Job,
    yaml::{text, yaml},
};
use crate::support::{app_and_lib, channel, conda, program};

/// It removes what is to go after a failure too, and learns from the runner whether it may save.
#[test]
fn the_post_step_runs_however_the_job_went() {
    let action = yaml("action.yml");
    let runs = &action["runs"];
    assert_eq!(runs["post-if"], "always()");
    assert_eq!(
        action["inputs"]["job-status"]["default"],
        "${{ job.status }}"
    );
    assert_eq!(runs["using"], "node24");
}

#[test]
fn every_input_is_read_by_the_binary_or_by_the_script() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let binary = text("crates/larder-cli/src/commands/ci/inputs.rs");
    let script = ["main.js", "common.js"]
        .map(|name| std::fs::read_to_string(format!("{root}/ci/action/{name}")).unwrap());
    for name in yaml("action.yml")["inputs"].as_object().unwrap().keys() {
        let is_read = binary.contains(&format!("\"{name}\""))
            || script
                .iter()
                .any(|text| text.contains(&format!("'{name}'")));
        assert!(is_read, "nobody reads the input {name}");
    }
}

#[test]
fn every_output_is_declared_and_set() {
    let sandbox = app_and_lib();
    let python = PackageBuilder::new("python", "3.12.1", "0").noarch_generic();
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("python")),
            conda(python),
        ],
    );
    let remote = sandbox.path("remote").display().to_string();
    let mut set = BTreeSet::new();
    for machine in ["one", "two"] {
        let job = Job::new(&sandbox, machine).inputs(&[("cache", &remote), ("cache-mode", "tar")]);
        let larder = std::path::Path::new(env!("CARGO_BIN_EXE_larder"));
        job.step(larder, &["ci", "setup"]).success();
        set.extend(job.outputs().into_keys());
        job.after().step(larder, &["ci", "finish"]).success();
    }
    let action = yaml("action.yml");
    let declared: BTreeSet<String> = action["outputs"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(set, declared);
}
