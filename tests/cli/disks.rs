//! Disks that are full, read-only, foreign or gone in a moment: real file systems, mounted for the test.
//! Skipped with a message where mounting is not allowed.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{Action, Call, Disturb, PackageBuilder, Run, Sandbox, Tracer, tree_of};

use crate::{
    matrix::state::unsound,
    support::{app_and_lib, channel, conda, env, sandbox},
};

/// A file system that is there as long as this value.
struct Mount {
    at: PathBuf,
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).output();
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped<T>(result: Result<T, String>) -> Option<T> {
    result
        .inspect_err(|reason| eprintln!("skipped: nothing can be mounted here: {reason}"))
        .ok()
}

/// A file system in memory of this size.
fn tmpfs(at: &Path, size: &str) -> Option<Mount> {
    fs::create_dir_all(at).unwrap();
    let options = format!("size={size}");
    let at_text = at.to_str().unwrap();
    let result = run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", at_text]);
    skipped(result.map(|()| Mount { at: at.to_owned() }))
}

fn remount(mount: &Mount, options: &str) {
    let options = format!("remount,{options}");
    run("mount", &["-o", &options, mount.at.to_str().unwrap()]).unwrap();
}

/// A package of 600 kB that does not compress.
fn large() -> Sandbox {
    let sandbox = sandbox();
    let mut state = 1_u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(600_000)
    .collect();
    let large = PackageBuilder::new("large", "1.0", "0")
        .noarch_generic()
        .file("share/large", bytes)
        .text_prefix("share/prefix", "{{PREFIX}}");
    channel(&sandbox, [conda(large)]);
    let text = "channels: [./channel]\ndependencies: [large]\n";
    sandbox.write("environment.yml", text);
    sandbox
}

/// Fails while `full` is full, with nothing half done, and succeeds when it has room.
fn full_disk(directory: impl Fn(&Sandbox) -> PathBuf, prefix: &str) {
    let sandbox = large();
    let full = directory(&sandbox);
    let Some(mount) = tmpfs(&full, "400k") else {
        return;
    };
    let arguments = ["create", "-p", prefix];
    let failed = sandbox.larder(&arguments).fails_with(3);
    assert!(
        failed.stderr.contains(full.to_str().unwrap()),
        "{}",
        failed.stderr
    );
    assert!(failed.stderr.contains("No space left"), "{}", failed.stderr);
    assert!(
        failed.stderr.contains("help: free some space"),
        "{}",
        failed.stderr
    );
    assert!(!sandbox.path(prefix).exists(), "no environment");
    for place in [sandbox.store(), sandbox.trees(), sandbox.work()] {
        let lines = tree_of(&place);
        let mut left = lines.iter().filter(|line| {
            line.contains(" tmp/")
                || line.contains(".larder-")
                || line.contains("share/large") && place == full
        });
        assert_eq!(left.next(), None, "{}", place.display());
    }
    remount(&mount, "size=16m");
    sandbox.larder(&arguments).success();
    let made = fs::metadata(sandbox.path(prefix).join("share/large")).unwrap();
    assert_eq!(made.len(), 600_000);
}

#[test]
fn a_full_disk_under_the_store() {
    full_disk(Sandbox::store, "env");
}

#[test]
fn a_full_disk_under_the_trees() {
    full_disk(Sandbox::trees, "env");
}

#[test]
fn a_full_disk_under_the_environment() {
    full_disk(|sandbox| sandbox.path("envs"), "envs/env");
}

#[test]
fn an_environment_on_another_disk_than_the_trees_has_copies() {
    let sandbox = app_and_lib();
    let Some(mount) = tmpfs(&sandbox.path("envs"), "16m") else {
        return;
    };
    sandbox
        .larder(&["create", "-p", "envs/env", "-v"])
        .success();
    let file = fs::metadata(mount.at.join("env/lib/data.txt")).unwrap();
    assert_eq!(file.nlink(), 1, "no link leads to another disk");
}

#[test]
fn a_store_on_a_disk_that_is_read_only() {
    let sandbox = app_and_lib();
    let Some(mount) = tmpfs(&sandbox.store(), "16m") else {
        return;
    };
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    remount(&mount, "ro");
    let before = tree_of(&sandbox.store());
    let run = sandbox.larder(&["create", "-p", "env"]);
    assert_eq!(tree_of(&sandbox.store()), before);
    let said = &run.stderr;
    match run.status {
        0 => assert!(env(&sandbox).join("conda-meta/history").is_file()),
        3 => assert!(!env(&sandbox).exists() && said.contains("help: "), "{said}"),
        other => panic!("exit code {other}: {said}"),
    }
    // What is missing cannot be put there.
    let other = "channels: [./channel]\ndependencies: [app]\nvariables: {A: b}\n";
    sandbox.write("other/environment.yml", other);
    let run = sandbox.larder(&["lock", "-f", "environment.yml", "--upgrade"]);
    assert!([0, 3].contains(&run.status), "{}", run.stderr);
    assert!(
        run.status == 0 || run.stderr.contains("read-only"),
        "{}",
        run.stderr
    );
}

