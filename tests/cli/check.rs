//! `larder lock --check`, and what decides which packages a lock gets.

use std::fs;

use larder_testkit::{PackageBuilder, Run, Sandbox, Server};

use crate::support::{app_and_lib, channel, conda, json, sandbox};

fn lock_text(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap()
}

/// Three versions of `a` and of `b`, published a year apart, and a manifest that wants both.
fn versions() -> Sandbox {
    let sandbox = sandbox();
    let year = 365 * 24 * 3600 * 1000;
    let package = |name: &str, version: u64| {
        let package = PackageBuilder::new(name, &format!("{version}.0"), "0").noarch_generic();
        conda(package.timestamp_ms(1_600_000_000_000 + version * year))
    };
    channel(
        &sandbox,
        (1..=3).flat_map(|version| ["a", "b"].map(|name| package(name, version))),
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [a, b]\n",
    );
    sandbox
}

#[test]
fn a_fresh_lock_exits_with_0_and_a_stale_one_with_1_and_the_line() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock", "--check"]).fails_with(1);
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["lock", "--check"]).success();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - app\n  - lib >=3\n",
    );
    let run = sandbox.larder(&["lock", "--check"]).fails_with(1);
    assert!(
        run.stderr.contains("environment.yml:4:5") && run.stderr.contains("lib-2.0-h1_0"),
        "{}",
        run.stderr
    );
    let report = json(&sandbox.larder(&["lock", "--check", "--json"]).fails_with(1));
    assert_eq!(report["fresh"], false);
    assert_eq!(report["reasons"].as_object().unwrap().len(), 1);
}

#[test]
fn a_check_writes_nothing_and_needs_neither_network_nor_store() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        &format!("channels: [\"{}\"]\ndependencies: [app]\n", server.url()),
    );
    sandbox.larder(&["lock"]).success();
    let before = lock_text(&sandbox);
    server.shutdown();
    fs::remove_dir_all(sandbox.store()).unwrap();
    sandbox.larder(&["lock", "--check"]).success();
    assert!(!sandbox.store().exists());
    assert_eq!(lock_text(&sandbox), before);
}

#[test]
fn comments_order_and_spelling_do_not_make_a_lock_stale_and_locking_again_does_not_change_it() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let before = lock_text(&sandbox);
    sandbox.write(
        "environment.yml",
        "# a comment\nname: renamed\nchannels:\n- ./channel\ndependencies:\n- app   # why\n",
    );
    sandbox.larder(&["lock", "--check"]).success();
    sandbox.larder(&["lock"]).success();
    assert_eq!(lock_text(&sandbox), before);
}

#[test]
fn adding_a_dependency_keeps_every_other_pin() {
    let sandbox = versions();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [a =1]\n",
    );
    sandbox.larder(&["lock"]).success();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [a, b]\n",
    );
    sandbox.larder(&["lock"]).success();
    let text = lock_text(&sandbox);
    assert!(
        text.contains("a-1.0-0") && text.contains("b-3.0-0"),
        "{text}"
    );
}

#[test]
fn an_upgrade_of_one_package_leaves_the_others() {
    let sandbox = versions();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [a =1, b =1]\n",
    );
    sandbox.larder(&["lock"]).success();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [a, b]\n",
    );
    sandbox
        .larder(&["lock", "--upgrade-package", "a"])
        .success();
    let text = lock_text(&sandbox);
    assert!(
        text.contains("a-3.0-0") && text.contains("b-1.0-0"),
        "{text}"
    );
}

#[test]
fn the_lowest_strategy_takes_lower_bounds() {
    let sandbox = versions();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [a >=2, b]\n",
    );
    sandbox.larder(&["lock", "--strategy", "lowest"]).success();
    let text = lock_text(&sandbox);
    assert!(
        text.contains("a-2.0-0") && text.contains("b-1.0-0"),
        "{text}"
    );
}

#[test]
fn what_was_published_later_is_ignored() {
    let sandbox = versions();
    // The second version is of September 2022.
    sandbox
        .larder(&["lock", "--exclude-newer", "2022-12-31"])
        .success();
    assert!(
        lock_text(&sandbox).contains("a-2.0-0"),
        "{}",
        lock_text(&sandbox)
    );
    sandbox
        .larder(&[
            "lock",
            "--upgrade",
            "--exclude-newer",
            "2022-01-01T00:00:00Z",
        ])
        .success();
    assert!(
        lock_text(&sandbox).contains("a-1.0-0"),
        "{}",
        lock_text(&sandbox)
    );
    sandbox
        .larder(&["lock", "--upgrade", "--exclude-newer", "1d"])
        .success();
    assert!(
        lock_text(&sandbox).contains("a-3.0-0"),
        "{}",
        lock_text(&sandbox)
    );
    let run = sandbox
        .larder(&["lock", "--exclude-newer", "yesterday"])
        .fails_with(1);
    assert!(run.stderr.contains("7d"), "{}", run.stderr);
}

