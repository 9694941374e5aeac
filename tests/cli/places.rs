//! Places that are not like others: read-only, somebody else's, on other file systems, blind to letter case.
//! Where nothing can be done the run says which path and what to do; else it takes the stated way around.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{Mount, PackageBuilder, Run, Sandbox, tree_of};
use serde_json::Value;

use crate::{
    matrix::state::unsound,
    support::{app_and_lib, channel, conda, env, sandbox},
};

const NOBODY: u32 = 65_534;
/// A group of two people, whatever it is called.
const GROUP: u32 = 4_242;

const CREATE: &[&str] = &["create", "-p", "env"];

#[expect(clippy::print_stderr, reason = "tables; a skipped test says so")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn mounted(made: Result<Mount, String>) -> Option<Mount> {
    made.inspect_err(|reason| say(&format!("skipped: {reason}")))
        .ok()
}

/// The same command as somebody else, if this is root.
fn as_user(command: &Command, user: u32, group: u32) -> Command {
    let mut other = Command::new("setpriv");
    other.arg(format!("--reuid={user}"));
    other.arg(format!("--regid={group}"));
    other.arg("--clear-groups").arg(command.get_program());
    other.args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            other.env(name, value);
        }
    }
    if let Some(directory) = command.get_current_dir() {
        other.current_dir(directory);
    }
    other
}

/// Whether commands can be run as somebody else.
fn is_root() -> bool {
    let mut command = as_user(&Command::new("true"), NOBODY, NOBODY);
    let is_root = command.output().is_ok_and(|output| output.status.success());
    if !is_root {
        say("skipped: not root, or no setpriv");
    }
    is_root
}

/// A sandbox whose every file has this owner, with nothing of it in root's directories alone.
fn owned(sandbox: &Sandbox, user: u32) {
    let root = sandbox.work().parent().unwrap().to_owned();
    let mut command = Command::new("chown");
    Run::of(command.args(["-R", &format!("{user}:{user}")]).arg(root)).success();
}

/// How the record of `lib`, whose file is not rewritten, says that it was linked: 1 hard link, 3 copy.
fn linked_as(sandbox: &Sandbox) -> String {
    let record = env(sandbox).join("conda-meta/lib-2.0-h1_0.json");
    let record: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    record["link"]["type"].to_string()
}

/// What is wrong with the place, and how it is brought about.
const FORBIDDEN: [(&str, &str); 4] = [
    ("store", "LARDER_STORE"),
    ("trees", "LARDER_TREES"),
    ("work", ""),
    ("home", "HOME"),
];

/// A directory that somebody may read but not write: the run says which it is and what to do, or does
/// without; nothing is left anywhere.
#[test]
fn a_directory_without_the_right_to_write_is_named_and_nothing_is_half_done() {
    if !is_root() {
        return;
    }
    for (part, variable) in FORBIDDEN {
        let sandbox = app_and_lib();
        owned(&sandbox, NOBODY);
        let directory = sandbox.work().parent().unwrap().join(part);
        chown(&directory, Some(0), Some(0)).unwrap();
        let run = Run::of(&mut as_user(&sandbox.command(CREATE), NOBODY, NOBODY));
        report(&format!("no right to write {part}/"), &run);
        check_refusal(&sandbox, &run, (&directory, variable));
        assert_eq!(env(&sandbox).exists(), run.status == 0);
        chown(&directory, Some(NOBODY), Some(NOBODY)).unwrap();
        if run.status != 0 {
            Run::of(&mut as_user(&sandbox.command(CREATE), NOBODY, NOBODY)).success();
        }
    }
}

/// A file system that is mounted read-only, empty or with all that is needed.
#[test]
fn a_read_only_file_system_is_named_and_nothing_is_half_done() {
    for (part, variable) in FORBIDDEN {
        for is_warm in [false, true] {
            let Some(disk) = mounted(Mount::memory(8 << 20)) else {
                return;
            };
            let sandbox = app_and_lib();
            let prefix = match part {
                "work" => disk.path().join("env"),
                _ => env(&sandbox),
            };
            let command = || {
                let mut command = sandbox.command(&["create", "-p"]);
                command.arg(&prefix);
                if !variable.is_empty() {
                    command.env(variable, disk.path());
                }
                command
            };
            if is_warm {
                Run::of(&mut command()).success();
                fs::remove_dir_all(&prefix).unwrap();
            }
            disk.set_read_only(true);
            let run = Run::of(&mut command());
            let warm = if is_warm { "warm" } else { "empty" };
            report(&format!("read-only {part}/, {warm}"), &run);
            check_refusal(&sandbox, &run, (&disk.path(), variable));
            assert_eq!(prefix.exists(), run.status == 0);
            disk.set_read_only(false);
            if run.status != 0 {
                Run::of(&mut command()).success();
            }
        }
    }
}

