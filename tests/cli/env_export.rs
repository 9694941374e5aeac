//! `larder env export`: what is installed, in every format, and made again from it.

use std::fs;

use larder_testkit::{PackageBuilder, Sandbox};

use crate::{
    list::pip_install,
    support::{app_and_lib, channel, conda, env, json, lib, program},
};

fn exported(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let arguments = [&["env", "export", "-p", "env"], arguments].concat();
    sandbox.larder(&arguments).success().stdout
}

#[test]
fn an_environment_is_written_as_conda_writes_it() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    pip_install(&sandbox, "Rich", "13.0");
    sandbox
        .larder(&["env", "config", "vars", "set", "-p", "env", "MODE=yes"])
        .success();
    let url = format!("file://{}", sandbox.path("channel").display());
    let place = env(&sandbox).display().to_string();
    let expected = format!(
        "channels:\n  - {url}\ndependencies:\n  - app=1.0=0\n  - lib=2.0=h1_0\n  - pip:\n      - rich==13.0\n\
         variables:\n  MODE: 'yes'\nprefix: {place}\n"
    );
    assert_eq!(exported(&sandbox, &[]), expected);
    let text = exported(
        &sandbox,
        &["--no-builds", "--ignore-channels", "-c", "extra"],
    );
    assert!(text.starts_with("channels:\n  - extra\ndep"), "{text}");
    assert!(text.contains("  - app=1.0\n  - lib=2.0\n"), "{text}");
    // conda's `--json` without a file is the environment itself.
    let value: serde_json::Value = serde_json::from_str(&exported(&sandbox, &["--json"])).unwrap();
    assert_eq!(value["name"], serde_json::Value::Null);
    assert_eq!(value["channels"], serde_json::json!([url]));
    assert_eq!(value["dependencies"][2]["pip"][0], "rich==13.0");
    assert_eq!(value["variables"]["MODE"], "yes");
    assert_eq!(value["prefix"], place);
}

#[test]
fn channels_of_the_configuration_are_named_last_unless_that_is_overridden() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-n", "named"]).success();
    fs::write(sandbox.home().join(".condarc"), "channels: [mine]\n").unwrap();
    let run = sandbox.larder(&["env", "export", "-n", "named"]).success();
    assert!(
        run.stdout.starts_with("name: named\nchannels:\n  - file:"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("\n  - mine\ndependencies:"),
        "{}",
        run.stdout
    );
    let run = sandbox
        .larder(&["env", "export", "-n", "named", "--override-channels"])
        .success();
    assert!(!run.stdout.contains("mine"), "{}", run.stdout);
}

#[test]
fn from_history_has_what_was_asked_for_in_those_words() {
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - app >=1,<3\n",
    );
    sandbox.larder(&["create", "-p", "env"]).success();
    let text = exported(&sandbox, &["--from-history"]);
    assert!(text.contains("dependencies:\n  - app >=1,<3\n"), "{text}");
    assert!(!text.contains("lib"), "{text}");
    // Specs without a channel could not be solved.
    assert!(text.starts_with("channels:\n  - file:"), "{text}");
    // Nothing in the history: the records know as well.
    fs::write(
        env(&sandbox).join("conda-meta/history"),
        "// made by a tool\n",
    )
    .unwrap();
    assert!(exported(&sandbox, &["--from-history"]).contains("  - app >=1,<3\n"));
}

#[test]
fn every_format_makes_the_same_environment_again() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let packages = |prefix: &str| {
        let arguments = ["list", "-p", prefix, "--canonical"];
        sandbox.larder(&arguments).success().stdout
    };
    for (format, file) in [
        ("environment-yaml", "again.yml"),
        ("environment-json", "again.json.yml"),
        ("explicit", "again.txt"),
        ("conda-lock", "again.conda-lock.yml"),
        ("pixi", "pixi.lock"),
    ] {
        exported(&sandbox, &["--format", format, "-f", file]);
        sandbox
            .larder(&["create", "-p", "again", "-f", file, "--yes", "--no-lock"])
            .success();
        assert_eq!(packages("again"), packages("env"), "{format}");
        sandbox.larder(&["verify", "-p", "again"]).success();
    }
}

#[test]
fn the_name_of_the_file_stands_for_a_format() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let arguments = ["env", "export", "-p", "env", "--json", "-f"];
    for (file, format) in [
        ("environment.yml", "environment-yaml"),
        ("any.yaml", "environment-yaml"),
        ("explicit.txt", "explicit"),
        ("requirements.txt", "requirements"),
        ("conda-lock.yml", "conda-lock"),
    ] {
        let report = json(
            &sandbox
                .larder(&[&arguments[..], &[file]].concat())
                .success(),
        );
        assert_eq!(report["format"], format);
        assert_eq!(report["success"], true);
        assert!(sandbox.path(file).is_file());
    }
    let text = fs::read_to_string(sandbox.path("requirements.txt")).unwrap();
    assert!(text.contains("::app==1.0=0\n"), "{text}");
    let run = sandbox
        .larder(&["env", "export", "-p", "env", "-f", "environment.toml"])
        .fails_with(1);
    assert!(run.stderr.contains("--format"), "{}", run.stderr);
}

#[test]
fn what_a_format_cannot_hold_is_said() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    pip_install(&sandbox, "rich", "13.0");
    let run = sandbox
        .larder(&["env", "export", "-p", "env", "--format", "explicit"])
        .fails_with(1);
    assert!(run.stderr.contains("rich==13.0"), "{}", run.stderr);
    let run = sandbox
        .larder(&["env", "export", "-p", "env", "--format", "conda-lock"])
        .success();
    assert!(run.stderr.contains("rich==13.0"), "{}", run.stderr);
}

#[test]
fn an_export_for_this_subdir_is_of_the_packages_subdir() {
    let sandbox = crate::support::sandbox();
    let native = PackageBuilder::new("native", "1", "0").subdir("linux-64");
    channel(
        &sandbox,
        [conda(native), conda(lib()), conda(program("x", "1"))],
    );
    sandbox
        .larder(&[
            "create",
            "-p",
            "env",
            "-c",
            "./channel",
            "native",
            "lib",
            "--platform",
            "linux-64",
        ])
        .success();
    let text = exported(&sandbox, &["--format", "explicit"]);
    assert!(text.contains("# platform: linux-64\n"), "{text}");
    assert!(text.contains("/linux-64/native-1-0.conda#"), "{text}");
}
