//! An environment for another platform says so in its prefix, as with conda, and every later command follows it.

use std::fs;

use larder_testkit::{ChannelBuilder, PackageBuilder, Run, Sandbox};
use rattler_conda_types::Subdir;
use serde_json::Value;

use crate::support::{conda, env, json, lib, sandbox};

/// A platform that is not this machine's.
fn foreign() -> &'static str {
    match Subdir::current() {
        Some(Subdir::OsxArm64) => "osx-64",
        _ => "osx-arm64",
    }
}

fn native() -> String {
    Subdir::current().unwrap().to_string()
}

/// A channel where `app` 1.0 and 2.0 are for both platforms; the manifest wants app 1.
fn both() -> Sandbox {
    let sandbox = sandbox();
    let mut packages = vec![conda(lib())];
    for platform in [native().as_str(), foreign()] {
        for version in ["1.0", "2.0"] {
            let app = PackageBuilder::new("app", version, "0").subdir(platform);
            packages.push(conda(app.depends("lib").file("share/app", platform)));
        }
    }
    let channel = ChannelBuilder::new().packages(packages);
    channel.write(&sandbox.path("channel"));
    wants(&sandbox, "app =1");
    sandbox
}

fn wants(sandbox: &Sandbox, spec: &str) {
    let text = format!("name: work\nchannels: [./channel]\ndependencies: ['{spec}']\n");
    sandbox.write("environment.yml", &text);
}

/// `env` for the foreign platform.
fn made() -> Sandbox {
    let sandbox = both();
    let create = ["env", "create", "-p", "env", "--platform", foreign()];
    sandbox.larder(&create).success();
    sandbox
}

fn condarc(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path("env/.condarc")).unwrap()
}

/// Version and platform of `app` in `env`.
fn app(sandbox: &Sandbox) -> (String, String) {
    let list = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    let packages = list.as_array().unwrap().iter();
    let app = packages.clone().find(|package| package["name"] == "app");
    let text = |key: &str| app.unwrap()[key].as_str().unwrap().to_owned();
    (text("version"), text("platform"))
}

fn update(sandbox: &Sandbox, more: &[&str]) -> Value {
    let arguments = [&["env", "update", "--json"], more].concat();
    json(&sandbox.larder(&arguments).success())
}

#[test]
fn every_way_to_make_an_environment_records_a_foreign_platform_and_no_other() {
    let sandbox = both();
    let flag = ["--platform", foreign()];
    sandbox.larder(&[&["lock"], &flag[..]].concat()).success();
    for (arguments, recorded) in [
        (&["create", "-p", "env", "--no-lock"][..], true),
        (&["create", "-p", "env", "--ephemeral"], true),
        (&["env", "create", "-p", "env"], true),
        (&["env", "update", "-p", "env"], true),
        (&["sync", "-p", "env"], true),
        (&["create", "-p", "env", "--dry-run"], false),
    ] {
        sandbox.larder(&[arguments, &flag[..]].concat()).success();
        assert_eq!(env(&sandbox).exists(), recorded, "{arguments:?}");
        if recorded {
            assert_eq!(condarc(&sandbox), format!("subdir: {}\n", foreign()));
            fs::remove_dir_all(env(&sandbox)).unwrap();
        }
    }
    // As conda: whatever said so.
    let mut command = sandbox.command(&["create", "-p", "env"]);
    Run::of(command.env("CONDA_SUBDIR", foreign())).success();
    assert_eq!(condarc(&sandbox), format!("subdir: {}\n", foreign()));
    // A new one in its place is for this machine again: the platform of the old one is no wish.
    let replace = ["create", "-p", "env", "--yes", "--no-lock"];
    sandbox.larder(&replace).success();
    assert!(!sandbox.path("env/.condarc").exists());
    assert_eq!(app(&sandbox).1, native());
}

