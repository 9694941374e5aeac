//! `larder env list`: what conda's registry and the directories for named environments have.

use std::fs;

use larder_testkit::Run;

use crate::support::{app_and_lib, env, json};

#[test]
fn registered_and_named_environments_are_listed_with_their_marks() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox.larder(&["create", "-n", "named"]).success();
    fs::write(env(&sandbox).join("conda-meta/frozen"), "").unwrap();
    // Whoever removed it did not say so; and a directory that is none.
    let registry = sandbox.home().join(".conda/environments.txt");
    let known = fs::read_to_string(&registry).unwrap();
    fs::write(&registry, format!("/gone\n{known}")).unwrap();
    let named = known
        .lines()
        .find(|line| line.ends_with("/named"))
        .unwrap()
        .to_owned();
    fs::create_dir(format!("{named}-not")).unwrap();

    let mut command = sandbox.command(&["env", "list"]);
    let run = Run::of(command.env("CONDA_PREFIX", &named)).success();
    let lines: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(lines.len(), 2, "{}", run.stdout);
    let line = |name: &str, marks: &str, prefix: &str| format!("{name:20} {marks} {prefix}");
    let place = env(&sandbox).display().to_string();
    assert!(lines.contains(&&*line("", "  +", &place)), "{}", run.stdout);
    assert!(
        lines.contains(&&*line("named", "*  ", &named)),
        "{}",
        run.stdout
    );
    // Nothing was tidied up.
    assert!(fs::read_to_string(&registry).unwrap().contains("/gone\n"));

    let report = json(&sandbox.larder(&["env", "list", "--json"]).success());
    assert_eq!(report["envs"].as_array().unwrap().len(), 2);
    let details = &report["envs_details"][&place];
    assert_eq!(details["name"], "");
    assert_eq!(details["frozen"], true);
    assert_eq!(details["active"], false);
    assert_eq!(details["writable"], true);
    assert_eq!(report["envs_details"][&named]["name"], "named");
}

#[test]
fn the_root_of_conda_is_base() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "root"]).success();
    let root = sandbox.path("root");
    let mut command = sandbox.command(&["env", "list", "--json"]);
    let report = json(&Run::of(command.env("CONDA_EXE", root.join("bin/conda"))).success());
    let details = &report["envs_details"][root.display().to_string()];
    assert_eq!(details["name"], "base");
    assert_eq!(details["base"], true);
}

#[test]
fn nobody_has_environments_and_that_is_no_error() {
    let run = app_and_lib().larder(&["env", "list", "--json"]).success();
    assert_eq!(json(&run)["envs"], serde_json::json!([]));
}
