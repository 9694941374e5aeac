//! What is in a prefix that somebody else made: records, history, state, names of files, scripts.

use std::fs;

use larder_testkit::{Run, Sandbox};
use serde_json::{Value, json};

use super::Doors;

const READERS: [&[&str]; 15] = [
    &["list", "-p", "env"],
    &["list", "-p", "env", "--json"],
    &["list", "-p", "env", "--canonical"],
    &["list", "-p", "env", "--export"],
    &["list", "-p", "env", "--explicit"],
    &["list", "-p", "env", "--revisions"],
    &["verify", "-p", "env"],
    &["env", "export", "-p", "env"],
    &["env", "export", "-p", "env", "--json"],
    &["env", "export", "-p", "env", "--from-history"],
    &["env", "config", "vars", "list", "-p", "env"],
    &["env", "list"],
    &["sync", "-p", "env", "--dry-run"],
    &["env", "update", "-p", "env", "--dry-run"],
    &["shell-hook", "-p", "env", "--json"],
];

fn read_by_all(sandbox: &Sandbox) -> Vec<Run> {
    READERS
        .iter()
        .map(|arguments| sandbox.larder(arguments))
        .collect()
}

fn created(sandbox: &Sandbox) {
    sandbox
        .larder(&["create", "-p", "env", "--no-lock"])
        .success();
}

/// Texts of a record in conda-meta.
#[test]
fn records() {
    let mut doors = Doors::default();
    for key in [
        "name",
        "version",
        "build",
        "channel",
        "url",
        "fn",
        "subdir",
        "requested_spec",
        "depends",
        "files",
        "md5",
    ] {
        doors.check(&format!("conda-meta: {key}"), |sandbox, text| {
            created(sandbox);
            let path = sandbox.path("env/conda-meta/app-1.0-0.json");
            let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            record[key] = match key {
                "depends" | "files" => json!([text]),
                _ => json!(text),
            };
            fs::write(&path, record.to_string()).unwrap();
            read_by_all(sandbox)
        });
    }
    doors.all_but_these_speak(&[
        "conda-meta: fn",
        "conda-meta: requested_spec",
        "conda-meta: depends",
        "conda-meta: files",
        "conda-meta: md5",
    ]);
}

/// Other files in a prefix.
#[test]
fn files() {
    let mut doors = Doors::default();
    let places: [(&str, &str); 7] = [
        ("history", "env/conda-meta/history"),
        ("state", "env/conda-meta/state"),
        ("record that is none", "env/conda-meta/bad-1.0-0.json"),
        ("frozen", "env/conda-meta/frozen"),
        ("variables of a package", "env/etc/conda/env_vars.d/p.json"),
        (
            "wheel",
            "env/lib/python3.12/site-packages/w-1.0.dist-info/METADATA",
        ),
        ("condarc", "env/.condarc"),
    ];
    for (place, file) in places {
        doors.check(place, |sandbox, text| {
            created(sandbox);
            let content = match place {
                "history" => format!(
                    "==> 2026-01-01 00:00:00 <==\n# cmd: {text}\n+{text}\n# update specs: [{text:?}]\n"
                ),
                "state" => json!({"version": 1, "env_vars": {text: text, "A": text}}).to_string(),
                "frozen" => json!({"message": text}).to_string(),
                "variables of a package" => json!({"B": text, text: "1"}).to_string(),
                "wheel" => format!("Metadata-Version: 2.1\nName: {text}\nVersion: {text}\n"),
                "condarc" => format!("{}: 1\n", super::quoted(text)),
                _ => format!("{{ {text}"),
            };
            sandbox.write(file, &content);
            let mut runs = read_by_all(sandbox);
            runs.push(sandbox.larder(&["create", "-p", "env", "--yes"]));
            runs
        });
    }
    doors.all_but_these_speak(&["record that is none"]);
}

/// Names of files that nobody installed, and of environments.
#[test]
fn names_of_files() {
    let mut doors = Doors::default();
    doors.check("extra file", |sandbox, text| {
        created(sandbox);
        sandbox.write(&format!("env/bin/{text}"), "x");
        let mut runs = read_by_all(sandbox);
        runs.push(sandbox.larder(&["env", "remove", "-p", "env"]));
        runs
    });
    doors.check("directory of an environment", |sandbox, text| {
        created(sandbox);
        let name = format!("below {text}");
        fs::create_dir_all(sandbox.path(&name)).unwrap();
        fs::rename(sandbox.path("env"), sandbox.path(&name).join("env")).unwrap();
        let prefix = format!("{name}/env");
        let verbs: [&[&str]; 4] = [
            &["list"],
            &["verify"],
            &["env", "export"],
            &["env", "remove", "--yes"],
        ];
        let runs = verbs
            .iter()
            .map(|verb| sandbox.larder(&[verb, &["-p", &prefix][..]].concat()));
        runs.collect()
    });
    doors.all_but_these_speak(&[]);
}

/// What activation scripts print before they fail.
#[test]
fn scripts() {
    let mut doors = Doors::default();
    doors.check("activate.d", |sandbox, text| {
        created(sandbox);
        sandbox.write("text", text);
        let script = format!("cat '{}' >&2\nexit 3\n", sandbox.path("text").display());
        sandbox.write("env/etc/conda/activate.d/a.sh", &script);
        vec![
            sandbox.larder(&["run", "-p", "env", "--", "true"]),
            sandbox.larder(&["shell-hook", "-p", "env", "--json"]),
        ]
    });
    doors.all_but_these_speak(&[]);
}