#[test]
fn a_lock_for_another_machine_is_true_here_and_cannot_be_used_here() {
    let sandbox = sandbox();
    channel(
        &sandbox,
        [conda(
            PackageBuilder::new("gpu", "1.0", "0")
                .noarch_generic()
                .depends("__cuda >=12.1"),
        )],
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [gpu]\n",
    );
    let mut command = sandbox.command(&["lock"]);
    Run::of(command.env("CONDA_OVERRIDE_CUDA", "12.4")).success();
    sandbox.larder(&["lock", "--check"]).success();
    let run = sandbox.larder(&["create", "-p", "env"]).fails_with(1);
    assert!(
        run.stderr.contains("CONDA_OVERRIDE_CUDA") && run.stderr.contains("gpu-1.0-0"),
        "{}",
        run.stderr
    );
    let mut command = sandbox.command(&["create", "-p", "env"]);
    Run::of(command.env("CONDA_OVERRIDE_CUDA", "12.1")).success();
}

#[test]
fn a_file_of_virtual_packages_says_what_the_targets_have() {
    let sandbox = sandbox();
    channel(
        &sandbox,
        [conda(
            PackageBuilder::new("new", "1.0", "0")
                .noarch_generic()
                .depends("__glibc >=2.99"),
        )],
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\nplatforms: [linux-64]\ndependencies: [new]\n",
    );
    sandbox.larder(&["lock"]).fails_with(1);
    sandbox.write(
        "virtual-packages.yml",
        "subdirs:\n  linux-64:\n    packages:\n      __glibc: \"2.99\"\n",
    );
    sandbox
        .larder(&["lock", "--virtual-package-spec", "virtual-packages.yml"])
        .success();
    sandbox.larder(&["lock", "--check"]).success();
    sandbox.write("virtual-packages.yml", "subdirs: {linux: {}}\n");
    let run = sandbox
        .larder(&["lock", "--virtual-package-spec", "virtual-packages.yml"])
        .fails_with(1);
    assert!(
        run.stderr.contains("virtual-packages.yml") && run.stderr.contains("__glibc"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_unknown_package_to_upgrade_is_an_error_with_a_suggestion() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let before = lock_text(&sandbox);
    let run = sandbox
        .larder(&["lock", "--upgrade-package", "ap"])
        .fails_with(1);
    assert!(
        run.stderr.contains("--upgrade-package ap") && run.stderr.contains("did you mean app?"),
        "{}",
        run.stderr
    );
    assert_eq!(lock_text(&sandbox), before);
    sandbox
        .larder(&["lock", "--upgrade-package", "lib"])
        .success();
}

#[test]
fn a_platform_that_is_not_locked_names_the_command_that_adds_it() {
    let sandbox = app_and_lib();
    fs::rename(sandbox.path("environment.yml"), sandbox.path("lockme.yml")).unwrap();
    sandbox
        .larder(&["lock", "-f", "lockme.yml", "--platform", "win-64"])
        .success();
    let create = ["create", "-p", "env", "-f", "lockme.yml"];
    let run = sandbox.larder(&create).fails_with(1);
    let command = run
        .stderr
        .split('`')
        .find(|text| text.starts_with("larder lock"));
    let command = command.unwrap_or_else(|| panic!("no command in {}", run.stderr));
    assert!(command.contains("-f lockme.yml") && command.contains("--platform win-64"));
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    sandbox.larder(&arguments).success();
    sandbox.larder(&create).success();
}

#[test]
fn both_hooks_stop_at_a_platform_that_the_manifest_no_longer_names() {
    let sandbox = app_and_lib();
    let manifest = |platforms: &str| {
        let text =
            format!("channels: [./channel]\nplatforms: [{platforms}]\ndependencies: [app]\n");
        sandbox.write("environment.yml", &text);
    };
    manifest("linux-64, osx-64");
    sandbox.larder(&["lock", "environment.yml"]).success();
    manifest("linux-64");
    let run = sandbox
        .larder(&["lock", "--check", "environment.yml"])
        .fails_with(1);
    assert!(run.stderr.contains("osx-64 is locked"), "{}", run.stderr);
    sandbox
        .larder(&["lock", "--check", "--platform", "linux-64"])
        .success();
    sandbox
        .larder(&["lock", "--fail-on-change", "environment.yml"])
        .fails_with(1);
    sandbox
        .larder(&["lock", "--check", "environment.yml"])
        .success();
}

#[test]
fn a_lock_does_not_choose_the_manifest_that_it_is_checked_against() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let text = lock_text(&sandbox);
    let manifest = fs::read_to_string(sandbox.path("environment.yml")).unwrap();
    sandbox.write("evil.yml", &manifest);
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [lib]\n",
    );
    sandbox.write(
        "conda-lock.yml",
        &text.replace("  - environment.yml", "  - evil.yml"),
    );
    sandbox
        .larder(&["lock", "--check", "conda-lock.yml"])
        .fails_with(1);
}
