//! The inputs, one by one, as the binary reads them.

use std::path::Path;

use larder_testkit::{Run, Sandbox};

use super::runner::Job;
use crate::support::{app_and_lib, json};

fn setup(job: &Job<'_>, more: &[&str]) -> Run {
    let larder = Path::new(env!("CARGO_BIN_EXE_larder"));
    job.step(larder, &[&["ci", "setup"], more].concat())
}

fn job<'a>(sandbox: &'a Sandbox, inputs: &[(&str, &str)]) -> Job<'a> {
    let inputs = [&[("cache", "false")], inputs].concat();
    Job::new(sandbox, "m").inputs(&inputs)
}

#[test]
fn name_path_file_and_arguments_say_what_is_made_and_where() {
    let sandbox = app_and_lib();
    sandbox.write(
        "other.yml",
        "name: other\nchannels: [./channel]\ndependencies: [lib]\n",
    );
    let path = |job: &Job<'_>| job.outputs()["environment-path"].clone();
    let named = job(
        &sandbox,
        &[("environment-file", "other.yml"), ("environment-name", "x")],
    );
    setup(&named, &[]).success();
    assert!(path(&named).ends_with("/x"), "{}", path(&named));
    let sandbox = app_and_lib();
    let at = job(
        &sandbox,
        &[
            ("environment-path", "env"),
            ("create-args", "-c ./channel\n  'lib >=2'"),
        ],
    );
    setup(&at, &[]).success();
    assert_eq!(path(&at), sandbox.path("env").display().to_string());
    let list = sandbox.larder(&["list", "-p", "env", "--json"]).success();
    assert!(
        list.stdout.contains("lib") && !list.stdout.contains("\"app\""),
        "{}",
        list.stdout
    );
    setup(&at, &[]).success();
}

#[test]
fn options_win_over_inputs() {
    let sandbox = app_and_lib();
    let job = job(&sandbox, &[("environment-name", "x"), ("activate", "true")]);
    setup(&job, &["-p", "here", "--no-activate"]).success();
    let here = sandbox.path("here").display().to_string();
    assert_eq!(job.outputs()["environment-path"], here);
    assert_eq!(job.file("env"), "");
}

#[test]
fn nothing_asked_for_is_no_failure() {
    let sandbox = app_and_lib();
    std::fs::remove_file(sandbox.path("environment.yml")).unwrap();
    let job = job(&sandbox, &[]);
    setup(&job, &[]).success();
    assert_eq!(job.outputs().keys().collect::<Vec<_>>(), ["seconds"]);
    assert!(job.file("summary").contains("none was asked for"));
}

#[test]
fn inputs_that_make_no_sense_are_named() {
    let sandbox = app_and_lib();
    for (name, value, code) in [
        ("activate", "yes", 1),
        ("post-cleanup", "some", 1),
        ("cache-mode", "zip", 1),
        ("cache-key", "a,b", 1),
        ("create-args", "--no-such-flag", 2),
    ] {
        let cache = if name == "cache-key" {
            "remote"
        } else {
            "false"
        };
        let job = Job::new(&sandbox, "m").inputs(&[
            ("cache", cache),
            ("cache-mode", "tar"),
            (name, value),
        ]);
        let run = setup(&job, &[]).fails_with(code);
        assert!(run.stderr.contains(value), "{name}: {}", run.stderr);
    }
}

#[test]
fn a_condarc_holds_for_the_environment_and_for_later_steps() {
    let sandbox = app_and_lib();
    sandbox.write("environment.yml", "name: w\ndependencies: [app]\n");
    let text = format!("channels: ['{}']\n", sandbox.path("channel").display());
    let job = job(&sandbox, &[("condarc", &text)]);
    setup(&job, &[]).success();
    let job = job.after();
    assert!(job.variables["CONDARC"].ends_with("condarc.yml"));
    let larder = Path::new(env!("CARGO_BIN_EXE_larder"));
    let shown = job.step(larder, &["config", "channels"]).success();
    assert!(shown.stdout.contains("/channel"), "{}", shown.stdout);
}

