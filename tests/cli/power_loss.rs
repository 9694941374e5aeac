//! The power goes, right after a run or in its middle, on real file systems: what was not flushed is gone.
//!
//! Objects of the store and locks are flushed (FORMAT.md W5, W7): what a finished run made is there, whole.
//! So it is of environments with `LARDER_DURABLE=true`; without, where the file system keeps order, the old
//! one may be there, or none. What a run was making is not there, or the old one is, or what `crash.rs` says
//! that the next run settles. Trees are read again after each start of the machine.

use std::{fs, path::Path, process::Command};

use larder_testkit::{
    Action, Call, Disturb, Format, Mount, PackageBuilder, PowerLoss, Run, Sandbox, Tracer, rounds,
    tree_of,
};

use crate::{
    matrix::state::unsound,
    support::{channel, conda, lib, program, sandbox},
};

/// How many calls of an operation the power goes before, besides its end; `LARDER_TEST_ROUNDS` says more.
const SAMPLE: usize = 2;
const LOSSES: [PowerLoss; 2] = [PowerLoss::BytesOnly, PowerLoss::Unflushed];

/// What the power is lost in.
#[derive(Clone, Copy)]
struct Operation {
    name: &'static str,
    /// What runs before, when `app` 1 is wanted.
    before: &'static [&'static [&'static str]],
    /// What runs after that, when `app` 2 is wanted.
    then: &'static [&'static [&'static str]],
    arguments: &'static [&'static str],
    /// The same once more.
    again: &'static [&'static str],
    makes: &'static str,
    has_scripts: bool,
}

const MADE_BY_SCRIPT: &str = "made-by-script";
const CREATE: &[&str] = &["create", "-p", "env"];
const REPLACE: &[&str] = &["create", "-p", "env", "--yes"];
const UPDATE: &[&str] = &["env", "update", "-p", "env"];
const SYNC: &[&str] = &["sync", "-p", "env"];
const PACK: &[&[&str]] = &[&["lock"], &["pack", "-o", "work.tar"]];

/// A new environment.
const NEW: Operation = Operation {
    name: "create",
    before: &[],
    then: &[],
    arguments: CREATE,
    again: REPLACE,
    makes: "env",
    has_scripts: false,
};
/// One in the place of another.
const OVER: Operation = Operation {
    name: "create --yes",
    before: &[CREATE],
    arguments: REPLACE,
    ..NEW
};

/// From trees that another environment was made from: they have been flushed, so this one need not.
const WARM: Operation = Operation {
    name: "create, warm",
    then: &[&["create", "-p", "other"]],
    ..NEW
};

const OPERATIONS: [Operation; 13] = [
    NEW,
    WARM,
    Operation {
        name: "create, warm, scripts",
        has_scripts: true,
        ..WARM
    },
    Operation {
        name: "create --yes, warm",
        before: &[CREATE],
        arguments: REPLACE,
        ..WARM
    },
    Operation {
        name: "create, scripts",
        has_scripts: true,
        ..NEW
    },
    OVER,
    Operation {
        name: "create --yes, scripts",
        has_scripts: true,
        ..OVER
    },
    Operation {
        name: "env update",
        arguments: UPDATE,
        again: UPDATE,
        ..OVER
    },
    Operation {
        name: "env update, scripts",
        arguments: UPDATE,
        again: UPDATE,
        has_scripts: true,
        ..OVER
    },
    Operation {
        name: "sync",
        then: &[&["lock"]],
        arguments: SYNC,
        again: SYNC,
        ..OVER
    },
    Operation {
        name: "unpack",
        then: PACK,
        arguments: &["unpack", "work.tar", "-p", "env"],
        ..NEW
    },
    Operation {
        name: "unpack --no-store",
        before: &[CREATE],
        then: PACK,
        arguments: &["unpack", "work.tar", "-p", "env", "--no-store", "--yes"],
        ..NEW
    },
    Operation {
        name: "lock",
        before: &[&["lock"]],
        then: &[],
        arguments: &["lock"],
        again: &["lock"],
        makes: "conda-lock.yml",
        has_scripts: false,
    },
];

/// A file system, a channel that is elsewhere, and an operation.
struct Scene<'a> {
    disk: &'a Mount,
    channel: &'a Path,
    operation: Operation,
}

/// What is found of an environment or a lock when the power is back.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Absent,
    Old,
    New,
    /// The next run knows by marker or journal what to do.
    OnItsWay,
    Broken,
}

/// What is wanted of environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// What holds for users who say nothing: the old or the new one, whole.
    Unsaid,
    /// The new one is there when the run has ended.
    Durable,
}

impl Wish {
    /// A run of larder; the settings of tests want nothing.
    fn command(self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let mut command = sandbox.command(arguments);
        match self {
            Self::Unsaid => command.env_remove("LARDER_DURABLE"),
            Self::Durable => command.env("LARDER_DURABLE", "true"),
        };
        command
    }
}

fn larder(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    Run::of(&mut Wish::Unsaid.command(sandbox, arguments))
}

