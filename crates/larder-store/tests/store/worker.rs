//! Real processes: this test binary runs itself, with a job on standard input.
//!
//! [`worker`] is an ignored test that only [`Worker`] starts; without a job it does nothing.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::Arc,
};

use larder_store::{StepObserver, Store, StoreOptions, StoreStep};
use serde::{Deserialize, Serialize};

use crate::{churn, collect, crash, crowd, permissions, pins};

/// What a worker does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Ingest one content by MD5 and stop at the step of this number of [`Step::INGEST`].
    Stop {
        store: PathBuf,
        step: usize,
        seed: u32,
    },
    /// Collect and stop at the step of this number of [`Step::COLLECTION`].
    StopCollection { store: PathBuf, step: usize },
    /// Pin an object until it is killed.
    Pin { store: PathBuf, seed: u32 },
    /// Ingest and read objects, beginning with another one than the other workers.
    Crowd { store: PathBuf, number: u32 },
    /// Pin, write and read objects while others collect; some collect and verify themselves.
    Churn { store: PathBuf, number: u32 },
    /// Put an object into a store that a group shares, as one of the group.
    Member { store: PathBuf, seed: u32 },
    /// Use a store that this user may not write.
    Denied { store: PathBuf },
    /// Lose the permissions of an object.
    Unreadable { store: PathBuf },
}

#[test]
#[ignore = "started by other tests, as a process of its own"]
fn worker() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    match serde_json::from_str(&line) {
        Ok(Job::Stop { store, step, seed }) => crash::work(&store, StoreStep::INGEST[step], seed),
        Ok(Job::StopCollection { store, step }) => {
            collect::work(&store, StoreStep::COLLECTION[step])
        }
        Ok(Job::Pin { store, seed }) => pins::work(&store, seed),
        Ok(Job::Crowd { store, number }) => crowd::work(&store, number),
        Ok(Job::Churn { store, number }) => churn::work(&store, number),
        Ok(Job::Member { store, seed }) => permissions::work_member(&store, seed),
        Ok(Job::Denied { store }) => permissions::work(&store),
        Ok(Job::Unreadable { store }) => permissions::work_unreadable(&store),
        Err(_) => {}
    }
}

/// Says something to who started this worker.
#[expect(
    clippy::disallowed_methods,
    reason = "a child of a test, not the product"
)]
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "worker: {text}").unwrap();
    out.flush().unwrap();
}

/// A process that is at work.
pub(crate) struct Worker {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Worker {
    pub(crate) fn command() -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["worker::worker", "--exact", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    pub(crate) fn start(job: &Job) -> Self {
        Self::spawn(&mut Self::command(), job).unwrap()
    }

    pub(crate) fn spawn(command: &mut Command, job: &Job) -> io::Result<Self> {
        let mut child = command.spawn()?;
        let output = BufReader::new(child.stdout.take().unwrap());
        let line = serde_json::to_string(job).unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{line}").unwrap();
        Ok(Self { child, output })
    }

    /// The next thing that the worker says, or `None` at its end.
    pub(crate) fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if let Some((_, said)) = line.trim_end().split_once("worker: ") {
                return Some(said.to_owned());
            }
            line.clear();
        }
        None
    }

    /// Kills it (SIGKILL) and waits for its end.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert!(!status.success());
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> ExitStatus {
        while self.next().is_some() {}
        self.child.wait().unwrap()
    }
}

/// Says at which step it is and stays there until it is killed.
#[derive(Debug)]
struct StopAt(StoreStep);

impl StepObserver for StopAt {
    fn reached(&self, step: StoreStep) -> io::Result<()> {
        if step == self.0 {
            say("stopped");
            io::stdin().read_line(&mut String::new())?;
        }
        Ok(())
    }
}

pub(crate) fn open_to_stop_at(store: &Path, step: StoreStep) -> Store {
    let options = StoreOptions {
        steps: Arc::new(StopAt(step)),
        ..StoreOptions::default()
    };
    Store::open(store, &options).unwrap()
}
