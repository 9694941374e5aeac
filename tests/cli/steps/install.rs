//! How the action comes by larder: a release whose SHA-256 the action itself or the workflow says, from a server of
//! releases on loopback.

use std::{fs, path::Path};

use larder_testkit::{Run, Sandbox, Server};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    runner::{Job, node},
    yaml::repository,
};
use crate::support::app_and_lib;

const TARGET: &str = if cfg!(target_arch = "aarch64") {
    "aarch64-unknown-linux-gnu"
} else {
    "x86_64-unknown-linux-gnu"
};

/// A server with release 1.2.3, whose larder is the one under test behind a script. Next to the program is its
/// checksum, which nobody may ask for.
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

/// The action of a tag: its scripts with the checksums that the release workflow put there.
fn pinned_action(sandbox: &Sandbox, node: &Path) -> String {
    for entry in fs::read_dir(repository("ci/action")).unwrap() {
        let entry = entry.unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        sandbox.write(&format!("action/{}", entry.file_name().display()), &text);
    }
    let pin = sandbox.path("action/pin.js").display().to_string();
    let programs = sandbox.path("programs");
    fs::create_dir_all(&programs).unwrap();
    let name = format!("larder-{TARGET}");
    let built = sandbox.path("releases/download/v1.2.3").join(&name);
    fs::copy(built, programs.join(&name)).unwrap();
    let pinned = Run::of(
        std::process::Command::new(node)
            .args([&pin, "1.2.3"])
            .arg(&programs),
    );
    assert_eq!(pinned.status, 0, "{}", pinned.stderr);
    sandbox.path("action/main.js").display().to_string()
}

#[cfg(target_os = "linux")]
#[test]
fn a_release_is_fetched_checked_kept_and_put_on_path() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let (server, digest) = releases(&sandbox);
    let main = pinned_action(&sandbox, &node);
    let url = server.url();
    for version in ["1.2.3", "v1.2.3", "latest", ""] {
        let inputs = [
            ("cache", "false"),
            ("larder-url", &url[..]),
            ("larder-version", version),
        ];
        let job = Job::new(&sandbox, "m").inputs(&inputs);
        job.step(&node, &[&main]).success();
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
    let asked = server.requests();
    assert!(
        asked
            .iter()
            .all(|request| !request.path.ends_with(".sha256"))
    );
}

/// Whoever has the server of releases has the program and the checksum that is next to it.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_the_server_replaced_is_never_run() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let (server, _) = releases(&sandbox);
    let main = pinned_action(&sandbox, &node);
    let evil = "#!/bin/sh\ntouch evil\n";
    let digest: String = Sha256::digest(evil)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = format!("releases/download/v1.2.3/larder-{TARGET}");
    sandbox.write(&name, evil);
    sandbox.write(
        &format!("{name}.sha256"),
        &format!("{digest}  larder-{TARGET}\n"),
    );
    let url = server.url();
    let job = Job::new(&sandbox, "m").inputs(&[("cache", "false"), ("larder-url", &url[..])]);
    let run = job.step(&node, &[&main]).fails_with(1);
    assert!(run.stdout.contains("its SHA-256 is"), "{}", run.stdout);
    assert!(!sandbox.path("evil").exists());
    assert_eq!(job.file("path"), "");
    // The workflow may name the program's digest itself.
    let named = format!("sha256:{digest}");
    let inputs = [
        ("cache", "false"),
        ("larder-url", &url[..]),
        ("larder-version", "1.2.3"),
        ("larder-sha256", &named),
    ];
    let job = Job::new(&sandbox, "m").inputs(&inputs);
    job.step(&node, &[&main]).success();
    assert!(sandbox.path("evil").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_release_that_the_action_does_not_know_is_never_run() {
    let Some(node) = node() else { return };
    let sandbox = app_and_lib();
    let (server, _) = releases(&sandbox);
    let main = pinned_action(&sandbox, &node);
    let url = server.url();
    let wrong = "0".repeat(64);
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("larder-sha256", &wrong)], "expected 0000"),
        (&[("larder-version", "9.9.9")], "known releases: 1.2.3"),
        (
            &[("larder-version", "9.9.9"), ("larder-sha256", &wrong)],
            "404",
        ),
        (&[("larder-version", "../latest")], "is not a release"),
        (&[("larder-sha256", "sha256:1")], "is not a SHA-256"),
        (&[("larder-path", "absent")], "there is no"),
    ];
    for (more, said) in cases {
        let inputs = [&[("cache", "false"), ("larder-url", &url[..])], more].concat();
        let job = Job::new(&sandbox, "m").inputs(&inputs);
        let run = job.step(&node, &[&main]).fails_with(1);
        assert!(
            run.stdout.contains("::error") && run.stdout.contains(said),
            "{}",
            run.stdout
        );
        assert!(!job.machine.join("tools/larder").exists());
        assert_eq!(job.file("path"), "");
    }
    // The repository between two releases knows none.
    let unpinned = json!({"newest": "", "releases": {}}).to_string();
    sandbox.write("action/checksums.json", &unpinned);
    let job = Job::new(&sandbox, "m").inputs(&[("cache", "false"), ("larder-url", &url[..])]);
    let run = job.step(&node, &[&main]).fails_with(1);
    assert!(run.stdout.contains("knows no release"), "{}", run.stdout);
}
