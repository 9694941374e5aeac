//! `larder env config vars`: the variables in `conda-meta/state`.

use std::fs;

use crate::support::{app_and_lib, env, json};

#[test]
fn variables_are_set_listed_seen_and_unset() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    // As conda leaves it: a number, and a key of its own.
    let state = env(&sandbox).join("conda-meta/state");
    fs::write(&state, r#"{"version": 1, "env_vars": {"COUNT": 4}}"#).unwrap();
    let set = ["env", "config", "vars", "set", "-p", "env"];
    let arguments = [&set[..], &["Mode=a = b", "EMPTY="]].concat();
    sandbox.larder(&arguments).success();
    let list = ["env", "config", "vars", "list", "-p", "env"];
    let run = sandbox.larder(&list).success();
    assert_eq!(run.stdout, "COUNT = 4\nMode = a = b\nEMPTY = \n");
    let shown = json(&sandbox.larder(&[&list[..], &["--json"]].concat()).success());
    assert_eq!(shown["Mode"], "a = b");
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "sh", "-c", "echo $Mode-$COUNT"])
        .success();
    assert_eq!(run.stdout, "a = b-4\n");
    let unset = ["env", "config", "vars", "unset", "-p", "env", "Mode"];
    let report = json(
        &sandbox
            .larder(&[&unset[..], &["--json"]].concat())
            .success(),
    );
    assert_eq!(report["variables"]["COUNT"], "4");
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "sh", "-c", "echo ${Mode-none}"])
        .success();
    assert_eq!(run.stdout, "none\n");
    // What shells that have it active need to see, and what conda keeps there.
    let text = fs::read_to_string(&state).unwrap();
    let state: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(state["env_vars"]["Mode"], "***unset***");
    assert_eq!(state["env_vars"]["COUNT"], "4");
    assert_eq!(state["version"], 1);
}

#[test]
fn what_a_package_sets_can_be_unset_on_top_of_it() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox.write("env/etc/conda/env_vars.d/p.json", r#"{"OF_PACKAGE": "1"}"#);
    let run = sandbox
        .larder(&["env", "config", "vars", "unset", "-p", "env", "OF_PACKAGE"])
        .success();
    assert_eq!(run.stdout, "");
    let list = ["env", "config", "vars", "list", "-p", "env", "--json"];
    assert_eq!(
        json(&sandbox.larder(&list).success()),
        serde_json::json!({})
    );
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    for arguments in [
        ["set", "env", "A=1", "no-value"],
        ["set", "env", "A=1", "=x"],
        ["unset", "env", "NEVER", "SET"],
        ["set", "nowhere", "A=1", "B=2"],
    ] {
        let [what, place, first, second] = arguments;
        let arguments = ["env", "config", "vars", what, "-p", place, first, second];
        sandbox.larder(&arguments).fails_with(1);
    }
    fs::write(env(&sandbox).join("conda-meta/frozen"), "").unwrap();
    let set = ["env", "config", "vars", "set", "-p", "env", "A=1"];
    let run = sandbox.larder(&set).fails_with(1);
    assert!(run.stderr.contains("--override-frozen"), "{}", run.stderr);
    assert!(!env(&sandbox).join("conda-meta/state").exists());
    let set = [&set[..], &["--override-frozen"]].concat();
    sandbox.larder(&set).success();
    assert!(env(&sandbox).join("conda-meta/state").exists());
}