#[cfg(unix)]
#[test]
fn a_run_shell_runs_scripts_in_the_environment() {
    let sandbox = app_and_lib();
    let job = job(
        &sandbox,
        &[("activate", "false"), ("generate-run-shell", "true")],
    );
    setup(&job, &[]).success();
    let environment = job.outputs()["environment-path"].clone();
    let script = sandbox.write("step.sh", "app\nfalse\necho not reached\n");
    let job = job.after();
    let line = format!("larder-shell {}", script.display());
    let run = job.step(Path::new("/bin/sh"), &["-c", &line]);
    assert_eq!((run.status, run.stdout), (1, format!("{environment}\n")));
}

#[test]
fn post_cleanup_removes_the_environment_or_all() {
    let larder = Path::new(env!("CARGO_BIN_EXE_larder"));
    for (what, is_there, is_kept) in [
        ("none", true, true),
        ("shell-init", true, true),
        ("environment", false, true),
        ("all", false, false),
    ] {
        let sandbox = app_and_lib();
        let remote = sandbox.path("remote").display().to_string();
        let job = Job::new(&sandbox, "m").inputs(&[("cache", &remote), ("post-cleanup", what)]);
        setup(&job, &[]).success();
        let environment = job.outputs()["environment-path"].clone();
        let job = job.after();
        job.step(larder, &["ci", "finish"]).success();
        assert_eq!(Path::new(&environment).exists(), is_there, "{what}");
        assert_eq!(job.machine.join("temp/larder").exists(), is_kept, "{what}");
        assert!(
            sandbox.path("remote").exists(),
            "{what}: it is saved before"
        );
    }
}

