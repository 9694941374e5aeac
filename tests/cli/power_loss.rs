//! The power goes, right after a run or in its middle, on real file systems: what was not flushed is gone.
//!
//! Objects of the store and locks are flushed (FORMAT.md W5, W7): what a finished run had is there, and
//! nothing is there that is not whole. Environments and trees are not: files may be empty or missing, which
//! `larder verify` says, and `create --yes` makes the environment again without other help.

use std::{collections::BTreeSet, fs, path::Path};

use larder_testkit::{Action, Call, Disturb, Format, Mount, PowerLoss, Sandbox, Tracer, tree_of};

use crate::{
    matrix::state::unsound,
    support::{channel, conda, lib, program, sandbox},
};

/// How many calls of an operation the power goes before, besides its end.
const SAMPLE: usize = 4;
const LOSSES: [PowerLoss; 2] = [PowerLoss::BytesOnly, PowerLoss::Unflushed];

/// What the power is lost in.
struct Operation {
    name: &'static str,
    before: &'static [&'static str],
    arguments: &'static [&'static str],
    /// The same once more.
    again: &'static [&'static str],
    makes: &'static str,
}

const REPLACE: &[&str] = &["create", "-p", "env", "--yes"];

const OPERATIONS: [Operation; 3] = [
    Operation {
        name: "create",
        before: &[],
        arguments: &["create", "-p", "env"],
        again: REPLACE,
        makes: "env",
    },
    Operation {
        name: "create --yes",
        before: &["create", "-p", "env"],
        arguments: REPLACE,
        again: REPLACE,
        makes: "env",
    },
    Operation {
        name: "lock",
        before: &["lock"],
        arguments: &["lock"],
        again: &["lock"],
        makes: "conda-lock.yml",
    },
];

/// A file system, a channel that is elsewhere, and an operation.
struct Scene<'a> {
    disk: &'a Mount,
    channel: &'a Path,
    operation: &'static Operation,
}

impl Scene<'_> {
    /// A world of its own, flushed, in which the operation has not run.
    fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::new_in(Path::new(env!("CARGO_BIN_EXE_larder")), &self.disk.path());
        self.want(&sandbox, "app =1");
        if !self.operation.before.is_empty() {
            sandbox.larder(self.operation.before).success();
        }
        self.want(&sandbox, "app =2");
        self.disk.flush();
        sandbox
    }

    fn want(&self, sandbox: &Sandbox, spec: &str) {
        let channel = self.channel.display();
        let text = format!("name: work\nchannels: [{channel}]\ndependencies: [\"{spec}\"]\n");
        sandbox.write("environment.yml", &text);
    }

    /// How many calls of the operation change a file.
    fn calls(&self, tracer: &Tracer) -> usize {
        let sandbox = self.sandbox();
        let tracer = tracer.watching(&self.disk.path());
        let traced = tracer.run(&sandbox.command(self.operation.arguments), None);
        traced.run.success();
        traced.calls.len()
    }

    /// The power goes before a call, or after the last. Gives a line of the table.
    fn attempt(&self, kill: Option<(&Tracer, usize)>, loss: PowerLoss) -> Result<String, String> {
        let sandbox = self.sandbox();
        let made = sandbox.path(self.operation.makes);
        let old = content(&made);
        let at = match kill {
            Some((tracer, number)) => self.killed(&sandbox, tracer, number),
            None => {
                sandbox.larder(self.operation.arguments).success();
                "the end".to_owned()
            }
        };
        let objects = objects(&sandbox);
        self.disk.lose_power(loss)?;
        assert_eq!(unsound(&sandbox.store()), Vec::<String>::new(), "{at}");
        if kill.is_none() {
            assert_eq!(objects, self::objects(&sandbox), "objects were lost");
        }
        let found = content(&made);
        let complaint = self.complaint(&sandbox);
        sandbox.larder(self.operation.again).success();
        let new = content(&made);
        assert_eq!(self.complaint(&sandbox), None);
        let state = match (&found, complaint) {
            (None, _) if kill.is_some() || made.ends_with("env") => "absent".to_owned(),
            (found, None) if *found == old => "old".to_owned(),
            (found, None) if *found == new => "new".to_owned(),
            (Some(_), Some(complaint)) => format!("found by verify: {complaint}"),
            state => panic!("{}, {at}: not found: {state:#?}", self.operation.name),
        };
        Ok(format!(
            "{:<13} {loss:<10?} before {at:<58} {state}",
            self.operation.name
        ))
    }

    fn killed(&self, sandbox: &Sandbox, tracer: &Tracer, number: usize) -> String {
        let mut seen = 0;
        let mut step = "the end".to_owned();
        let mut before = |call: &Call| {
            seen += 1;
            if seen == number {
                let path = call.path.split_once('/').map_or("", |(_, path)| path);
                step = format!("{} {path:.50}", call.name);
            }
            seen == number
        };
        let command = sandbox.command(self.operation.arguments);
        let tracer = tracer.watching(&self.disk.path());
        let action = Action::Kill;
        let before = &mut before;
        tracer.run(&command, Some(Disturb { before, action }));
        step
    }

    /// What larder says is wrong with what was made. A lock has no other check than being read.
    fn complaint(&self, sandbox: &Sandbox) -> Option<String> {
        if self.operation.makes != "env" {
            return None;
        }
        let run = sandbox.larder(&["verify", "-p", "env"]);
        let said = format!("{}{}", run.stdout, run.stderr);
        (run.status != 0).then(|| said.lines().next().unwrap_or_default().to_owned())
    }
}

