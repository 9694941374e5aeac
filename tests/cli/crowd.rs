//! Many processes on one prefix: one makes the environment, the others wait, say for whom, and find the
//! work done. One round by default; `LARDER_TEST_ROUNDS=20` for more.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStderr, Stdio},
};

use larder_testkit::{Sandbox, rounds};

use crate::support::{channel, conda, env, program, sandbox};

/// A sandbox whose only package has a post-link script that waits for the file `go`.
fn slow_package() -> Sandbox {
    let sandbox = sandbox();
    let go = sandbox.path("go");
    let script = format!(
        "echo run >> '{}'\nwhile [ ! -e '{}' ]; do sleep 0.05; done\n",
        sandbox.path("runs").display(),
        go.display()
    );
    channel(
        &sandbox,
        [conda(
            program("app", "1.0").link_script("post-link", &script),
        )],
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\n",
    );
    sandbox
}

struct Waiting {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What it said about its waiting.
    said: String,
}

impl Waiting {
    /// Starts larder and reads what it says until it waits.
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let mut child = sandbox
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("waiting for") {
            assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
        }
        Self {
            child,
            stderr,
            said,
        }
    }

    /// The exit code and everything on stderr.
    fn end(mut self) -> (Option<i32>, String) {
        self.stderr.read_to_string(&mut self.said).unwrap();
        (self.child.wait().unwrap().code(), self.said)
    }
}

/// Starts the run that makes the environment, and returns once its script runs.
fn first(sandbox: &Sandbox) -> Child {
    let child = sandbox
        .command(&["create", "-p", "env"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !sandbox.path("runs").exists() {
        std::thread::yield_now();
    }
    child
}

#[test]
fn of_32_processes_on_one_prefix_one_makes_the_environment_and_all_succeed() {
    (0..rounds(1)).for_each(|_| round());
}

fn round() {
    let sandbox = slow_package();
    let mut maker = first(&sandbox);
    let others: Vec<Waiting> = (1..32)
        .map(|_| Waiting::start(&sandbox, &["create", "-p", "env"]))
        .collect();
    let holder = format!("process {}", maker.id());
    sandbox.write("go", "");
    assert!(maker.wait().unwrap().success());
    for other in others {
        assert!(
            other.said.contains(&holder) && other.said.contains("larder create -p env"),
            "{}",
            other.said
        );
        let (code, said) = other.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("made by another run"), "{said}");
    }
    let runs = fs::read_to_string(sandbox.path("runs")).unwrap();
    assert_eq!(runs, "run\n", "the script ran once");
    assert!(env(&sandbox).join("conda-meta/history").is_file());
    let beside = fs::read_dir(sandbox.work()).unwrap();
    let left = beside.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(".larder-")
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn who_wanted_something_else_is_refused_after_waiting() {
    let sandbox = slow_package();
    sandbox.write(
        "other.yml",
        "channels: [./channel]\ndependencies: [app]\nvariables: {A: b}\n",
    );
    let mut maker = first(&sandbox);
    let other = Waiting::start(&sandbox, &["create", "-p", "env", "-f", "other.yml"]);
    sandbox.write("go", "");
    assert!(maker.wait().unwrap().success());
    let (code, said) = other.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--yes"), "{said}");
}