#[test]
fn json_is_one_document_with_the_outputs() {
    let sandbox = app_and_lib();
    let job = job(&sandbox, &[]);
    let document = json(&setup(&job, &["--json"]).success());
    assert_eq!(document["success"], true);
    assert_eq!(document["outputs"]["solve"], "true");
    assert_eq!(
        document["environment"]["actions"]["LINK"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert!(document["cache"].is_null());
    let azure = setup(&job, &["--json", "--service", "azure"]).success();
    let document = json(&azure);
    assert_eq!(document["outputs"]["bytes-fetched"], "0");
    assert!(
        azure.stderr.contains("##vso[task.prependpath]"),
        "{}",
        azure.stderr
    );
}

#[test]
fn a_file_that_is_not_there_is_named_with_where_it_was_looked_for() {
    let sandbox = app_and_lib();
    let file = sandbox.path("nothere.yml");
    let named = format!("there is no file `{}`", file.display());
    for arguments in [
        &["ci", "setup", "-f", "nothere.yml"][..],
        &["create", "-p", "env", "-f", "./nothere.yml"],
    ] {
        let run = sandbox.larder(arguments).fails_with(1);
        assert!(run.stderr.contains(&named), "{}", run.stderr);
    }
}

#[test]
fn finish_without_setup_says_what_is_missing() {
    let sandbox = app_and_lib();
    let run = sandbox.larder(&["ci", "finish"]).fails_with(1);
    assert!(run.stderr.contains("larder ci setup"), "{}", run.stderr);
}

#[test]
fn a_store_that_outlives_the_job_is_neither_replaced_nor_saved() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let store = sandbox.store().display().to_string();
    let remote = sandbox.path("remote").display().to_string();
    let job = Job::new(&sandbox, "m")
        .inputs(&[("cache", &remote), ("cache-mode", "tar")])
        .with("LARDER_STORE", &store);
    let run = setup(&job, &[]).success();
    assert!(run.stderr.contains("is a store already"), "{}", run.stderr);
    assert_eq!(job.outputs()["bytes-fetched"], "0");
    let larder = Path::new(env!("CARGO_BIN_EXE_larder"));
    job.after().step(larder, &["ci", "finish"]).success();
    assert!(!Path::new(&remote).exists());
    let fresh = sandbox.path("fresh").display().to_string();
    let job = Job::new(&sandbox, "n")
        .inputs(&[("cache", &remote), ("cache-mode", "tar")])
        .with("LARDER_STORE", &fresh);
    setup(&job, &[]).success();
    job.after().step(larder, &["ci", "finish"]).success();
    assert!(Path::new(&remote).exists() && Path::new(&fresh).exists());
}

/// `run: larder ci setup` and later `run: larder ci finish`: the runner hands no state from one to the other.
#[test]
fn finish_is_a_step_of_its_own() {
    let sandbox = app_and_lib();
    let remote = sandbox.path("remote").display().to_string();
    let larder = Path::new(env!("CARGO_BIN_EXE_larder"));
    let inputs = [("cache", &remote[..]), ("cache-mode", "tar")];
    let job = Job::new(&sandbox, "m").inputs(&inputs);
    job.step(larder, &["ci", "finish"]).fails_with(1);
    setup(&job, &["-n", "one"]).success();
    setup(&job, &["-n", "two"]).success();
    let run = job.step(larder, &["ci", "finish"]).success();
    assert!(run.stderr.contains("larder: saved"), "{}", run.stderr);
    // Once more, and as the post step of an action: nothing is saved twice.
    for job in [job.after()] {
        for _ in 0..2 {
            let run = job.step(larder, &["ci", "finish"]).success();
            assert!(run.stderr.contains("nothing to save"), "{}", run.stderr);
        }
    }
}

#[test]
fn a_cache_that_is_a_directory_of_this_machine_is_said_to_be_one() {
    let sandbox = app_and_lib();
    let job = Job::new(&sandbox, "m").inputs(&[("cache", "true")]);
    let run = setup(&job, &[]).success();
    assert!(
        run.stderr.contains("of this machine") && run.stderr.contains("ACTIONS_RESULTS_URL"),
        "{}",
        run.stderr
    );
}

/// A machine that outlives its jobs has environments of people.
#[test]
fn an_environment_that_no_step_made_is_not_replaced_by_its_name() {
    let sandbox = app_and_lib();
    let job = job(&sandbox, &[]);
    let larder = Path::new(env!("CARGO_BIN_EXE_larder"));
    let named = ["create", "-n", "work", "-c", "./channel", "lib"];
    job.step(larder, &named).success();
    let list = |what: &str| {
        let list = job
            .step(larder, &["list", "-n", "work", "--json"])
            .success();
        list.stdout.contains(what)
    };
    let run = setup(&job, &[]).fails_with(1);
    assert!(run.stderr.contains("create-args"), "{}", run.stderr);
    assert!(!list("\"app\""));
    // By a `prefix:` of the manifest neither.
    let prefix = job.machine.join("home/theirs");
    let theirs = prefix.display().to_string();
    job.step(larder, &["create", "-p", &theirs, "-c", "./channel", "lib"])
        .success();
    let manifest = format!("prefix: {theirs}\nchannels: [./channel]\ndependencies: [app]\n");
    sandbox.write("pull-request.yml", &manifest);
    setup(&job, &["-f", "pull-request.yml"]).fails_with(1);
    assert!(!prefix.join("bin/app").exists());
    // Being told, and what steps made themselves.
    setup(&job, &["--", "--yes"]).success();
    assert!(list("\"app\""));
    setup(&job, &[]).success();
}

/// The matrix idiom of setup-micromamba's users, and its shorter form.
#[test]
fn specs_and_a_python_are_added_to_what_the_file_asks_for() {
    use larder_testkit::PackageBuilder;

    use crate::support::{channel, conda, lib, program};

    let sandbox = app_and_lib();
    let python =
        |version: &str| conda(PackageBuilder::new("python", version, "0").noarch_generic());
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("python")),
            conda(lib()),
            python("3.10.2"),
            python("3.11.5"),
            python("3.12.1"),
        ],
    );
    let packages = |job: &Job<'_>| {
        let path = job.outputs()["environment-path"].clone();
        let list = job
            .sandbox
            .larder(&["list", "-p", &path, "--json"])
            .success();
        let mut names: Vec<String> = json(&list)
            .as_array()
            .unwrap()
            .iter()
            .map(|package| package["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    for (inputs, version) in [
        (
            &[
                ("environment-file", "environment.yml"),
                ("create-args", "python=3.11 lib"),
            ][..],
            "3.11.5",
        ),
        (
            &[
                ("python-version", "3.10"),
                ("environment-file", "environment.yml"),
                ("create-args", "lib"),
            ],
            "3.10.2",
        ),
        (
            &[
                ("python-version", "3.11.*"),
                ("create-args", "-c ./channel app lib"),
            ],
            "3.11.5",
        ),
    ] {
        let job = job(&sandbox, inputs);
        setup(&job, &["-p", "env"]).success();
        assert_eq!(job.outputs()["python-version"], version, "{inputs:?}");
        assert_eq!(packages(&job), ["app", "lib", "python"], "{inputs:?}");
        std::fs::remove_dir_all(&job.machine).unwrap();
    }
    // The default file counts with it, and the options of the templates may be empty.
    let job = job(&sandbox, &[]);
    let options = ["-p", "env", "--python-version", "3.10", "--category", ""];
    setup(&job, &options).success();
    assert_eq!(job.outputs()["python-version"], "3.10.2");
    assert_eq!(packages(&job), ["app", "python"]);
    setup(&job, &["-p", "env", "--python-version", ""]).success();
    assert_eq!(job.outputs()["python-version"], "3.12.1");
}

