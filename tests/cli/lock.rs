//! `larder lock`.

use std::fs;

use larder_testkit::{Format, PackageBuilder};

use crate::support::{app_and_lib, channel, conda, json, lib, program, sandbox};

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let first = fs::read(sandbox.path("conda-lock.yml")).unwrap();
    let run = sandbox.larder(&["lock"]).success();
    assert!(run.stderr.contains("unchanged"), "{}", run.stderr);
    fs::remove_file(sandbox.path("conda-lock.yml")).unwrap();
    sandbox.larder(&["lock"]).success();
    assert_eq!(fs::read(sandbox.path("conda-lock.yml")).unwrap(), first);
}

#[test]
fn old_pins_are_kept_until_an_upgrade() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let both = [
        conda(program("app", "1.0").depends("lib >=2")),
        lib().build(Format::TarBz2),
        conda(PackageBuilder::new("lib", "3.0", "0").noarch_generic()),
    ];
    channel(&sandbox, both);
    sandbox.larder(&["lock"]).success();
    let version = || {
        fs::read_to_string(sandbox.path("conda-lock.yml"))
            .unwrap()
            .contains("lib-3.0-0")
    };
    assert!(!version(), "the pin is kept");
    sandbox.larder(&["lock", "--upgrade"]).success();
    assert!(version(), "the pin is forgotten");
}

#[test]
fn several_platforms_are_locked_in_one_file() {
    let sandbox = app_and_lib();
    let report = json(
        &sandbox
            .larder(&[
                "lock",
                "--platform",
                "win-64",
                "--platform",
                "osx-arm64",
                "--json",
            ])
            .success(),
    );
    assert_eq!(
        report["packages"],
        serde_json::json!({"osx-arm64": 2, "win-64": 2})
    );
    let text = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    assert!(
        text.contains("platform: osx-arm64") && text.contains("platform: win-64"),
        "{text}"
    );
}

#[test]
fn cep24_25_without_platforms_the_command_line_or_this_machine_decides() {
    let sandbox = app_and_lib();
    let locked = |arguments: &[&str]| {
        json(
            &sandbox
                .larder(&[&["lock", "--json", "--dry-run"][..], arguments].concat())
                .success(),
        )["packages"]
            .clone()
    };
    let here = rattler_conda_types::Subdir::current().unwrap().to_string();
    assert_eq!(
        locked(&[]).as_object().unwrap().keys().collect::<Vec<_>>(),
        [&here]
    );
    assert_eq!(
        locked(&["--platform", "win-64"])
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["win-64"]
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\nplatforms: [osx-64]\ndependencies: [app]\n",
    );
    assert_eq!(
        locked(&[]).as_object().unwrap().keys().collect::<Vec<_>>(),
        ["osx-64"]
    );
}

#[test]
fn selectors_are_for_the_platform_that_is_locked() {
    let sandbox = app_and_lib();
    sandbox.write("environment.yml", "channels: [./channel]\nplatforms: [linux-64, win-64]\ndependencies:\n  - lib\n  - app  # [win]\n");
    let report = json(&sandbox.larder(&["lock", "--json"]).success());
    assert_eq!(
        report["packages"],
        serde_json::json!({"linux-64": 1, "win-64": 2})
    );
}

#[test]
fn what_platforms_say_is_told_in_their_order() {
    let sandbox = app_and_lib();
    let flagged = |subdir: &str, version: &str| {
        let flags = serde_json::json!(["Not A Flag"]);
        let package = PackageBuilder::new("lib", version, "0").subdir(subdir);
        conda(package.index_extra("flags", flags))
    };
    let packages = [
        flagged("linux-64", "8"),
        flagged("win-64", "9"),
        conda(PackageBuilder::new("lib", "1", "0").noarch_generic()),
    ];
    channel(&sandbox, packages);
    let manifest = |dependency: &str| {
        format!(
            "channels: [./channel]\nplatforms: [win-64, linux-64]\ndependencies: [{dependency}]\n"
        )
    };
    sandbox.write("environment.yml", &manifest("lib"));
    let run = sandbox.larder(&["lock"]).success();
    let place = |text: &str| {
        run.stderr
            .find(text)
            .unwrap_or_else(|| panic!("{}", run.stderr))
    };
    let (linux, win) = ("lib-8-0.conda is left out", "lib-9-0.conda is left out");
    assert!(place(linux) < place(win), "{}", run.stderr);

    sandbox.write("environment.yml", &manifest("missing"));
    let run = sandbox.larder(&["lock"]).fails_with(1);
    assert!(
        run.stderr.contains("missing") && run.stderr.contains("linux-64"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("for win-64"), "{}", run.stderr);
}

#[test]
fn nothing_of_a_solve_is_left_after_success_and_failure() {
    let sandbox = app_and_lib();
    let scratch = || {
        let kept = fs::read_dir(sandbox.store().join("repodata")).unwrap();
        let names = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.retain(|name| name.starts_with("scratch"));
        names
    };
    sandbox.larder(&["lock"]).success();
    assert!(scratch().is_empty(), "{:?}", scratch());
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\nplatforms: [linux-64, win-64]\ndependencies: [missing]\n",
    );
    sandbox.larder(&["lock"]).fails_with(1);
    assert!(scratch().is_empty(), "{:?}", scratch());
}

