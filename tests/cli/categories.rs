//! `--category`: which packages of a lock are wanted, and what is said of the others.

use std::fs;

use larder_testkit::{PackageBuilder, Sandbox};
use serde_json::Value;

use crate::support::{channel, conda, json, program, sandbox};

/// A channel, `environment.yml` of `main`, `dev.yml` and `docs.yml` of other categories: `shared` is needed by dev and
/// docs, `lib` by all of them.
fn manifests() -> Sandbox {
    let sandbox = sandbox();
    let noarch = |name: &str| PackageBuilder::new(name, "1.0", "0").noarch_generic();
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("lib")),
            conda(noarch("lib")),
            conda(noarch("tester").depends("lib").depends("shared")),
            conda(noarch("pages").depends("shared")),
            conda(noarch("shared")),
        ],
    );
    for (file, category, package) in [
        ("environment.yml", "main", "app"),
        ("dev.yml", "dev", "tester"),
        ("docs.yml", "docs", "pages"),
    ] {
        let text = format!(
            "channels: [./channel]\ncategory: {category}\ndependencies: [{package}]\nvariables: {{OF_{category}: here}}\n"
        );
        sandbox.write(file, &text);
    }
    sandbox
}

const FILES: [&str; 6] = ["-f", "environment.yml", "-f", "dev.yml", "-f", "docs.yml"];

/// The three manifests, locked together.
fn locked() -> Sandbox {
    let sandbox = manifests();
    sandbox.larder(&[&["lock"][..], &FILES].concat()).success();
    sandbox
}

fn names(report: &Value) -> Vec<String> {
    let packages = report["actions"]["LINK"].as_array().unwrap();
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    packages.iter().map(name).collect()
}

/// The names of the packages of a dry run, and what it warns of.
fn planned(sandbox: &Sandbox, more: &[&str]) -> (Vec<String>, String) {
    let arguments = ["create", "-p", "env", "--yes", "--dry-run", "--json"];
    let run = sandbox.larder(&[&arguments[..], more].concat()).success();
    (names(&json(&run)), run.stderr)
}

#[test]
fn packages_are_locked_in_the_categories_that_need_them_as_conda_lock_does_it() {
    let sandbox = locked();
    let text = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    let of = |name: &str| -> Vec<&str> {
        let items = text.split("\n- name: ").skip(1);
        let items = items.filter(|item| item.lines().next() == Some(name));
        let category = |item: &&str| item.contains("category: ");
        items
            .filter(category)
            .map(|item| {
                let category = item.split("category: ").nth(1).unwrap();
                category.lines().next().unwrap()
            })
            .collect()
    };
    assert_eq!(of("app"), ["main"]);
    assert_eq!(
        of("lib"),
        ["main"],
        "always installed, so of no other category"
    );
    assert_eq!(of("tester"), ["dev"]);
    assert_eq!(of("shared"), ["dev", "docs"], "an entry for each");
    assert!(text.contains("optional: true") && text.contains("optional: false"));
    let check = [&["lock", "--check"][..], &FILES].concat();
    sandbox.larder(&check).success();
    sandbox.larder(&[&["lock"][..], &FILES].concat()).success();
    assert_eq!(
        fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap(),
        text
    );
}

#[test]
fn a_lock_alone_gives_main_and_says_what_it_leaves_out() {
    let sandbox = locked();
    let (found, said) = planned(&sandbox, &["-f", "conda-lock.yml"]);
    assert_eq!(found, ["app", "lib"]);
    let line = said.lines().find(|line| line.contains("left out")).unwrap();
    assert!(
        line.contains("4 packages of the categories `dev`, `docs`")
            && line.contains("`--category dev --category docs --category main`"),
        "{said}"
    );
    let (found, said) = planned(
        &sandbox,
        &[
            "-f",
            "conda-lock.yml",
            "--category",
            "main",
            "--category",
            "dev",
        ],
    );
    assert_eq!(found, ["app", "lib", "shared", "tester"]);
    assert!(!said.contains("left out"), "it was asked for: {said}");
    let (found, _) = planned(&sandbox, &["-f", "conda-lock.yml", "--category", "docs"]);
    assert_eq!(
        found,
        ["pages", "shared"],
        "main is not implied, as with micromamba"
    );
}