impl Scene<'_> {
    /// A world of its own, flushed, in which the operation has not run.
    fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::new_in(Path::new(env!("CARGO_BIN_EXE_larder")), &self.disk.path());
        self.want(&sandbox, "1");
        for arguments in self.operation.before {
            sandbox.larder(arguments).success();
        }
        self.want(&sandbox, "2");
        for arguments in self.operation.then {
            larder(&sandbox, arguments).success();
        }
        self.disk.flush();
        sandbox
    }

    fn want(&self, sandbox: &Sandbox, version: &str) {
        let channel = self.channel.display();
        let name = match self.operation.has_scripts {
            true => "scripted",
            false => "app",
        };
        let text =
            format!("name: work\nchannels: [{channel}]\ndependencies: [\"{name} ={version}\"]\n");
        sandbox.write("environment.yml", &text);
    }

    /// The numbers of some of its calls that change something where it works, evenly thinned out.
    fn calls(&self, tracer: &Tracer) -> Vec<usize> {
        let sandbox = self.sandbox();
        let tracer = tracer.watching(&self.disk.path());
        let command = Wish::Unsaid.command(&sandbox, self.operation.arguments);
        let traced = tracer.run(&command, None);
        traced.run.success();
        let is_at_work = |(_, call): &(usize, &Call)| call.path.contains("/work/");
        let calls: Vec<usize> = (1..)
            .zip(&traced.calls)
            .filter(is_at_work)
            .map(|(number, _)| number)
            .collect();
        let sample = rounds(SAMPLE).min(calls.len());
        (1..=sample)
            .map(|at| calls[at * calls.len() / (sample + 1)])
            .collect()
    }

    /// The power goes before a call, or after the last. Gives a line of the table.
    fn attempt(
        &self,
        kill: Option<(&Tracer, usize)>,
        (loss, wish): (PowerLoss, Wish),
    ) -> Result<String, String> {
        let sandbox = self.sandbox();
        let made = sandbox.path(self.operation.makes);
        let old = content(&made);
        let at = match kill {
            Some((tracer, number)) => self.killed(&sandbox, tracer, number),
            None => {
                Run::of(&mut wish.command(&sandbox, self.operation.arguments)).success();
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
        let is_on_its_way = is_on_its_way(&made);
        larder(&sandbox, self.operation.again).success();
        assert_eq!(self.complaint(&sandbox), None);
        let state = match (&found, &complaint) {
            // What an update leaves to tidy up when it is committed.
            _ if is_on_its_way && kill.is_none() && found == content(&made) => Found::New,
            _ if is_on_its_way => Found::OnItsWay,
            (None, _) => Found::Absent,
            (_, Some(_)) => Found::Broken,
            (found, None) if *found == old => Found::Old,
            (found, None) if *found == content(&made) => Found::New,
            _ => Found::Broken,
        };
        // Names that were given last may be lost with the journal's last commit, unless they are flushed.
        let may_be_old = kill.is_some() || (wish, loss) == (Wish::Unsaid, PowerLoss::Unflushed);
        let is_whole = match state {
            Found::New => true,
            Found::Old | Found::OnItsWay => may_be_old,
            Found::Absent => may_be_old && old.is_none(),
            Found::Broken => false,
        };
        let name = self.operation.name;
        assert!(
            is_whole,
            "{name}, {wish:?}, {loss:?} before {at}: {state:?}, {complaint:?} {found:#?}"
        );
        Ok(format!(
            "{name:<21} {wish:<7?} {loss:<10?} before {at:<58} {state:?}"
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
        let command = Wish::Unsaid.command(sandbox, self.operation.arguments);
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
        // No package brings what a script makes.
        let made = said.contains(MADE_BY_SCRIPT);
        let is_bad = |line: &&str| {
            !made
                || (line.contains(": ")
                    && !line.contains(MADE_BY_SCRIPT)
                    && !line.contains("extra"))
        };
        let complaint = said.lines().find(is_bad)?;
        (run.status != 0).then(|| complaint.to_owned())
    }
}

/// By `crash.rs`: the marker of a run whose scripts are not through, or an update's journal.
fn is_on_its_way(made: &Path) -> bool {
    let meta = made.join("conda-meta");
    [".larder-unfinished", ".larder-update"]
        .iter()
        .any(|name| meta.join(name).exists())
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

fn scripted(version: &str) -> PackageBuilder {
    let script = format!("echo done > \"$PREFIX/{MADE_BY_SCRIPT}\"\n");
    versioned("scripted", version).link_script("post-link", &script)
}

fn versioned(name: &str, version: &str) -> PackageBuilder {
    program(name, version)
        .depends("lib")
        .file("share/version", version)
}

/// The power goes in each operation on a new file system. Gives the table.
fn table(mkfs: &[&str]) -> Result<Vec<String>, String> {
    let disk = Mount::made_by(mkfs)?;
    let tracer = Tracer::new();
    let elsewhere = sandbox();
    let packages = [
        conda(versioned("app", "1.0")),
        conda(versioned("app", "2.0")),
        conda(scripted("1.0")),
        conda(scripted("2.0")),
        lib().build(Format::TarBz2),
    ];
    channel(&elsewhere, packages);
    let mut lines = Vec::new();
    for (number, operation) in OPERATIONS.into_iter().enumerate() {
        let scene = Scene {
            disk: &disk,
            channel: &elsewhere.path("channel"),
            operation,
        };
        for at in 0..rounds(1).min(LOSSES.len()) {
            lines.push(scene.attempt(None, (LOSSES[(number + at) % 2], Wish::Durable))?);
        }
        lines.push(scene.attempt(None, (PowerLoss::BytesOnly, Wish::Unsaid))?);
        let Ok(tracer) = &tracer else { continue };
        for (at, number) in scene.calls(tracer).into_iter().enumerate() {
            lines.push(scene.attempt(Some((tracer, number)), (LOSSES[at % 2], Wish::Unsaid))?);
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
fn w5_w7_a_power_loss_on_ext4_takes_no_object_and_leaves_environments_whole() {
    print(&["mkfs.ext4", "-q"]);
}

#[test]
fn w5_w7_a_power_loss_on_xfs_takes_no_object_and_leaves_environments_whole() {
    print(&["mkfs.xfs", "-q"]);
}
