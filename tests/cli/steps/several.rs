//! Several environments in a job of Azure Pipelines or GitLab: each `setup` has a state of its own, one `finish` ends
//! all of them.

use std::path::Path;

use super::runner::Job;
use crate::support::app_and_lib;

#[test]
fn one_finish_ends_every_setup_of_the_job() {
    let larder = Path::new(env!("CARGO_BIN_EXE_larder"));
    for (service, variables) in [
        ("azure", &[("AGENT_TEMPDIRECTORY", "temp")][..]),
        ("gitlab", &[("CI_JOB_ID", "17")]),
        ("github", &[]),
    ] {
        let sandbox = app_and_lib();
        let remote = sandbox.path("remote").display().to_string();
        let mut job = Job::new(&sandbox, "m").inputs(&[]);
        for (name, value) in variables {
            let path = job.machine.join(value).display().to_string();
            let value = if *value == "temp" { &path[..] } else { *value };
            job = job.with(name, value);
        }
        let common = ["--service", service];
        for prefix in ["one", "two"] {
            let setup = ["ci", "setup", "-p", prefix, "--no-activate", "--cache"];
            let more = [&remote[..], "--cache-mode", "tar", "--cache-key", prefix];
            let cleanup = ["--post-cleanup", "all"];
            let arguments = [&setup[..], &more, &cleanup, &common].concat();
            job.step(larder, &arguments).success();
        }
        let finish = [&["ci", "finish"][..], &common].concat();
        let run = job.step(larder, &finish).success();
        let saved = run.stderr.matches("larder: saved ").count();
        assert_eq!(saved, 2, "{service}: {}", run.stderr);
        assert!(!run.stderr.contains("warning"), "{service}: {}", run.stderr);
        for prefix in ["one", "two"] {
            assert!(!sandbox.path(prefix).exists(), "{service}: {prefix}");
        }
    }
}
