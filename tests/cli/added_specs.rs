//! Specs in addition to a file: `-f FILE SPEC...`, what they move against a lock, and who counts them.

use std::fs;

use larder_testkit::{BuiltPackage, Run, Sandbox};
use serde_json::{Value, json as value};

use crate::support::{channel, conda, json, program, sandbox};

/// Packages of a day: the later one has a second `py`, and a `lib` that nobody needs to move to.
fn day(number: u32) -> Vec<BuiltPackage> {
    let ext = |build: &str, py: &str| {
        let mut package = larder_testkit::PackageBuilder::new("ext", "1.0", build);
        package = package.noarch_generic().depends(&format!("py {py}.*"));
        conda(package)
    };
    let mut packages = vec![
        conda(program("py", "3.11.9")),
        conda(program("lib", "1.0")),
        conda(
            program("app", "1.0")
                .depends("py")
                .depends("lib")
                .depends("ext"),
        ),
        conda(program("spare", "1.0")),
        ext("py311_0", "3.11"),
    ];
    if number > 1 {
        packages.push(conda(program("py", "3.12.1").depends("tz")));
        packages.push(conda(program("tz", "2024")));
        packages.push(conda(program("lib", "2.0")));
        packages.push(ext("py312_0", "3.12"));
    }
    packages
}

/// A manifest that is locked with what there was on the first day; it is the second day now.
fn locked() -> Sandbox {
    let sandbox = sandbox();
    channel(&sandbox, day(1));
    sandbox.write(
        "environment.yml",
        "name: work\nchannels: [./channel]\ndependencies: [app]\nvariables: {MODE: fast}\n",
    );
    sandbox.larder(&["lock"]).success();
    channel(&sandbox, day(2));
    sandbox
}

fn create(sandbox: &Sandbox, more: &[&str]) -> Value {
    json(
        &sandbox
            .larder(&[&["create", "-p", "env", "--json"], more].concat())
            .success(),
    )
}

fn dists(report: &Value) -> Vec<&str> {
    let packages = report["actions"]["LINK"].as_array().unwrap();
    let dist = |package: &'static str| move |value: &Value| value[package].is_string();
    assert!(packages.iter().all(dist("dist_name")));
    packages
        .iter()
        .map(|package| package["dist_name"].as_str().unwrap())
        .collect()
}

const MOVED: [&str; 5] = [
    "app-1.0-0",
    "ext-1.0-py312_0",
    "lib-1.0-0",
    "py-3.12.1-0",
    "tz-2024-0",
];

#[test]
fn specs_are_added_to_a_file_that_has_no_lock() {
    let sandbox = locked();
    fs::remove_file(sandbox.path("conda-lock.yml")).unwrap();
    let report = create(&sandbox, &["-f", "environment.yml", "py=3.11", "spare"]);
    assert_eq!(
        dists(&report),
        [
            "app-1.0-0",
            "ext-1.0-py311_0",
            "lib-2.0-0",
            "py-3.11.9-0",
            "spare-1.0-0"
        ]
    );
    assert_eq!(report["lock_changes"], Value::Null);
    let state = fs::read_to_string(sandbox.path("env/conda-meta/state")).unwrap();
    assert!(state.contains("MODE"), "{state}");
    let record = fs::read_to_string(sandbox.path("env/conda-meta/py-3.11.9-0.json")).unwrap();
    assert!(record.contains("py=3.11"), "{record}");
}

