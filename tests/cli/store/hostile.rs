//! Class test: the binary on a hostile store. Each place of a real store (and of the directory of trees) gets what a
//! restored cache can hold there, and each command runs on it. Every command ends with an exit code of the README, and
//! nothing outside the store changes.
//!
//! The library's own test (`larder-store/tests/store/hostile.rs`) has every place times everything; here each place
//! meets each intruder with one command, and each command meets each intruder.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        fs::{MetadataExt as _, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, SystemTime},
};

use larder_testkit::{Format, Run, Sandbox};

use crate::support::{app_and_lib, channel, conda, lib, program, sandbox};

/// No command takes a tenth of it.
const WATCHDOG: Duration = Duration::from_secs(120);

const INTRUDERS: [&str; 7] = [
    "fifo",
    "link",
    "filelink",
    "dangling",
    "socket",
    "directory",
    "sparse",
];

/// Commands on the store; `create` and `lock` have a manifest beside them.
const COMMANDS: [&[&str]; 15] = [
    &["create", "-p", "env", "--yes"],
    &["lock"],
    &["store", "gc"],
    &["store", "gc", "--trees", "--keep", "conda-lock.yml"],
    &["store", "verify"],
    &["store", "verify", "--trees", "--repair"],
    &["store", "info"],
    &["store", "list"],
    &["store", "path"],
    &["store", "export", "--layout", "conda-pkgs", "exported"],
    &["store", "import", "imported"],
    &["store", "push", "--remote", "remote", "--all"],
    &["store", "pull", "--remote", "remote", "--all"],
    &[
        "ci",
        "setup",
        "-p",
        "env",
        "--dotenv",
        "build.env",
        "--trim",
        "--",
        "--yes",
    ],
    &["create", "-p", "env", "--yes", "--no-lock"],
];

/// Ends with an exit code that is documented, without a panic, in time.
fn run(sandbox: &Sandbox, arguments: &[&str], case: &str) -> Run {
    let mut command = sandbox.command(arguments);
    run_command(&mut command, case)
}

fn run_command(command: &mut Command, case: &str) -> Run {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    let Ok(output) = receiver.recv_timeout(WATCHDOG) else {
        Command::new("kill")
            .args(["-9", &id.to_string()])
            .status()
            .unwrap();
        panic!("{case}: it hangs");
    };
    let run = Run {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    assert!(
        [0, 1, 3, 4].contains(&run.status) && !run.stderr.contains("panicked"),
        "{case}: exit code {}\n{}\n{}",
        run.status,
        run.stdout,
        run.stderr
    );
    run
}

fn put(intruder: &str, place: &Path, precious: &Path) {
    fs::remove_dir_all(place).ok();
    fs::remove_file(place).ok();
    match intruder {
        "fifo" => make_fifo(place),
        "link" => symlink(precious, place).unwrap(),
        "filelink" => symlink(precious.join("file"), place).unwrap(),
        "dangling" => symlink(precious.join("absent"), place).unwrap(),
        // The path of a socket may have 108 bytes.
        "socket" => {
            let bound = precious.with_file_name("s");
            drop(UnixListener::bind(&bound).unwrap());
            fs::rename(bound, place).unwrap();
        }
        "directory" => {
            fs::create_dir(place).unwrap();
            fs::write(place.join("a\nb \u{1b}[31m"), "inner").unwrap();
        }
        _ => fs::File::create(place).unwrap().set_len(1 << 41).unwrap(),
    }
}

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// What larder removes where it finds it, all very old.
fn bait(directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    let sha256 = "0".repeat(64);
    for name in [
        "file".to_owned(),
        "0".repeat(32),
        sha256.clone(),
        format!("pip-{sha256}.json"),
        format!("{sha256}.json"),
        "1-00.json".into(),
        "1-00.lock".into(),
        "ingest-1-00".into(),
        format!("damaged-{sha256}-1-00.conda"),
        format!("doomed-{sha256}-1-00.conda"),
        format!("{sha256}-{sha256}"),
        ".larder-x.tmp".into(),
        "x.index".into(),
        "archives".into(),
        "in-use".into(),
    ] {
        let path = directory.join(name);
        fs::write(&path, "precious").unwrap();
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1000))
            .unwrap();
    }
    for tree in ["scratch-x", &"1".repeat(64)] {
        fs::create_dir_all(directory.join(tree)).unwrap();
        fs::write(directory.join(tree).join("inner"), "precious").unwrap();
    }
}

fn snapshot(directory: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let bytes = if metadata.is_file() {
                fs::read(&path).unwrap()
            } else {
                Vec::new()
            };
            found.insert(
                path.clone(),
                format!("{:o} {} {bytes:?}", metadata.mode(), metadata.mtime()),
            );
            if metadata.is_dir() {
                directories.push(path);
            }
        }
    }
    found
}