fn report(what: &str, run: &Run) {
    let is_news = |line: &&str| !line.starts_with("fetching") && !line.starts_with(' ');
    let line = run.stderr.lines().find(is_news);
    let line: String = line.unwrap_or_default().chars().take(110).collect();
    say(&format!("{what:<28} exit {} {line}", run.status));
}

/// A failed run names the place, says what to do, and leaves nothing.
#[track_caller]
fn check_refusal(sandbox: &Sandbox, run: &Run, (directory, variable): (&Path, &str)) {
    assert!([0, 3].contains(&run.status), "{}", run.stderr);
    assert_eq!(unsound(&sandbox.store()), Vec::<String>::new());
    if run.status == 3 {
        let said = &run.stderr;
        assert!(said.contains(&directory.display().to_string()), "{said}");
        assert!(said.contains("help:") && said.contains(variable), "{said}");
        let work = tree_of(&sandbox.work());
        let left: Vec<_> = work
            .iter()
            .filter(|line| line.contains(".larder-"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// A store of the system, that nobody may write to, under one's own: nothing is fetched, nothing written there.
#[test]
fn a_read_only_lower_store_is_used_and_not_written_to() {
    let Some(disk) = mounted(Mount::memory(8 << 20)) else {
        return;
    };
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let mut system = sandbox.command(CREATE);
    Run::of(system.env("LARDER_STORE", disk.path())).success();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.path("channel")).unwrap();
    disk.set_read_only(true);
    let before = tree_of(&disk.path());
    let mut command = sandbox.command(CREATE);
    Run::of(command.env("LARDER_STORE_LOWER", disk.path())).success();
    assert_eq!(tree_of(&disk.path()), before);
    assert!(env(&sandbox).join("bin/app").exists());
}

/// Two people of one group with one store: whatever is new in it has the group, and directories its mode.
#[test]
fn a_group_writable_store_keeps_its_mode_and_group() {
    if !is_root() {
        return;
    }
    let sandbox = app_and_lib();
    let root = sandbox.work().parent().unwrap().to_owned();
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
    let store = sandbox.store();
    chown(&store, Some(0), Some(GROUP)).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o2775)).unwrap();
    for (user, umask) in [(5_001, "002"), (5_002, "002")] {
        let own = root.join(format!("own-{user}"));
        fs::create_dir(&own).unwrap();
        chown(&own, Some(user), Some(user)).unwrap();
        let mut command = sandbox.command(&["create", "-f", "environment.yml"]);
        command.arg("-p").arg(own.join("env"));
        command
            .env("HOME", &own)
            .env("LARDER_TREES", own.join("trees"));
        let other = as_user(&command, user, GROUP);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
        shell.arg(other.get_program()).args(other.get_args());
        shell.env_clear().current_dir(sandbox.work());
        for (name, value) in other.get_envs() {
            shell.env(name, value.unwrap());
        }
        Run::of(&mut shell).success();
        assert_eq!(strangers(&store), Vec::<String>::new(), "after {user}");
    }
}

/// What the other people of the group cannot use as its owner can.
fn strangers(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(path) = open.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let mode = metadata.mode() & 0o7777;
        let is_shared = match metadata.is_dir() {
            true => mode & 0o2070 == 0o2070,
            false => mode & 0o040 == 0o040,
        };
        if metadata.gid() != GROUP || !is_shared {
            found.push(format!("{} {mode:o} {}", path.display(), metadata.gid()));
        }
        if metadata.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
    }
    found
}

/// How to make a file system, the mode asked for, whether that works, and the type in the records.
type Way = (&'static [&'static str], &'static str, bool, &'static str);