#[test]
fn pins_of_the_lock_are_kept_where_added_specs_allow_and_what_moved_is_listed() {
    let sandbox = locked();
    let lock = fs::read(sandbox.path("conda-lock.yml")).unwrap();
    let dry = sandbox
        .larder(&[
            "create",
            "-p",
            "env",
            "-f",
            "environment.yml",
            "py=3.12",
            "--dry-run",
        ])
        .success();
    let made = sandbox
        .larder(&["create", "-p", "env", "-f", "environment.yml", "py=3.12"])
        .success();
    for run in [&dry, &made] {
        let lines: Vec<&str> = run
            .stderr
            .lines()
            .skip_while(|line| !line.contains("differ from"))
            .take(4)
            .map(str::trim)
            .collect();
        assert!(
            lines[0].starts_with("3 packages differ from"),
            "{}",
            run.stderr
        );
        assert_eq!(
            lines[1..],
            [
                "~ ext 1.0 py311_0 -> 1.0 py312_0",
                "~ py 3.11.9 -> 3.12.1",
                "+ tz 2024"
            ]
        );
        assert!(
            !run.stderr.contains("`larder lock` writes"),
            "{}",
            run.stderr
        );
    }
    let report = create(&sandbox, &["--yes", "-f", "environment.yml", "py=3.12"]);
    assert_eq!(dists(&report), MOVED);
    let changes = &report["lock_changes"];
    assert_eq!(changes["path"], value!(sandbox.path("conda-lock.yml")));
    assert_eq!(changes["packages"].as_array().unwrap().len(), 3);
    assert_eq!(changes["packages"][1]["name"], "py");
    assert_eq!(changes["packages"][1]["old"]["version"], "3.11.9");
    assert_eq!(changes["packages"][1]["new"]["version"], "3.12.1");
    assert_eq!(changes["packages"][2]["old"], Value::Null);
    assert_eq!(
        fs::read(sandbox.path("conda-lock.yml")).unwrap(),
        lock,
        "never rewritten"
    );
}

#[test]
fn a_lock_that_meets_added_specs_is_the_answer_without_a_solve() {
    let sandbox = locked();
    fs::remove_dir_all(sandbox.path("channel/noarch")).unwrap();
    channel(&sandbox, day(1));
    sandbox.larder(&["create", "-p", "warm"]).success();
    fs::remove_dir_all(sandbox.path("channel")).unwrap();
    let report = create(&sandbox, &["-f", "environment.yml", "py=3.11", "--offline"]);
    assert_eq!(report["solve"], "lock");
    assert_eq!(report["lock_changes"]["packages"], value!([]));
}

#[test]
fn a_package_that_file_and_command_line_name_has_to_meet_both() {
    let sandbox = locked();
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app, 'py >=3.11']\n",
    );
    sandbox.larder(&["lock"]).success();
    let report = create(&sandbox, &["-f", "environment.yml", "py<3.12"]);
    assert!(dists(&report).contains(&"py-3.11.9-0"), "{report}");
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app, py=3.11]\n",
    );
    let run = sandbox
        .larder(&[
            "create",
            "-p",
            "other",
            "--no-lock",
            "-f",
            "environment.yml",
            "py=3.12",
        ])
        .fails_with(1);
    assert!(
        run.stderr.contains("py=3.11") && run.stderr.contains("py=3.12"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.path("other").exists());
}

#[test]
fn a_stale_lock_is_refused_whatever_is_added_and_frozen_takes_no_specs() {
    let sandbox = locked();
    sandbox
        .larder(&[
            "create",
            "-p",
            "env",
            "--frozen",
            "-f",
            "environment.yml",
            "py=3.12",
        ])
        .fails_with(2);
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app, spare]\n",
    );
    let run = sandbox
        .larder(&["create", "-p", "env", "-f", "environment.yml", "py=3.12"])
        .fails_with(1);
    assert!(
        run.stderr.contains("spare") && run.stderr.contains("stale"),
        "{}",
        run.stderr
    );
    let report = create(&sandbox, &["--no-lock", "-f", "environment.yml", "py=3.12"]);
    assert!(dists(&report).contains(&"lib-2.0-0"), "no pins: {report}");
}

