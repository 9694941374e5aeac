//! Killed in the middle: of a save nothing is left under the key, after a restore there is the old or the
//! new, and the next run needs no help.

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
    thread,
};

use larder_testkit::Sandbox;

use super::{entries, run};
use crate::support::sandbox;

const FILES: usize = 1500;

/// Enough that a kill comes in the middle.
fn world() -> Sandbox {
    let sandbox = sandbox();
    for number in 0..FILES {
        // Not to be compressed away.
        let noise: Vec<u8> = (0..6000_u64)
            .map(|at| ((at + number as u64 * 6000).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as u8)
            .collect();
        let path = sandbox.path(&format!("data/{}/{number}", number % 20));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, noise).unwrap();
    }
    sandbox
}

fn start(sandbox: &Sandbox, part: &str) -> Child {
    let arguments = ["cache", part, "-q", "--key", "k", "--path", "data"];
    let mut command = sandbox.command(&arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Kills a run as soon as something is so, unless it ends before.
fn kill_when(mut child: Child, is_so: impl Fn() -> bool) {
    while !is_so() && child.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
}

fn files(directory: &Path) -> usize {
    let Ok(found) = fs::read_dir(directory) else {
        return 0;
    };
    found
        .flatten()
        .map(|entry| match entry.path() {
            path if path.is_dir() => files(&path),
            _ => 1,
        })
        .sum()
}

fn bytes_in(directory: &Path) -> u64 {
    let found = fs::read_dir(directory).into_iter().flatten().flatten();
    found
        .map(|entry| entry.metadata().map_or(0, |file| file.len()))
        .sum()
}

#[test]
fn a_save_that_is_killed_leaves_no_entry() {
    let sandbox = world();
    let incoming = sandbox.home().join(".cache/larder/pipeline/.tmp");
    for least in [0, 1_000_000, 5_000_000] {
        kill_when(start(&sandbox, "save"), || bytes_in(&incoming) > least);
        if files(&entries(&sandbox)) > 0 {
            // It was faster than we: then the entry is whole.
            break;
        }
    }
    run(&sandbox, &["save", "--key", "k", "--path", "data"], &[]).success();
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    let restored = run(
        &sandbox,
        &["restore", "--key", "k", "--path", "data", "--fail-on-miss"],
        &[],
    );
    restored.success();
    assert_eq!(files(&sandbox.path("data")), FILES);
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_or_the_new() {
    let sandbox = world();
    run(&sandbox, &["save", "--key", "k", "--path", "data"], &[]).success();
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    sandbox.write("data/old", "old");
    let staged = || -> usize {
        let rooms = fs::read_dir(sandbox.work()).unwrap().flatten();
        let rooms =
            rooms.filter(|entry| entry.file_name().to_string_lossy().starts_with(".larder-"));
        rooms.map(|room| files(&room.path().join("new"))).sum()
    };
    for least in [0, FILES / 3, FILES - 10] {
        kill_when(start(&sandbox, "restore"), || staged() > least);
        let left = files(&sandbox.path("data"));
        assert!(left == 1 || left == FILES, "{left} files");
        if left == FILES {
            sandbox.write("data/old", "old");
            break;
        }
        assert_eq!(fs::read_to_string(sandbox.path("data/old")).unwrap(), "old");
    }
    run(
        &sandbox,
        &["restore", "--key", "k", "--path", "data", "--fail-on-miss"],
        &[],
    )
    .success();
    assert_eq!(files(&sandbox.path("data")), FILES);
    let left = fs::read_dir(sandbox.work()).unwrap().flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| name != "data")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