#[test]
fn an_update_without_the_flag_is_for_the_recorded_platform() {
    let sandbox = made();
    let known = update(&sandbox, &["-p", "env"]);
    assert_eq!(known["solve"], Value::Null, "a fast answer: {known}");
    wants(&sandbox, "app =2");
    update(&sandbox, &["-p", "env"]);
    assert_eq!(app(&sandbox), ("2.0".into(), foreign().into()));
    wants(&sandbox, "app =1");
    update(&sandbox, &["-p", "env", "--platform", foreign()]);
    assert_eq!(app(&sandbox), ("1.0".into(), foreign().into()));
    assert_eq!(condarc(&sandbox), format!("subdir: {}\n", foreign()));
}

#[test]
fn an_environment_that_only_the_file_or_the_shell_names_is_followed_too() {
    let sandbox = both();
    let create = ["env", "create", "--platform", foreign(), "--json"];
    let made = json(&sandbox.larder(&create).success());
    wants(&sandbox, "app =2");
    let report = update(&sandbox, &[]);
    assert_eq!(report["prefix"], made["prefix"]);
    let linked = report["actions"]["LINK"].as_array().unwrap();
    assert_eq!(linked[0]["platform"], foreign(), "{report}");
    // The active one, for a file without a name.
    let text = "channels: [./channel]\ndependencies: ['app =1']\n";
    sandbox.write("unnamed.yml", text);
    let mut command = sandbox.command(&["env", "update", "-f", "unnamed.yml", "--json"]);
    let report = json(&Run::of(
        command.env("CONDA_PREFIX", made["prefix"].as_str().unwrap()),
    ));
    assert_eq!(
        report["actions"]["LINK"][0]["platform"],
        foreign(),
        "{report}"
    );
}

#[test]
fn the_platform_of_the_active_environment_is_not_that_of_a_new_one() {
    let sandbox = made();
    for arguments in [
        &["create", "-p", "new", "--json"][..],
        &["env", "update", "-p", "new", "--json"],
    ] {
        let mut command = sandbox.command(arguments);
        let report = json(&Run::of(command.env("CONDA_PREFIX", env(&sandbox))));
        assert!(report.to_string().contains(&native()), "{report}");
        assert!(!sandbox.path("new/.condarc").exists());
        fs::remove_dir_all(sandbox.path("new")).unwrap();
    }
    // A lock is for everybody.
    let mut command = sandbox.command(&["lock", "--json"]);
    let report = json(&Run::of(command.env("CONDA_PREFIX", env(&sandbox))));
    assert_eq!(report["packages"][native()], 2, "{report}");
}

#[test]
fn a_sync_is_for_the_recorded_platform_and_a_lock_without_it_is_refused() {
    let sandbox = made();
    sandbox.larder(&["lock", "--platform", &native()]).success();
    let run = sandbox.larder(&["sync", "-p", "env"]).fails_with(1);
    assert!(run.stderr.contains(foreign()), "{}", run.stderr);
    wants(&sandbox, "app =2");
    let both = ["lock", "--platform", &native(), "--platform", foreign()];
    sandbox.larder(&both).success();
    sandbox.larder(&["sync", "-p", "env"]).success();
    assert_eq!(app(&sandbox), ("2.0".into(), foreign().into()));
}

#[test]
fn a_flag_or_variable_that_disagrees_with_the_environment_is_an_error_with_a_next_step() {
    let sandbox = made();
    sandbox.larder(&["lock", "--platform", &native()]).success();
    let before = app(&sandbox);
    let native = native();
    for command in [&["env", "update", "-p", "env"][..], &["sync", "-p", "env"]] {
        let arguments = [command, &["--platform", &native]].concat();
        let run = sandbox.larder(&arguments).fails_with(1);
        let expected = format!("{}/.condarc:1:1", env(&sandbox).display());
        for text in [&*expected, foreign(), &native, "leave `--platform` out"] {
            assert!(run.stderr.contains(text), "{text}: {}", run.stderr);
        }
        let mut variable = sandbox.command(command);
        let run = Run::of(variable.env("CONDA_SUBDIR", &native)).fails_with(1);
        assert!(run.stderr.contains("unset CONDA_SUBDIR"), "{}", run.stderr);
    }
    assert_eq!(app(&sandbox), before);
    fs::remove_file(sandbox.path("conda-lock.yml")).unwrap();
    // The step that the message names for a variable works, and so does a configuration of the user's.
    let mut command = sandbox.command(&["env", "update", "-p", "env", "--platform", foreign()]);
    Run::of(command.env("CONDA_SUBDIR", &native)).success();
    let text = format!("subdir: {native}\n");
    fs::write(sandbox.home().join(".condarc"), text).unwrap();
    wants(&sandbox, "app =2");
    update(&sandbox, &["-p", "env"]);
    assert_eq!(app(&sandbox), ("2.0".into(), foreign().into()));
}