#[test]
fn a_python_version_that_is_none_is_refused() {
    let sandbox = app_and_lib();
    for (text, expected) in [
        ("3.1", "in quotes"),
        ("three", "3.12"),
        (">=3.10", "3.12"),
        ("3.12 evil", "3.12"),
        ("3.", "3.12"),
        ("3.12.1.0", "3.12"),
    ] {
        let job = job(&sandbox, &[("python-version", text)]);
        let run = setup(&job, &[]).fails_with(1);
        let named = format!("the input `python-version` is `{text}`");
        assert!(run.stderr.contains(&named), "{}", run.stderr);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}

/// Other packages, another entry of the cache.
#[test]
fn a_python_version_is_part_of_the_key() {
    use larder_testkit::PackageBuilder;

    use crate::support::{channel, conda, program};

    let sandbox = app_and_lib();
    let python = PackageBuilder::new("python", "3.12.1", "0").noarch_generic();
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("python")),
            conda(python),
        ],
    );
    let near = |version: &str, name: &str| {
        let remote = sandbox.path("remote").display().to_string();
        let inputs = [
            ("cache", &remote[..]),
            ("cache-mode", "tar"),
            ("python-version", version),
        ];
        let job = Job::new(&sandbox, name).inputs(&inputs);
        setup(&job, &[]).success();
        let key = job.outputs()["cache-primary-key"].clone();
        key.rsplit_once('-').unwrap().0.to_owned()
    };
    let plain = near("", "one");
    assert_eq!(near(" ", "two"), plain);
    assert_ne!(near("3.12", "three"), plain);
}

/// Each name is an option of `larder create`, and no other argument.
#[test]
fn categories_are_handed_to_create() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    for text in ["main", " main,\nmain ", ""] {
        let job = job(&sandbox, &[("category", text), ("environment-path", "env")]);
        let run = setup(&job, &[]);
        run.success();
    }
}

#[test]
fn the_status_of_the_job_is_that_of_the_option_or_the_service() {
    let larder = Path::new(env!("CARGO_BIN_EXE_larder"));
    for (service, variable, value, option, is_saved) in [
        ("github", "INPUT_JOB-STATUS", "success", "", true),
        ("github", "INPUT_JOB-STATUS", "failure", "", false),
        ("azure", "AGENT_JOBSTATUS", "SucceededWithIssues", "", true),
        ("azure", "AGENT_JOBSTATUS", "Failed", "", false),
        ("azure", "AGENT_JOBSTATUS", "Canceled", "", false),
        ("gitlab", "CI_JOB_STATUS", "running", "", true),
        ("gitlab", "CI_JOB_STATUS", "failed", "", false),
        ("none", "X", "", "failure", false),
        ("none", "X", "", "success", true),
        ("github", "INPUT_JOB-STATUS", "success", "cancelled", false),
    ] {
        let sandbox = app_and_lib();
        let remote = sandbox.path("remote").display().to_string();
        let job = Job::new(&sandbox, "m").inputs(&[]).with(variable, value);
        let state = sandbox.path("state.json").display().to_string();
        let common = ["--service", service, "--state", &state];
        let begin = ["ci", "setup", "--cache", &remote, "--no-activate"];
        job.step(larder, &[&begin[..], &common].concat()).success();
        let mut end = [&["ci", "finish", "--json"][..], &common].concat();
        end.extend(
            (!option.is_empty())
                .then_some(["--job-status", option])
                .iter()
                .flatten(),
        );
        let report = json(&job.step(larder, &end).success());
        assert_eq!(
            report["job_succeeded"], is_saved,
            "{service} {value} {option}"
        );
        assert_eq!(
            Path::new(&remote).exists(),
            is_saved,
            "{service} {value} {option}"
        );
    }
}