const WAYS: [Way; 8] = [
    (&["mkfs.ext4", "-q"], "auto", true, "1"),
    (&["mkfs.ext4", "-q"], "reflink", false, ""),
    (&["mkfs.xfs", "-q", "-m", "reflink=1"], "auto", true, "1"),
    (&["mkfs.xfs", "-q", "-m", "reflink=1"], "reflink", true, "3"),
    (&["mkfs.btrfs", "-q"], "auto", true, "1"),
    (&["mkfs.btrfs", "-q"], "reflink", true, "3"),
    (&["mkfs.btrfs", "-q"], "copy", true, "3"),
    (&["mkfs.btrfs", "-q"], "hardlink", true, "1"),
];

/// Trees and environment on one file system of each kind, every link mode.
#[test]
fn each_link_mode_works_where_the_file_system_has_it() {
    for (mkfs, mode, works, link_type) in WAYS {
        let Some(disk) = mounted(Mount::made_by(mkfs)) else {
            continue;
        };
        let sandbox = on(&disk);
        let run = sandbox.larder(&["create", "-p", "env", "--link-mode", mode]);
        report(&format!("{} {mode}", mkfs[0]), &run);
        assert_eq!(run.status == 0, works, "{mkfs:?} {mode}: {}", run.stderr);
        if works {
            assert_eq!(linked_as(&sandbox), link_type, "{mkfs:?} {mode}");
            sandbox.larder(&["verify", "-p", "env"]).success();
        } else {
            assert!(run.stderr.contains("--link-mode"), "{}", run.stderr);
            assert!(!env(&sandbox).exists());
        }
    }
}

/// A sandbox as [`app_and_lib`], all of it on this file system.
fn on(disk: &Mount) -> Sandbox {
    let elsewhere = app_and_lib();
    let sandbox = Sandbox::new_in(Path::new(env!("CARGO_BIN_EXE_larder")), &disk.path());
    let mut copy = Command::new("cp");
    copy.arg("-r")
        .arg(elsewhere.work().join("."))
        .arg(sandbox.work());
    Run::of(&mut copy).success();
    sandbox
}

/// Store, trees and prefix on one or on two file systems: the environment is the same; across them, copies.
#[test]
fn parts_on_different_file_systems_make_the_same_environment() {
    let Some(disk) = mounted(Mount::memory(16 << 20)) else {
        return;
    };
    for (name, variables, link_type) in [
        ("store", &["LARDER_STORE"][..], "1"),
        ("trees", &["LARDER_TREES"], "3"),
        ("store and trees", &["LARDER_STORE", "LARDER_TREES"], "3"),
    ] {
        let sandbox = app_and_lib();
        let mut command = sandbox.command(&["create", "-p", "env", "-v"]);
        for variable in variables {
            command.env(variable, disk.path().join(name).join(variable));
        }
        let run = Run::of(&mut command).success();
        report(&format!("{name} elsewhere"), &run);
        let is_told = run.stderr.contains("its files are copies");
        assert_eq!(is_told, link_type == "3", "{}", run.stderr);
        assert_eq!(linked_as(&sandbox), link_type, "{name}");
        sandbox.larder(&["verify", "-p", "env"]).success();
    }
}

/// Packages whose paths differ in letter case alone, where the file system sees one path.
#[test]
fn paths_that_differ_in_letter_case_are_refused_or_told_where_they_are_one() {
    let mkfs = ["mkfs.ext4", "-q", "-O", "casefold", "-E", "encoding=utf8"];
    let Some(disk) = mounted(Mount::made_by(&mkfs)) else {
        return;
    };
    let blind: PathBuf = disk.path().join("blind");
    fs::create_dir(&blind).unwrap();
    Run::of(Command::new("chattr").arg("+F").arg(&blind)).success();
    let sandbox = sandbox();
    let file = |name: &str, path: &str| {
        let package = PackageBuilder::new(name, "1.0", "0").noarch_generic();
        conda(package.file(path, name))
    };
    channel(
        &sandbox,
        [file("one", "share/Data"), file("two", "share/data")],
    );
    let text = "channels: [./channel]\ndependencies: [one, two]\n";
    sandbox.write("environment.yml", text);
    let mut command = sandbox.command(&["create", "-p"]);
    let run = Run::of(command.arg(blind.join("env")));
    report("casefold", &run);
    let is_told = run.stderr.contains("share/data") || run.stderr.contains("share/Data");
    assert!(is_told && [0, 1, 3].contains(&run.status), "{}", run.stderr);
}