#[test]
fn nothing_is_added_to_a_lock_and_the_error_names_its_manifest() {
    let sandbox = locked();
    let run = sandbox
        .larder(&["create", "-p", "env", "-f", "conda-lock.yml", "py=3.12"])
        .fails_with(1);
    assert!(
        run.stderr.contains("`py=3.12`") && run.stderr.contains("-f environment.yml"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.path("env").exists());
}

#[test]
fn an_answer_with_pins_is_remembered_and_made_again_offline() {
    let sandbox = locked();
    let arguments = ["--yes", "-f", "environment.yml", "py=3.12"];
    assert_eq!(create(&sandbox, &arguments)["solve"], "solved");
    let again = create(&sandbox, &[&arguments[..], &["--offline"]].concat());
    assert_eq!(again["solve"], "memo");
    assert_eq!(dists(&again), MOVED);
    // Another spec is another question.
    let other = create(&sandbox, &["--yes", "-f", "environment.yml", "lib=2"]);
    assert_eq!(other["solve"], "solved");
    assert!(dists(&other).contains(&"lib-2.0-0"), "{other}");
    assert!(dists(&other).contains(&"py-3.11.9-0"), "{other}");
}

#[test]
fn an_update_adds_specs_and_knows_the_same_request_again() {
    let sandbox = locked();
    sandbox.larder(&["create", "-p", "env"]).success();
    let update = |more: &[&str]| {
        let arguments = ["env", "update", "-p", "env", "--json"];
        json(&sandbox.larder(&[&arguments[..], more].concat()).success())
    };
    let report = update(&["-f", "environment.yml", "py=3.12", "spare"]);
    let names: Vec<&Value> = report["lock_changes"]["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["name"])
        .collect();
    assert_eq!(names, ["ext", "py", "spare", "tz"]);
    assert!(sandbox.path("env/conda-meta/py-3.12.1-0.json").exists());
    assert!(sandbox.path("env/conda-meta/lib-1.0-0.json").exists());
    let same = update(&["-f", "environment.yml", "py=3.12", "spare"]);
    assert_eq!(same["solve"], Value::Null, "nothing was looked at: {same}");
    let other = update(&["-f", "environment.yml", "--", "lib=2"]);
    assert_eq!(other["message"], Value::Null, "{other}");
    assert!(sandbox.path("env/conda-meta/lib-2.0-0.json").exists());
    // A word that is a file stays one.
    sandbox.write("spare", "channels: [./channel]\ndependencies: [app]\n");
    let run = sandbox
        .larder(&[
            "env",
            "update",
            "-p",
            "env",
            "-f",
            "environment.yml",
            "nothere.yml",
        ])
        .fails_with(1);
    assert!(run.stderr.contains("nothere.yml"), "{}", run.stderr);
}

#[test]
fn a_step_of_ci_adds_specs_to_its_file_and_counts_them_in_its_key() {
    let sandbox = locked();
    let setup = |spec: &[&str]| {
        let cache = format!("file://{}", sandbox.path("cache").display());
        let arguments = [
            &[
                "ci",
                "setup",
                "--service",
                "none",
                "-p",
                "env",
                "--json",
                "--no-activate",
            ][..],
            &[
                "--state",
                "state.json",
                "--cache-mode",
                "tar",
                "--cache",
                &cache,
            ],
            &["-f", "environment.yml", "--"],
            spec,
        ];
        // A store that is there already is not the step's to restore or save.
        let mut command = sandbox.command(&arguments.concat());
        json(&Run::of(command.env_remove("LARDER_STORE")).success())
    };
    let (one, other) = (setup(&["py=3.12"]), setup(&["py=3.11"]));
    assert_eq!(dists(&one["environment"]), MOVED);
    assert_eq!(
        one["environment"]["lock_changes"]["packages"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(dists(&other["environment"]).len(), 4);
    let key = |report: &Value| report["cache"]["key"].as_str().unwrap().to_owned();
    let near = |report: &Value| key(report).rsplit_once('-').unwrap().0.to_owned();
    assert_ne!(near(&one), near(&other));
}