/// Everything but records, which have times; `None` if there is nothing.
fn content(made: &Path) -> Option<Vec<String>> {
    if made.is_dir() {
        let mut lines = tree_of(made);
        lines.retain(|line| !line.contains(" conda-meta"));
        return Some(lines);
    }
    Some(vec![fs::read_to_string(made).ok()?])
}

fn objects(sandbox: &Sandbox) -> Vec<String> {
    let pkgs = sandbox.store().join("pkgs");
    match pkgs.exists() {
        true => tree_of(&pkgs),
        false => Vec::new(),
    }
}

/// The power goes in each operation on a new file system. Gives the table.
fn table(mkfs: &[&str]) -> Result<Vec<String>, String> {
    let disk = Mount::made_by(mkfs)?;
    let tracer = Tracer::new();
    let elsewhere = sandbox();
    let packages = [
        conda(program("app", "1.0").depends("lib")),
        conda(program("app", "2.0").depends("lib")),
        lib().build(Format::TarBz2),
    ];
    channel(&elsewhere, packages);
    let mut lines = Vec::new();
    for operation in &OPERATIONS {
        let scene = Scene {
            disk: &disk,
            channel: &elsewhere.path("channel"),
            operation,
        };
        for loss in LOSSES {
            lines.push(scene.attempt(None, loss)?);
        }
        let Ok(tracer) = &tracer else { continue };
        let count = scene.calls(tracer);
        let numbers: BTreeSet<usize> = (1..=SAMPLE).map(|at| at * count / SAMPLE).collect();
        for (at, number) in numbers.into_iter().enumerate() {
            lines.push(scene.attempt(Some((tracer, number)), LOSSES[at % 2])?);
        }
    }
    Ok(lines)
}

#[expect(clippy::print_stderr, reason = "the table; a skipped test says so")]
fn print(mkfs: &[&str]) {
    match table(mkfs) {
        Ok(lines) => eprintln!("{}:\n{}", mkfs[0], lines.join("\n")),
        Err(reason) => eprintln!("skipped: {reason}"),
    }
}

#[test]
fn w5_w7_a_power_loss_on_ext4_takes_no_object_and_nothing_half_is_undetected() {
    print(&["mkfs.ext4", "-q"]);
}

#[test]
fn w5_w7_a_power_loss_on_xfs_takes_no_object_and_nothing_half_is_undetected() {
    print(&["mkfs.xfs", "-q"]);
}
