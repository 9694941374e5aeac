//! `larder env remove`: an environment goes, whole.

use std::fs;

use larder_testkit::Run;

use crate::support::{app_and_lib, env, json};

#[test]
fn cep32_39_an_environment_goes_with_everything_in_it_and_its_line_in_the_registry() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    fs::write(env(&sandbox).join("mine"), "").unwrap();
    fs::write(env(&sandbox).join(".condarc"), "channels: []\n").unwrap();
    let registry = sandbox.home().join(".conda/environments.txt");
    let other = "/somewhere/else\n";
    let known = fs::read_to_string(&registry).unwrap();
    fs::write(&registry, format!("{other}{known}")).unwrap();
    let report = json(
        &sandbox
            .larder(&["env", "remove", "-p", "env", "--yes", "--json"])
            .success(),
    );
    assert_eq!(report["success"], true);
    let names: Vec<_> = report["actions"]["UNLINK"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["app", "lib"]);
    assert!(!env(&sandbox).exists());
    assert_eq!(fs::read_to_string(&registry).unwrap(), other);
    let left = fs::read_dir(sandbox.work()).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let left: Vec<_> = left.filter(|name| name.starts_with(".larder")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_dry_run_and_a_missing_yes_remove_nothing() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let run = sandbox
        .larder(&["env", "remove", "-p", "env", "--dry-run"])
        .success();
    assert!(run.stderr.contains("would remove"), "{}", run.stderr);
    let run = sandbox
        .larder(&["env", "remove", "-p", "env"])
        .fails_with(1);
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
    sandbox.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn what_is_no_environment_or_may_not_go_stays() {
    let sandbox = app_and_lib();
    fs::create_dir(sandbox.path("plain")).unwrap();
    fs::write(sandbox.path("plain/file"), "").unwrap();
    sandbox
        .larder(&["env", "remove", "-p", "plain", "--yes"])
        .fails_with(1);
    assert!(sandbox.path("plain/file").exists());

    sandbox.larder(&["create", "-p", "env"]).success();
    fs::write(
        env(&sandbox).join("conda-meta/frozen"),
        r#"{"message": "keep out"}"#,
    )
    .unwrap();
    let run = sandbox
        .larder(&["env", "remove", "-p", "env", "--yes"])
        .fails_with(1);
    assert!(run.stderr.contains("keep out"), "{}", run.stderr);
    for variable in ["CONDA_PREFIX", "MAMBA_ROOT_PREFIX"] {
        let prefix = env(&sandbox);
        let arguments = ["env", "remove", "-p", "env", "--yes", "--override-frozen"];
        Run::of(sandbox.command(&arguments).env(variable, prefix)).fails_with(1);
    }
    sandbox
        .larder(&["env", "remove", "-p", "env", "--yes", "--override-frozen"])
        .success();
    assert!(!env(&sandbox).exists());
    sandbox
        .larder(&["env", "remove", "-n", "base", "--yes"])
        .fails_with(1);
    let run = sandbox.larder(&["env", "remove", "--yes"]).fails_with(1);
    assert!(
        run.stderr.contains("no environment named"),
        "{}",
        run.stderr
    );
}

#[test]
fn cep32_40_what_no_package_owns_is_told_and_nothing_goes_without_a_word() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox.write("env/data/mine.txt", "mine");
    let mut command = sandbox.command(&["env", "remove", "-p", "env"]);
    let run = Run::of(command.stdin(std::process::Stdio::null())).fails_with(1);
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
    assert!(
        run.stderr.contains("1 file that no package owns"),
        "{}",
        run.stderr
    );
    sandbox.larder(&["verify", "-p", "env"]).fails_with(1);
    let arguments = ["env", "remove", "-p", "env", "--dry-run", "--json"];
    let report = json(&sandbox.larder(&arguments).success());
    assert_eq!(report["extra"], serde_json::json!(["data/mine.txt"]));
    assert!(sandbox.path("env/data/mine.txt").exists());
}