#[test]
fn a_category_that_needs_packages_of_main_says_so() {
    let sandbox = locked();
    let run = sandbox
        .larder(&[
            "create",
            "-p",
            "env",
            "-f",
            "conda-lock.yml",
            "--category",
            "dev",
        ])
        .fails_with(1);
    assert!(
        run.stderr.contains("tester-1.0-0 needs `lib`") && run.stderr.contains("--category main"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_unknown_category_is_an_error_that_names_those_that_there_are() {
    let sandbox = locked();
    for arguments in [
        &["create", "-p", "env", "-f", "conda-lock.yml"][..],
        &[
            "create",
            "-p",
            "env",
            "-f",
            "environment.yml",
            "-f",
            "dev.yml",
            "-f",
            "docs.yml",
        ],
        &["sync", "-p", "env", "-f", "conda-lock.yml"],
        &["env", "update", "-p", "env", "-f", "conda-lock.yml"],
        &["env", "create", "-p", "env", "-f", "conda-lock.yml"],
        &["export", "--format", "pixi"],
        &["pack", "-f", "conda-lock.yml"],
        &[
            "ci",
            "setup",
            "--service",
            "none",
            "-p",
            "env",
            "-f",
            "conda-lock.yml",
        ],
    ] {
        let run = sandbox
            .larder(&[arguments, &["--category", "devv"]].concat())
            .fails_with(1);
        assert!(
            run.stderr
                .contains("no category `devv`, only `dev`, `docs`, `main`"),
            "{arguments:?}: {}",
            run.stderr
        );
    }
    assert!(!sandbox.path("env").exists());
}

#[test]
fn manifests_count_with_all_that_is_named_or_with_the_categories_that_are_asked_for() {
    let sandbox = locked();
    let (found, _) = planned(&sandbox, &FILES);
    assert_eq!(found, ["app", "lib", "pages", "shared", "tester"]);
    for more in [&[][..], &["--no-lock"], &["--frozen"]] {
        let arguments = [
            &FILES[..],
            &["--category", "main", "--category", "docs"],
            more,
        ]
        .concat();
        let (found, _) = planned(&sandbox, &arguments);
        assert_eq!(found, ["app", "lib", "pages", "shared"], "{more:?}");
    }
    let arguments = ["create", "-p", "env", "--category", "main"];
    sandbox.larder(&[&arguments[..], &FILES].concat()).success();
    let state = fs::read_to_string(sandbox.path("env/conda-meta/state")).unwrap();
    assert!(
        state.contains("OF_MAIN") || state.contains("OF_main"),
        "{state}"
    );
    assert!(
        !state.contains("OF_dev") && !state.contains("OF_DEV"),
        "{state}"
    );
    // One of the manifests, and the lock of all.
    let (found, said) = planned(&sandbox, &["-f", "environment.yml"]);
    assert_eq!(found, ["app", "lib"]);
    assert!(said.contains("left out"), "{said}");
}

#[test]
fn an_environment_is_another_one_with_other_categories() {
    let sandbox = locked();
    let update = |categories: &[&str]| {
        let arguments = [
            "env",
            "update",
            "-p",
            "env",
            "--prune",
            "--json",
            "-f",
            "conda-lock.yml",
        ];
        json(
            &sandbox
                .larder(&[&arguments[..], categories].concat())
                .success(),
        )
    };
    let all = ["--category", "main", "--category", "dev"];
    update(&all);
    assert!(sandbox.path("env/conda-meta/tester-1.0-0.json").exists());
    assert_eq!(update(&all)["solve"], Value::Null, "known without a look");
    update(&["--category", "main"]);
    assert!(!sandbox.path("env/conda-meta/tester-1.0-0.json").exists());
    let sync = ["sync", "-p", "env", "-f", "conda-lock.yml"];
    sandbox.larder(&[&sync[..], &all].concat()).success();
    assert!(sandbox.path("env/conda-meta/tester-1.0-0.json").exists());
    let run = sandbox.larder(&sync).success();
    assert!(run.stderr.contains("left out"), "{}", run.stderr);
    assert!(!sandbox.path("env/conda-meta/tester-1.0-0.json").exists());
}

#[test]
fn export_and_pack_take_categories_and_keep_what_a_format_can_say() {
    let sandbox = locked();
    let export = |more: &[&str]| sandbox.larder(&[&["export"][..], more].concat()).success();
    let main = export(&["--format", "explicit"]);
    assert!(
        !main.stdout.contains("tester") && main.stderr.contains("left out"),
        "{}",
        main.stderr
    );
    let dev = export(&[
        "--format",
        "explicit",
        "--category",
        "main",
        "--category",
        "dev",
    ]);
    assert!(
        dev.stdout.contains("tester") && !dev.stdout.contains("pages"),
        "{}",
        dev.stdout
    );
    let lock = export(&["--format", "conda-lock"]).stdout;
    assert!(lock.contains("category: docs"), "all of them: {lock}");
    let lock = export(&[
        "--format",
        "conda-lock",
        "--category",
        "main",
        "--category",
        "dev",
    ])
    .stdout;
    assert!(
        lock.contains("category: dev") && !lock.contains("category: docs"),
        "{lock}"
    );
    let pack = |output: &str, more: &[&str]| {
        let arguments = ["pack", "-f", "conda-lock.yml", "-o", output];
        sandbox.larder(&[&arguments[..], more].concat()).success()
    };
    let run = pack("main.tar", &[]);
    assert!(run.stderr.contains("left out"), "{}", run.stderr);
    pack("dev.tar", &["--category", "main", "--category", "dev"]);
    let unpack = ["unpack", "dev.tar", "-p", "env", "--lock", "conda-lock.yml"];
    let run = sandbox.larder(&unpack).fails_with(4);
    assert!(run.stderr.contains("tester"), "{}", run.stderr);
    let chosen = ["--category", "main", "--category", "dev"];
    sandbox.larder(&[&unpack[..], &chosen].concat()).success();
    assert!(sandbox.path("env/conda-meta/tester-1.0-0.json").exists());
    assert!(!sandbox.path("env/conda-meta/pages-1.0-0.json").exists());
}

#[test]
fn an_edited_category_makes_a_lock_stale() {
    let sandbox = locked();
    let text = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    let at = text.find("\n- name: app").unwrap();
    let (before, item) = text.split_at(at);
    let edited = format!(
        "{before}{}",
        item.replacen("category: main", "category: dev", 1)
    );
    sandbox.write("conda-lock.yml", &edited);
    let check = [&["lock", "--check"][..], &FILES].concat();
    let run = sandbox.larder(&check).fails_with(1);
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(
        said.contains("app is locked in the category dev, and is of main"),
        "{said}"
    );
}

#[test]
fn a_step_of_ci_takes_categories() {
    let sandbox = locked();
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
            "-f",
            "conda-lock.yml",
            "--category",
            "main",
        ],
        &["--category", "dev", "--", "--copy"],
    ];
    let report = json(&sandbox.larder(&arguments.concat()).success());
    assert_eq!(
        names(&report["environment"]),
        ["app", "lib", "shared", "tester"]
    );
}

#[test]
#[cfg(unix)]
fn wheels_are_of_the_categories_whose_pip_sections_need_them() {
    let Some(world) = crate::pip::world() else {
        return;
    };
    let links = format!("--find-links={}/links.html", world.server.url());
    let manifest = |name: &str, category: &str, line: &str| {
        world.sandbox.write(
            name,
            &format!(
                "channels: [./channel]\ncategory: {category}\ndependencies:\n  - python\n  - pip\n  - six\n  - pip:\n    - --no-index\n    - {links}\n    - {line}\n"
            ),
        );
    };
    manifest("environment.yml", "main", "dull");
    manifest("dev.yml", "dev", "pretty");
    let files = ["-f", "environment.yml", "-f", "dev.yml"];
    let larder = |arguments: &[&str]| world.larder(&[arguments, &files].concat()).success();
    larder(&["lock"]);
    larder(&["lock", "--check"]);
    let lock = world.lock();
    let item = |name: &str| lock.split(&format!("\n- name: {name}\n")).nth(1).unwrap();
    assert!(
        item("pretty")
            .split("\n- name")
            .next()
            .unwrap()
            .contains("category: dev")
    );
    assert!(
        item("dull")
            .split("\n- name")
            .next()
            .unwrap()
            .contains("category: main")
    );
    let main = json(&larder(&[
        "create",
        "-p",
        "main",
        "--category",
        "main",
        "--json",
    ]));
    assert_eq!(
        (&main["solve"], &main["pip_packages"]),
        (&"lock".into(), &1.into())
    );
    let all = json(&larder(&["create", "-p", "all", "--json"]));
    assert_eq!(all["pip_packages"], 2);
}