#[test]
fn without_a_record_the_packages_say_what_an_environment_is_for() {
    let sandbox = made();
    fs::remove_file(sandbox.path("env/.condarc")).unwrap();
    let other = ["env", "update", "-p", "env", "--platform", &native()];
    let run = sandbox.larder(&other).fails_with(1);
    assert!(
        run.stderr.contains("conda-meta/app-1.0-0.json"),
        "{}",
        run.stderr
    );
    wants(&sandbox, "app =2");
    update(&sandbox, &["-p", "env"]);
    assert_eq!(app(&sandbox), ("2.0".into(), foreign().into()));
    assert_eq!(
        condarc(&sandbox),
        format!("subdir: {}\n", foreign()),
        "it is recorded now"
    );
    // An environment for this machine is not changed into one for another.
    sandbox.larder(&["create", "-p", "own"]).success();
    let other = ["env", "update", "-p", "own", "--platform", foreign()];
    sandbox.larder(&other).fails_with(1);
}

#[test]
fn a_platform_that_mamba_recorded_counts_and_condas_wins() {
    let sandbox = made();
    fs::remove_file(sandbox.path("env/.condarc")).unwrap();
    // As micromamba writes it, without a line break.
    sandbox.write("env/.mambarc", &format!("platform: {}", foreign()));
    wants(&sandbox, "app =2");
    let run = sandbox
        .larder(&["env", "update", "-p", "env", "--platform", &native()])
        .fails_with(1);
    assert!(run.stderr.contains(".mambarc:1:1"), "{}", run.stderr);
    update(&sandbox, &["-p", "env"]);
    assert_eq!(app(&sandbox), ("2.0".into(), foreign().into()));
    sandbox.write("env/condarc.d/site.yml", &format!("subdir: {}\n", native()));
    fs::remove_file(sandbox.path("env/.condarc")).unwrap();
    wants(&sandbox, "app =1");
    update(&sandbox, &["-p", "env"]);
    assert_eq!(app(&sandbox), ("1.0".into(), native()));
}

