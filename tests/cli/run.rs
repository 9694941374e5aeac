//! `larder run`.

use crate::support::{app_and_lib, channel, conda, program, sandbox};

fn environment() -> larder_testkit::Sandbox {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox
}

#[test]
fn the_exit_code_is_the_commands_own() {
    let sandbox = environment();
    for code in [0, 3, 77] {
        let run = sandbox.larder(&[
            "run",
            "-p",
            "env",
            "--",
            "sh",
            "-c",
            &format!("exit {code}"),
        ]);
        assert_eq!(run.status, code);
    }
}

#[test]
fn an_environment_in_the_middle_of_an_update_is_told_of() {
    let sandbox = environment();
    let commands: [&[&str]; 3] = [
        &["run", "-p", "env", "--", "true"],
        &["list", "-p", "env"],
        &["verify", "-p", "env"],
    ];
    for arguments in commands {
        assert!(!sandbox.larder(arguments).stderr.contains("update"));
    }
    let update = crate::support::env(&sandbox).join("conda-meta/.larder-update");
    std::fs::create_dir(update).unwrap();
    for arguments in commands {
        let run = sandbox.larder(arguments);
        assert!(run.stderr.contains("larder env update"), "{}", run.stderr);
    }
}

#[test]
#[cfg(unix)]
fn a_signal_reaches_the_command_and_the_caller_sees_it() {
    use std::os::unix::process::ExitStatusExt as _;

    let sandbox = environment();
    let status = sandbox
        .command(&["run", "-p", "env", "--", "sh", "-c", "kill -TERM $$"])
        .status()
        .unwrap();
    assert_eq!(status.signal(), Some(15));
}

#[test]
fn arguments_are_passed_on_as_they_are() {
    let sandbox = environment();
    let run = sandbox
        .larder(&[
            "run", "-p", "env", "--", "printf", "%s|", "-x", "--json", "a b", "",
        ])
        .success();
    assert_eq!(run.stdout, "-x|--json|a b||");
}

#[test]
fn a_command_that_is_not_there_names_the_environment() {
    let sandbox = environment();
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "no-such-program"])
        .fails_with(127);
    assert!(
        run.stderr.contains("no-such-program") && run.stderr.contains("env"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_directory_that_is_no_environment_is_refused() {
    let run = app_and_lib()
        .larder(&["run", "-p", "nowhere", "--", "true"])
        .fails_with(1);
    assert!(run.stderr.contains("conda-meta/history"), "{}", run.stderr);
}

#[test]
fn cep34_18_scripts_and_variables_of_packages_are_active() {
    let sandbox = sandbox();
    let package = program("demo", "1.0")
        .file("etc/conda/env_vars.d/demo.json", r#"{"DEMO_VALUE": "v"}"#)
        .file(
            "etc/conda/activate.d/demo.sh",
            "export DEMO_HOME=$CONDA_PREFIX/demo\n",
        )
        .file("etc/conda/deactivate.d/demo.sh", "unset DEMO_HOME\n");
    channel(&sandbox, [conda(package)]);
    sandbox
        .larder(&["create", "-p", "env", "-c", "./channel", "demo"])
        .success();
    let show = "echo $DEMO_VALUE $DEMO_HOME";
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "sh", "-c", show])
        .success();
    assert_eq!(
        run.stdout.trim(),
        format!("v {}/demo", sandbox.path("env").display())
    );

    // An environment that is active outside is left: its scripts and variables are undone.
    sandbox
        .larder(&[
            "create",
            "-p",
            "other",
            "-c",
            "./channel",
            "--yes",
            "demo=1.0",
        ])
        .success();
    std::fs::remove_dir_all(sandbox.path("other/etc")).unwrap();
    let mut command = sandbox.command(&["run", "-p", "other", "--", "sh", "-c", show]);
    command
        .env("CONDA_PREFIX", sandbox.path("env"))
        .env("DEMO_HOME", "x")
        .env("DEMO_VALUE", "x");
    assert_eq!(
        larder_testkit::Run::of(&mut command)
            .success()
            .stdout
            .trim(),
        ""
    );
}

#[test]
fn the_active_environment_is_meant_where_none_is_named() {
    let sandbox = environment();
    let mut command = sandbox.command(&["run", "--", "app"]);
    let run = larder_testkit::Run::of(command.env("CONDA_PREFIX", sandbox.path("env"))).success();
    assert_eq!(run.stdout.trim(), sandbox.path("env").to_str().unwrap());
    let run = sandbox.larder(&["run", "--", "app"]).fails_with(1);
    assert!(run.stderr.contains("none active"), "{}", run.stderr);
}

/// The temporary directory is named in the script that runs a package's activation scripts.
#[cfg(unix)]
#[test]
fn a_temporary_directory_of_any_name_is_never_executed() {
    let sandbox = sandbox();
    let package = larder_testkit::PackageBuilder::new("demo", "1.0", "0")
        .noarch_generic()
        .file("etc/conda/activate.d/demo.sh", "export DEMO=yes\n");
    channel(&sandbox, [conda(package)]);
    sandbox
        .larder(&["create", "-p", "env", "-c", "./channel", "demo"])
        .success();
    for name in [
        "it's",
        "'; touch marker; '",
        "$(touch marker)",
        "`touch marker`",
        "\"; touch marker; \"",
        "a\nb",
        "a b",
        "\\",
        "*?[a]",
        "-c",
    ] {
        let directory = sandbox.path(name);
        std::fs::create_dir_all(&directory).unwrap();
        // As a relative path too: the first word after the shell's name must not be an option.
        for temporary in [directory.as_path(), name.as_ref()] {
            let arguments = ["run", "-p", "env", "--", "/bin/sh", "-c", "echo $DEMO"];
            let mut command = sandbox.command(&arguments);
            let run = larder_testkit::Run::of(command.env("TMPDIR", temporary)).success();
            assert_eq!(run.stdout.trim(), "yes", "{name}");
            let mut command = sandbox.command(&["shell-hook", "-p", "env", "--json"]);
            let run = larder_testkit::Run::of(command.env("TMPDIR", temporary)).success();
            assert!(run.stdout.contains("DEMO"), "{}", run.stdout);
        }
        assert!(!sandbox.path("marker").exists(), "{name}");
    }
}