/// Every path below a directory, but not inside trees of packages.
fn places(root: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut directories = vec![(root.to_owned(), 1)];
    while let Some((directory, level)) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && level < depth {
                directories.push((path.clone(), level + 1));
            }
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A channel, a lock, an environment, a remote; a store and trees with something in each directory.
fn world() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox
        .larder(&["create", "-p", "env", "--yes", "--no-lock"])
        .success();
    sandbox
        .larder(&["store", "push", "--remote", "remote", "--all"])
        .success();
    sandbox
        .larder(&["store", "export", "--layout", "conda-pkgs", "imported"])
        .success();
    let (store, sha256) = (sandbox.store(), "ab".repeat(32));
    for file in [
        "confirmed/archives".to_owned(),
        format!("bytecode/{sha256}-{sha256}"),
        format!("md5/{}", "ab".repeat(16)),
        format!("solves/{sha256}"),
        "repodata/scratch.lock".to_owned(),
        "pins/1-0000000000000007.json".to_owned(),
        "pins/1-0000000000000007.lock".to_owned(),
        format!("wheels/ab/{sha256}.whl"),
    ] {
        let path = store.join(file);
        if !path.exists() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
    }
    sandbox
}

/// Copies a directory in place of another.
fn copy(from: &Path, to: &Path) {
    Command::new("rm").arg("-rf").arg(to).status().unwrap();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status()
        .unwrap();
    assert!(copied.success());
}

#[test]
fn every_command_ends_on_a_hostile_store_and_leaves_everything_else_alone() {
    let world = world();
    let precious = world.path("precious");
    bait(&precious);
    let before = snapshot(&precious);
    let mut directories = Vec::new();
    for (root, depth) in [(world.store(), 4), (world.trees(), 3)] {
        let template = world.path(&format!("template-{depth}"));
        copy(&root, &template);
        let names = places(&root, depth).into_iter();
        let names: Vec<PathBuf> = names
            .map(|path| path.strip_prefix(&root).unwrap().to_owned())
            .collect();
        directories.push((root, template, names));
    }
    let mut number = 0;
    for index in 0..directories.len() {
        let (root, _, names) = &directories[index];
        for place in names {
            for intruder in INTRUDERS {
                for (root, template, _) in &directories {
                    copy(template, root);
                }
                put(intruder, &root.join(place), &precious);
                let command = COMMANDS[number % COMMANDS.len()];
                // Not a multiple of the number of intruders, so that each command meets each of them.
                number += 1;
                let case = format!("{intruder} as {}, {command:?}", place.display());
                run(&world, command, &case);
                assert_eq!(snapshot(&precious), before, "{case}");
            }
        }
    }
    assert!(
        number > 2 * COMMANDS.len() * INTRUDERS.len(),
        "{number} cases"
    );
}

/// After whatever was there, `create` makes the environment of the lock: a cache that cannot be used is a miss.
#[test]
fn an_environment_is_created_whatever_the_store_holds() {
    let world = world();
    let precious = world.path("precious");
    bait(&precious);
    let (store, template) = (world.store(), world.path("template"));
    copy(&store, &template);
    for name in places(&store, 1) {
        // `format` says that this is a store; without it nothing is touched.
        if name.ends_with("format") {
            continue;
        }
        for intruder in ["link", "fifo", "sparse"] {
            copy(&template, &store);
            put(intruder, &name, &precious);
            let case = format!("{intruder} as {}", name.display());
            let run = run(&world, &["create", "-p", "env", "--yes"], &case);
            assert_eq!(run.status, 0, "{case}: {}", run.stderr);
            assert!(world.path("env/bin/app").is_file());
            if name.symlink_metadata().is_ok() {
                assert!(name.symlink_metadata().unwrap().is_dir(), "{case}");
            }
        }
    }
}

/// A hundred thousand files of others cost time, not the run.
#[test]
fn foreign_files_in_great_number_are_counted_and_left() {
    let sandbox = sandbox();
    channel(
        &sandbox,
        [conda(program("app", "1.0")), lib().build(Format::Conda)],
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\n",
    );
    sandbox.larder(&["lock"]).success();
    for directory in ["md5", "pins"] {
        for number in 0..10_000 {
            fs::write(
                sandbox
                    .store()
                    .join(directory)
                    .join(format!("foreign-{number}")),
                "",
            )
            .unwrap();
        }
    }
    let run = run(&sandbox, &["store", "gc"], "foreign files");
    assert!(
        run.stderr.contains("10000 entries of `pins` and `md5`"),
        "{}",
        run.stderr
    );
    run.success();
    assert!(sandbox.store().join("md5/foreign-0").exists());
}