#[test]
fn list_export_and_verify_know_the_platform() {
    let sandbox = made();
    // Only noarch packages: nothing but the record can say it.
    let create = [
        "create",
        "-p",
        "bare",
        "-c",
        "./channel",
        "--platform",
        foreign(),
        "lib",
    ];
    sandbox.larder(&create).success();
    for prefix in ["env", "bare"] {
        for arguments in [
            &["list", "--explicit"][..],
            &["list", "--export"],
            &["env", "export", "--format", "explicit"],
            &["env", "export", "--format", "conda-lock"],
        ] {
            let run = sandbox
                .larder(&[arguments, &["-p", prefix]].concat())
                .success();
            assert!(
                run.stdout.contains(foreign()),
                "{arguments:?}: {}",
                run.stdout
            );
            assert!(
                !run.stdout.contains(&native()),
                "{arguments:?}: {}",
                run.stdout
            );
        }
        // The record is larder's own, not something that somebody put there.
        sandbox.larder(&["verify", "-p", prefix]).success();
    }
    sandbox.write("env/.condarc", "subdir: linux-64\nchannels: [mine]\n");
    let run = sandbox.larder(&["verify", "-p", "env"]).fails_with(1);
    assert!(run.stdout.contains(".condarc"), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn a_program_that_does_not_start_is_told_to_be_for_another_platform() {
    let sandbox = made();
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "nothing-of-this-name"])
        .fails_with(127);
    let text = format!("the environment is for {}", foreign());
    assert!(run.stderr.contains(&text), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn scripts_of_another_operating_system_do_not_run_when_its_environment_goes() {
    let sandbox = sandbox();
    let script = "touch \"$HOME/ran\"\n";
    let win = if cfg!(windows) { "linux-64" } else { "win-64" };
    let app = PackageBuilder::new("app", "1.0", "0").subdir(win);
    let app = app.file("bin/.app-pre-unlink.sh", script);
    ChannelBuilder::new()
        .package(conda(app))
        .write(&sandbox.path("channel"));
    wants(&sandbox, "app");
    let create = ["create", "-p", "env", "--platform", win];
    sandbox.larder(&create).success();
    sandbox
        .larder(&["env", "remove", "-p", "env", "--yes"])
        .success();
    assert!(!sandbox.home().join("ran").exists());
}

#[test]
fn a_record_that_says_nothing_usable_stops_what_would_change_the_environment_and_no_more() {
    for (text, expected) in [
        ("subdir: beos-64\n", ".condarc:1:1"),
        ("subdir: [osx-64]\n", ".condarc:1:1"),
        ("subdir: noarch\n", ".condarc:1:1"),
        ("subdir: {\n", ".condarc:"),
        ("\u{0}\n", ".condarc"),
    ] {
        let sandbox = made();
        sandbox.write("env/.condarc", text);
        let run = sandbox
            .larder(&["env", "update", "-p", "env"])
            .fails_with(1);
        assert!(run.stderr.contains(expected), "{text}: {}", run.stderr);
        assert!(run.stderr.contains("help:"), "{text}: {}", run.stderr);
        let list = ["list", "-p", "env", "--explicit"];
        let run = sandbox.larder(&list).success();
        assert!(run.stdout.contains(foreign()), "the packages say it");
    }
    // What else a configuration says there does not matter to the platform.
    let sandbox = made();
    let text = format!("channels: {{}}\nssl_verify: [x]\nsubdir: {}\n", foreign());
    sandbox.write("env/.condarc", &text);
    wants(&sandbox, "app =2");
    update(&sandbox, &["-p", "env"]);
    assert_eq!(app(&sandbox), ("2.0".into(), foreign().into()));
    assert_eq!(condarc(&sandbox), text);
}

#[cfg(unix)]
#[test]
fn a_record_is_never_written_through_a_link_nor_is_what_a_link_leads_to_shown() {
    let sandbox = made();
    sandbox.write("secret", "subdir: hunter2\n");
    fs::remove_file(sandbox.path("env/.condarc")).unwrap();
    std::os::unix::fs::symlink(sandbox.path("secret"), sandbox.path("env/.condarc")).unwrap();
    let run = sandbox
        .larder(&["env", "update", "-p", "env"])
        .fails_with(1);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    // A dangling one names no platform; the packages do, and nothing is made where it leads.
    fs::remove_file(sandbox.path("secret")).unwrap();
    wants(&sandbox, "app =2");
    update(&sandbox, &["-p", "env"]);
    assert_eq!(app(&sandbox), ("2.0".into(), foreign().into()));
    assert!(!sandbox.path("secret").exists());
}

#[test]
fn a_condarc_of_a_package_is_kept_and_the_missing_record_is_told() {
    let sandbox = sandbox();
    let app = PackageBuilder::new("app", "1.0", "0").subdir(foreign());
    let app = app.file(".condarc", "changeps1: false\n");
    ChannelBuilder::new()
        .package(conda(app))
        .write(&sandbox.path("channel"));
    wants(&sandbox, "app");
    for more in [&[][..], &["--ephemeral"]] {
        let create = ["create", "-p", "env", "--yes", "--platform", foreign()];
        let run = sandbox.larder(&[&create, more].concat()).success();
        assert!(run.stderr.contains("is not recorded"), "{}", run.stderr);
        assert_eq!(condarc(&sandbox), "changeps1: false\n");
        sandbox.larder(&["verify", "-p", "env"]).success();
    }
}