/// As user and group `nobody`, where this is root.
#[test]
fn a_store_that_somebody_else_owns() {
    let sandbox = app_and_lib();
    let root = sandbox.work().parent().unwrap().to_owned();
    let open = run("chmod", &["0755", root.to_str().unwrap()]);
    let own = [sandbox.home(), sandbox.trees(), sandbox.work()];
    let own: Vec<&str> = own.iter().map(|path| path.to_str().unwrap()).collect();
    let owned = run("chown", &[&["-R", "65534:65534"], own.as_slice()].concat());
    if skipped(open.and(owned)).is_none() {
        return;
    }
    let as_nobody = |arguments: &[&str]| {
        let larder = sandbox.command(arguments);
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(larder.get_program())
            .args(larder.get_args())
            .current_dir(sandbox.work())
            .env_clear();
        for (name, value) in larder.get_envs() {
            command.env(name, value.unwrap());
        }
        Run::of(&mut command)
    };
    if as_nobody(&["--version"]).status != 0 {
        return;
    }
    let denied = as_nobody(&["create", "-p", "env"]).fails_with(3);
    assert!(
        denied.stderr.contains(sandbox.store().to_str().unwrap()),
        "{}",
        denied.stderr
    );
    assert!(
        denied.stderr.contains("Permission denied"),
        "{}",
        denied.stderr
    );
    assert!(denied.stderr.contains("help: "), "{}", denied.stderr);
    assert!(!env(&sandbox).exists());
    assert_eq!(tree_of(&sandbox.store()), Vec::<String>::new());
}

/// A file system on a file, whose power can go.
struct Disk {
    image: PathBuf,
    mount: Option<Mount>,
    at: PathBuf,
}

impl Disk {
    fn new(sandbox: &Sandbox) -> Option<Self> {
        let root = sandbox.work().parent().unwrap().to_owned();
        let (image, at) = (root.join("image"), root.join("disk"));
        fs::create_dir(&at).unwrap();
        fs::File::create(&image).unwrap().set_len(48 << 20).unwrap();
        skipped(run("mkfs.ext4", &["-q", "-F", image.to_str().unwrap()]))?;
        let mut disk = Self {
            image,
            mount: None,
            at,
        };
        skipped(disk.mount())?;
        Some(disk)
    }

    fn mount(&mut self) -> Result<(), String> {
        let (image, at) = (self.image.to_str().unwrap(), self.at.to_str().unwrap());
        run("mount", &["-o", "loop", image, at])?;
        self.mount = Some(Mount {
            at: self.at.clone(),
        });
        Ok(())
    }

    /// Nothing that is not flushed gets to the disk any more; then the machine starts again.
    fn lose_power(&mut self) -> Option<()> {
        // FS_IOC_SHUTDOWN with FSOP_GOING_FLAGS_NOLOGFLUSH.
        let script = "import fcntl,os,struct,sys;\
            fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587d,struct.pack('I',2))";
        skipped(run("python3", &["-c", script, self.at.to_str().unwrap()]))?;
        self.mount = None;
        self.mount().unwrap();
        Some(())
    }
}

impl Stage<'_> {
    fn command(&self) -> Command {
        let prefix = self.disk.join("env");
        let arguments = ["create", "--yes", "-p", prefix.to_str().unwrap()];
        let mut command = self.sandbox.command(&arguments);
        command
            .env("LARDER_STORE", self.disk.join("store"))
            .env("LARDER_TREES", self.disk.join("trees"));
        command
    }
}

/// A sandbox whose store, trees and environment are on a disk.
struct Stage<'a> {
    sandbox: &'a Sandbox,
    disk: PathBuf,
}

#[test]
fn a_power_loss_right_after_a_run_loses_no_object() {
    let sandbox = app_and_lib();
    let Some(mut disk) = Disk::new(&sandbox) else {
        return;
    };
    let on_disk = Stage {
        sandbox: &sandbox,
        disk: disk.at.clone(),
    };
    Run::of(&mut on_disk.command()).success();
    if disk.lose_power().is_none() {
        return;
    }
    // FORMAT.md, W5 and W7: what a finished run has fetched is there, whole.
    let store = disk.at.join("store");
    assert_eq!(unsound(&store), Vec::<String>::new());
    let lines = tree_of(&store);
    let objects = lines
        .iter()
        .filter(|line| line.contains(" pkgs/") && line.starts_with("file"));
    assert_eq!(objects.count(), 2, "{lines:#?}");
    is_made_again(&on_disk);
}

/// The next run succeeds, and what it makes is whole.
fn is_made_again(on_disk: &Stage<'_>) {
    Run::of(&mut on_disk.command()).success();
    let prefix = on_disk.disk.join("env");
    let data = fs::read_to_string(prefix.join("lib/data.txt")).unwrap();
    assert_eq!(data, "data");
    let app = fs::read_to_string(prefix.join("bin/app")).unwrap();
    assert!(app.contains(prefix.to_str().unwrap()), "{app}");
    assert!(prefix.join("conda-meta/history").is_file());
    assert_eq!(unsound(&on_disk.disk.join("store")), Vec::<String>::new());
}

#[test]
fn a_power_loss_in_the_middle_of_a_run_needs_no_help() {
    let Some(tracer) = skipped(Tracer::new()) else {
        return;
    };
    for (name, part) in [
        ("rename", "store/pkgs/"),
        ("flush", "store/pkgs/"),
        ("rename", "trees/"),
        ("open", "conda-meta/"),
        ("rename", "disk/env"),
        ("rename", "store/roots/"),
    ] {
        let sandbox = app_and_lib();
        let Some(mut disk) = Disk::new(&sandbox) else {
            return;
        };
        let on_disk = Stage {
            sandbox: &sandbox,
            disk: disk.at.clone(),
        };
        let mut before = |call: &Call| call.name == name && call.path.contains(part);
        let traced = tracer.run(
            &on_disk.command(),
            Some(Disturb {
                before: &mut before,
                action: Action::Kill,
            }),
        );
        assert!(traced.disturbed.is_some(), "{name} {part} never came");
        if disk.lose_power().is_none() {
            return;
        }
        is_made_again(&on_disk);
    }
}
