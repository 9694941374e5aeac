//! Names of 240 characters, and of the 255 that file systems take: what larder derives from them fits.

use std::fs;

use larder_testkit::Sandbox;

use crate::support::{app_and_lib, sandbox};

/// Of file names on every common file system.
const NAME_MAX: usize = 255;

fn wants(sandbox: &Sandbox, file: &str, name: &str, spec: &str) {
    let text = format!("name: {name}\nchannels: [./channel]\ndependencies: ['{spec}']\n");
    sandbox.write(file, &text);
}

#[test]
fn an_environment_of_a_long_name_is_made_changed_and_removed() {
    for length in [240, NAME_MAX] {
        let sandbox = app_and_lib();
        let name = "e".repeat(length);
        wants(&sandbox, "environment.yml", &name, "lib");
        sandbox.larder(&["lock"]).success();
        sandbox.larder(&["create"]).success();
        wants(&sandbox, "environment.yml", &name, "app");
        sandbox.larder(&["env", "update", "--no-lock"]).success();
        let run = sandbox.larder(&["run", "-n", &name, "--", "app"]).success();
        assert!(run.stdout.trim_end().ends_with(&name));
        sandbox.larder(&["verify", "-n", &name]).success();
        sandbox.larder(&["lock"]).success();
        sandbox.larder(&["sync"]).success();
        sandbox
            .larder(&["create", "--yes", "--ephemeral"])
            .success();
        sandbox
            .larder(&["env", "config", "vars", "set", "-n", &name, "A=b"])
            .success();
        sandbox
            .larder(&["ci", "setup", "--no-activate", "--", "--yes"])
            .success();
        sandbox
            .larder(&["env", "remove", "-n", &name, "--yes"])
            .success();
        let left = fs::read_dir(sandbox.home().join(".conda/envs")).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        let is_lock = |name: &std::ffi::OsString| name.to_string_lossy().ends_with(".lock");
        assert!(left.iter().all(is_lock), "{left:?}");
    }
}

/// What a killed run left of one long name is not taken for a left-over of another one that begins alike.
#[test]
fn long_names_that_begin_alike_are_told_apart() {
    let sandbox = app_and_lib();
    let (one, two) = ("e".repeat(239) + "1", "e".repeat(239) + "2");
    let make = |name: &str| {
        sandbox.larder(&["create", "-p", name]).success();
    };
    make(&one);
    let lock = |name: &str| {
        let entries = fs::read_dir(sandbox.work()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut locks: Vec<String> = names.filter(|file| file.ends_with(".lock")).collect();
        locks.sort();
        assert!(locks.iter().all(|lock| lock.len() <= NAME_MAX), "{name}");
        locks
    };
    // The lock of a run on the prefix may go with the run, or stay; a stem of its own is what counts.
    let first = lock(&one);
    let staged = first.first().map(|name| name.replace(".lock", "-abcdefgh"));
    if let Some(staged) = staged {
        fs::create_dir(sandbox.path(&staged)).unwrap();
        make(&two);
        assert!(sandbox.path(&staged).exists(), "that of another prefix");
    }
}

#[test]
fn a_manifest_of_a_long_name_has_a_lock_of_its_own() {
    for length in [240, 251] {
        let sandbox = app_and_lib();
        let file = "m".repeat(length - 5) + "1.yml";
        let other = "m".repeat(length - 5) + "2.yml";
        wants(&sandbox, &file, "one", "app");
        wants(&sandbox, &other, "two", "lib");
        for file in [&file, &other] {
            sandbox.larder(&["lock", "-f", file]).success();
        }
        for file in [&file, &other] {
            sandbox.larder(&["lock", "--check", "-f", file]).success();
            let create = ["create", "-p", "env", "--yes", "--frozen", "-f", file];
            sandbox.larder(&create).success();
        }
        let locks = fs::read_dir(sandbox.work()).unwrap();
        let locks = locks.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let locks: Vec<String> = locks
            .filter(|name| name.ends_with("conda-lock.yml"))
            .collect();
        assert_eq!(locks.len(), 2, "{locks:?}");
    }
}

/// CEP 26 has the longest name of a package.
#[test]
fn a_package_of_the_longest_name_goes_through_everything() {
    use larder_testkit::{ChannelBuilder, PackageBuilder};

    let sandbox = sandbox();
    let name = "p".repeat(64);
    let version = "1.".repeat(31) + "1";
    let build = "b".repeat(64);
    let package = PackageBuilder::new(&name, &version, &build).noarch_generic();
    ChannelBuilder::new()
        .package(crate::support::conda(package.file("share/x", "x")))
        .write(&sandbox.path("channel"));
    wants(&sandbox, "environment.yml", "work", &name);
    for command in [
        &["lock"][..],
        &["create", "-p", "env"],
        &["create", "-p", "two", "--ephemeral"],
        &["verify", "-p", "env"],
        &["pack", "-o", "work.tar"],
        &["unpack", "work.tar", "-p", "three"],
        &[
            "store",
            "export",
            "--layout",
            "conda-pkgs",
            "pkgs",
            "--lock",
            "conda-lock.yml",
        ],
        &["store", "import", "pkgs"],
        &["store", "verify"],
    ] {
        sandbox.larder(command).success();
    }
}