#[test]
fn cep37_07_sources_are_relative_to_the_lock() {
    let sandbox = app_and_lib();
    fs::create_dir(sandbox.path("locks")).unwrap();
    sandbox
        .larder(&["lock", "-o", "locks/conda-lock.yml"])
        .success();
    let text = fs::read_to_string(sandbox.path("locks/conda-lock.yml")).unwrap();
    assert!(text.contains("../environment.yml"), "{text}");
    assert!(
        !text
            .replace(&format!("file://{}", sandbox.path("channel").display()), "")
            .contains(sandbox.work().to_str().unwrap()),
        "{text}"
    );
}

#[test]
fn a_failed_lock_leaves_the_old_one() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let before = fs::read(sandbox.path("conda-lock.yml")).unwrap();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [no-such-package]\n",
    );
    let run = sandbox.larder(&["lock"]).fails_with(1);
    assert!(run.stderr.contains("no-such-package"), "{}", run.stderr);
    assert_eq!(fs::read(sandbox.path("conda-lock.yml")).unwrap(), before);
}

#[test]
fn a_platform_that_is_none_is_refused() {
    let run = app_and_lib()
        .larder(&["lock", "--platform", "linux"])
        .fails_with(1);
    assert!(run.stderr.contains("linux-64"), "{}", run.stderr);
}

#[test]
fn a_lock_cannot_be_locked() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let run = sandbox
        .larder(&["lock", "-f", "conda-lock.yml"])
        .fails_with(1);
    assert!(run.stderr.contains("is a lock already"), "{}", run.stderr);
}

#[test]
fn a_missing_virtual_package_names_the_override_that_would_allow_it() {
    let sandbox = sandbox();
    channel(
        &sandbox,
        [conda(
            PackageBuilder::new("gpu", "1.0", "0").depends("__cuda >=12.1"),
        )],
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - gpu\n",
    );
    let run = sandbox
        .larder(&["lock", "--platform", "linux-64"])
        .fails_with(1);
    assert!(
        run.stderr.contains("CONDA_OVERRIDE_CUDA") && run.stderr.contains("environment.yml:3:5"),
        "{}",
        run.stderr
    );
    let mut command = sandbox.command(&["lock", "--platform", "linux-64"]);
    larder_testkit::Run::of(command.env("CONDA_OVERRIDE_CUDA", "12.4")).success();
}

#[test]
fn each_manifest_of_a_directory_has_its_own_lock() {
    let sandbox = app_and_lib();
    sandbox.write("dev.yml", "channels: [./channel]\ndependencies: [lib]\n");
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["lock", "-f", "dev.yml"]).success();
    let run = sandbox
        .larder(&["create", "-p", "dev", "-f", "dev.yml"])
        .success();
    assert!(
        run.stderr.contains("1 packages, from the lock"),
        "{}",
        run.stderr
    );
    assert!(sandbox.path("dev.conda-lock.yml").is_file());
    let run = sandbox.larder(&["create", "-p", "env"]).success();
    assert!(
        run.stderr.contains("2 packages, from the lock"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_directorys_lock_serves_another_manifest_only_if_it_was_made_from_it() {
    let sandbox = app_and_lib();
    sandbox.write("dev.yml", "channels: [./channel]\ndependencies: [lib]\n");
    sandbox.larder(&["lock"]).success();
    let run = sandbox
        .larder(&["create", "-p", "one", "-f", "dev.yml"])
        .success();
    assert!(run.stderr.contains("1 packages, solved"), "{}", run.stderr);
    sandbox
        .larder(&["lock", "-f", "dev.yml", "-o", "conda-lock.yml"])
        .success();
    let run = sandbox
        .larder(&["create", "-p", "two", "-f", "dev.yml"])
        .success();
    assert!(
        run.stderr.contains("1 packages, from the lock"),
        "{}",
        run.stderr
    );
}

#[test]
fn locking_again_keeps_the_platforms_of_the_lock() {
    let sandbox = app_and_lib();
    sandbox
        .larder(&["lock", "--platform", "win-64", "--platform", "osx-arm64"])
        .success();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app, lib]\n",
    );
    let report = json(&sandbox.larder(&["lock", "--json"]).success());
    assert_eq!(
        report["packages"],
        serde_json::json!({"osx-arm64": 2, "win-64": 2})
    );
    let run = sandbox.larder(&["lock", "--platform", "win-64"]).success();
    assert!(run.stderr.contains("osx-arm64"), "{}", run.stderr);
}

#[test]
fn a_lock_of_several_manifests_is_not_overwritten_by_one_of_them() {
    let sandbox = app_and_lib();
    sandbox.write("dev.yml", "dependencies: [lib]\n");
    sandbox
        .larder(&["lock", "-f", "environment.yml", "-f", "dev.yml"])
        .success();
    let both = fs::read(sandbox.path("conda-lock.yml")).unwrap();
    sandbox.write("dev.yml", "channels: [./channel]\ndependencies: [lib]\n");
    sandbox.larder(&["lock", "-f", "dev.yml"]).success();
    assert_eq!(fs::read(sandbox.path("conda-lock.yml")).unwrap(), both);
    assert!(sandbox.path("dev.conda-lock.yml").is_file());
}
