//! Real processes that are killed: this test binary runs itself, as a child that links and stops, and
//! [`recover`] must leave the old environment or the new one, whole, and nothing beside it.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use larder_event::{Event, Reporter, SilentReporter};
use larder_link::{JournalKey, LinkOptions, Replace, apply, plan, recover, scratch_beside};
use larder_testkit::{PackageBuilder, tree_of};

use crate::support::{Kit, create, links, package};

/// What a child reads in its directory: where it stops. Without the file it does nothing.
const ORDERS: &str = "orders";
const READY: &str = "the child has stopped";

/// Starts one of the ignored tests below in `directory`.
fn child(test: &str, directory: &Path, orders: &str) -> Child {
    fs::write(directory.join(ORDERS), orders).unwrap();
    Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--ignored", "--nocapture"])
        .current_dir(directory)
        // What a killed child leaves there goes with the parent's.
        .envs([("TMPDIR", directory), ("TMP", directory)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until the child has stopped where it should; false if it ended before.
fn has_stopped(child: &mut Child) -> bool {
    BufReader::new(child.stdout.as_mut().unwrap())
        .lines()
        .any(|line| line.unwrap().contains(READY))
}

/// SIGKILL on Unix.
fn kill(mut child: Child) {
    assert!(has_stopped(&mut child), "the child ended by itself");
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
}

/// In the child: says so, then waits for the signal, or for the end of the parent.
#[expect(
    clippy::disallowed_methods,
    reason = "a child of a test, not the product"
)]
fn stop() {
    let mut output = io::stdout();
    writeln!(output, "{READY}").unwrap();
    output.flush().unwrap();
    let _ = io::stdin().read(&mut [0]);
}

/// Stops at the event that the orders name.
struct Stopping(String);

impl Reporter for Stopping {
    fn event(&self, event: &Event) {
        let name = match event {
            Event::PhaseStarted { phase, .. } => format!("{phase:?} started"),
            Event::PhaseFinished { phase, .. } => format!("{phase:?} finished"),
            Event::Linked { .. } => String::from("linked"),
            Event::ScriptMessage { .. } => String::from("message"),
            _ => return,
        };
        if name == self.0 {
            stop();
        }
    }
}

/// The new environment's only package: enough files for several threads.
fn new_package(scripts: &[(&str, &str)]) -> PackageBuilder {
    let files = (0..20).fold(package("new"), |package, index| {
        package.file(&format!("d{index}/f"), "new")
    });
    let add = |package: PackageBuilder, (action, script): &(&str, &str)| {
        package.link_script(action, script)
    };
    scripts.iter().fold(files, add)
}

/// The orders of a child that links: `event|action=script|...`.
#[test]
#[ignore = "runs as a child of the other tests"]
fn child_links() {
    let Ok(orders) = fs::read_to_string(ORDERS) else {
        return;
    };
    let mut parts = orders.split('|');
    let event = parts.next().unwrap().to_owned();
    let scripts: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
    let kit = Kit::new();
    let new = kit.unpack(new_package(&scripts));
    let options = LinkOptions {
        prefix: env::current_dir().unwrap().join("envs/env"),
        replace: Replace::Existing,
        // Of the parent.
        journal_key: JournalKey::in_directory(Some(env::current_dir().unwrap().join("state"))),
        ..kit.options()
    };
    let packages = links(&[&new]);
    let plan = plan(&packages, &options).unwrap();
    apply(&plan, &options, &Stopping(event)).unwrap();
}

#[test]
#[ignore = "runs as a child of the other tests"]
fn child_unpacks() {
    if fs::exists(ORDERS).unwrap() {
        let prefix = env::current_dir().unwrap().join("envs/env");
        let scratch = scratch_beside(&prefix).unwrap();
        fs::create_dir_all(scratch.path().join("ab/tree")).unwrap();
        stop();
    }
}

/// A place for children, and the environment that is there before them.
struct Place {
    kit: Kit,
    had_old: bool,
}

impl Place {
    fn new(had_old: bool) -> Self {
        let kit = Kit::new();
        if had_old {
            kit.create(&[&kit.unpack(package("old").file("old", "old"))]);
        }
        Self { kit, had_old }
    }

    fn start(&self, test: &str, orders: &str) -> Child {
        let envs = self.kit.envs();
        child(test, envs.parent().unwrap(), orders)
    }

    /// After [`recover`]: the old environment or nothing, exactly as it was.
    fn is_as_before(&self, before: &[String], what: &str) {
        let expected: &[&str] = if self.had_old { &["env"] } else { &[] };
        assert_eq!(self.kit.beside(), expected, "{what}");
        assert_eq!(self.files(), before, "{what}");
    }

    fn is_new(&self, what: &str) {
        assert_eq!(self.kit.beside(), ["env"], "{what}");
        for path in ["d0/f", "d19/f", "conda-meta/history"] {
            assert!(self.kit.has(path), "{what}: {path}");
        }
        assert!(!self.kit.has("old"), "{what}");
        let marker = "conda-meta/.larder-unfinished";
        assert!(!self.kit.has(marker), "{what}");
    }

    fn files(&self) -> Vec<String> {
        match self.kit.prefix().exists() {
            true => vec![format!("{:?}", tree_of(&self.kit.prefix()))],
            false => Vec::new(),
        }
    }
}

/// Kills a child at an event, recovers, and makes the environment after all.
fn killed_at(orders: &str, is_new: bool) {
    for had_old in [false, true] {
        let place = Place::new(had_old);
        let (before, what) = (place.files(), format!("{orders}, had old: {had_old}"));
        kill(place.start("killed::child_links", orders));
        assert!(!place.kit.beside().is_empty(), "{what}: nothing to do");
        recover(&place.kit.prefix(), &place.kit.key(), &SilentReporter).unwrap();
        if is_new {
            place.is_new(&what);
        } else {
            place.is_as_before(&before, &what);
        }
        let options = LinkOptions {
            replace: Replace::Existing,
            ..place.kit.options()
        };
        create(&[&place.kit.unpack(new_package(&[]))], &options);
        place.is_new(&what);
    }
}

#[test]
fn killed_while_staging() {
    for event in ["Link started", "linked", "Link finished"] {
        killed_at(event, false);
    }
}

#[test]
fn killed_in_place_before_during_and_after_scripts() {
    killed_at("Scripts started|pre-link=true", false);
    killed_at("linked|pre-link=true", false);
    killed_at("Scripts started|post-link=true", false);
    killed_at("Scripts finished|post-link=true", false);
}

#[test]
fn killed_after_the_commit() {
    let script = "post-link=echo done > \"$PREFIX/.messages.txt\"";
    killed_at(&format!("message|{script}"), true);
}

/// The script's parent is larder itself.
#[test]
#[cfg(unix)]
fn killed_by_each_signal_while_a_script_runs() {
    for signal in ["KILL", "TERM", "INT", "HUP"] {
        for action in ["pre-link", "post-link"] {
            let place = Place::new(true);
            let (before, what) = (place.files(), format!("SIG{signal} in {action}"));
            let orders = format!("never|{action}=touch \"$PREFIX/half\"; kill -{signal} $PPID");
            let mut child = place.start("killed::child_links", &orders);
            assert!(!has_stopped(&mut child), "{what}");
            assert!(!child.wait().unwrap().success(), "{what}");
            assert!(place.kit.has("half"), "{what}: the script ran in place");
            recover(&place.kit.prefix(), &place.kit.key(), &SilentReporter).unwrap();
            place.is_as_before(&before, &what);
        }
    }
}

#[test]
fn scratch_stays_while_its_owner_lives_and_goes_when_it_was_killed() {
    let place = Place::new(true);
    let before = place.files();
    let mut owner = place.start("killed::child_unpacks", "");
    assert!(has_stopped(&mut owner));
    let beside = place.kit.beside();
    assert!(beside[0].ends_with(".scratch"), "{beside:?}");
    recover(&place.kit.prefix(), &place.kit.key(), &SilentReporter).unwrap();
    let replacing = LinkOptions {
        replace: Replace::Existing,
        ..place.kit.options()
    };
    create(
        &[&place.kit.unpack(package("old").file("old", "old"))],
        &replacing,
    );
    assert_eq!(place.kit.beside(), beside, "a living owner's");

    owner.kill().unwrap();
    owner.wait().unwrap();
    assert_eq!(place.kit.beside(), beside, "nobody has cleared up yet");
    let recovered = recover(&place.kit.prefix(), &place.kit.key(), &SilentReporter).unwrap();
    assert_eq!(recovered.leftovers, 1);
    place.is_as_before(&before, "scratch");
}
