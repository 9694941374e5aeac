//! How the action comes by larder: a release with its SHA-256, from a server of releases on loopback.

use std::fs;

use larder_testkit::{Sandbox, Server};
use sha2::{Digest as _, Sha256};

use super::runner::{Job, node};
use crate::support::app_and_lib;

const TARGET: &str = if cfg!(target_arch = "aarch64") {
    "aarch64-unknown-linux-gnu"
} else {
    "x86_64-unknown-linux-gnu"
};

/// A server with release 1.2.3, whose larder is the one under test behind a script.
fn releases(sandbox: &Sandbox) -> (Server, String) {
    let program = format!(
        "#!/bin/sh\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_larder")
    );
    let digest: String = Sha256::digest(&program)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for release in ["download/v1.2.3", "latest/download"] {
        let name = format!("releases/{release}/larder-{TARGET}");
        sandbox.write(&name, &program);
        sandbox.write(
            &format!("{name}.sha256"),
            &format!("{digest}  larder-{TARGET}\n"),
        );
    }
    (Server::serve(&sandbox.path("releases")), digest)
}

#[cfg(target_os = "linux")]
#[test]
fn a_release_is_fetched_checked_kept_and_put_on_path() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let (server, digest) = releases(&sandbox);
    let url = server.url();
    for version in ["1.2.3", "latest", ""] {
        let inputs = [
            ("cache", "false"),
            ("larder-url", &url[..]),
            ("larder-version", version),
        ];
        let job = Job::new(&sandbox, "m").inputs(&inputs);
        job.action(&node, "main").success();
        let job = job.after();
        let which = job
            .step("/bin/sh".as_ref(), &["-c", "command -v larder"])
            .success();
        let kept = job
            .machine
            .join("tools/larder")
            .join(&digest)
            .join("larder");
        assert_eq!(which.stdout.trim(), kept.display().to_string());
        fs::remove_dir_all(&job.machine).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_release_with_another_digest_is_never_run() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let (server, _) = releases(&sandbox);
    let url = server.url();
    let wrong = "0".repeat(64);
    for (name, value, said) in [
        ("larder-sha256", &wrong[..], "expected 0000"),
        ("larder-version", "9.9.9", "404"),
        ("larder-path", "absent", "there is no"),
    ] {
        let inputs = [("cache", "false"), ("larder-url", &url[..]), (name, value)];
        let job = Job::new(&sandbox, "m").inputs(&inputs);
        let run = job.action(&node, "main").fails_with(1);
        assert!(
            run.stdout.contains("::error") && run.stdout.contains(said),
            "{}",
            run.stdout
        );
        assert!(!job.machine.join("tools/larder").exists());
        assert_eq!(job.file("path"), "");
    }
}
