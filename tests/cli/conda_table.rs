//! `CONDA.md`: every case of the field study has a row, and every row a test that exists.

use std::{fs, path::Path};

use crate::support::{sandbox, shared};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn table() -> String {
    fs::read_to_string(root().join("crates/larder-cli/CONDA.md")).unwrap()
}

/// Every Rust source below a directory, as one text.
fn sources(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let mut text = String::new();
    sources(&root().join("tests"), &mut text);
    sources(&root().join("crates"), &mut text);
    let table = table();
    let before_flags = table.split("<!-- flags -->").next().unwrap();
    let words = before_flags.split('`');
    let is_test = |word: &&str| {
        word.matches('_').count() > 3 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let names: Vec<&str> = words.filter(is_test).collect();
    assert!(names.len() > 35, "{}", names.len());
    for name in names {
        assert!(text.contains(&format!("fn {name}(")), "{name}");
    }
}

#[test]
fn every_case_of_the_field_study_has_a_row() {
    let Some(shared) = shared() else { return };
    let Ok(field) = fs::read_to_string(shared.join("FIELD.md")) else {
        return;
    };
    let begin = field.find("## C. Behaviours").unwrap();
    let rows = field[begin..]
        .lines()
        .skip_while(|line| !line.starts_with("|---"));
    let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
    let table = table();
    let mut count = 0;
    for row in rows {
        let case = row.split('|').nth(1).unwrap().trim();
        assert!(table.contains(&format!("| {case} |")), "{case}");
        count += 1;
    }
    assert!(count >= 17, "{count}");
}

/// Names in backticks in one cell of a row.
fn quoted(row: &str, cell: usize) -> Vec<&str> {
    let cell = row.split('|').nth(cell).unwrap();
    cell.split('`').skip(1).step_by(2).collect()
}

/// The rows between two marks of the page.
fn rows<'page>(page: &'page str, name: &str) -> Vec<&'page str> {
    let begin = page.find(&format!("<!-- {name} -->")).unwrap();
    let end = page.find(&format!("<!-- end of {name} -->")).unwrap();
    let rows = page[begin..end].lines();
    rows.filter(|row| row.starts_with("| `")).collect()
}

#[test]
fn a_refused_flag_of_condas_is_answered_with_what_to_use() {
    let sandbox = sandbox();
    let page = table();
    let mut count = 0;
    for name in ["flags", "flags of micromamba"] {
        for row in rows(&page, name) {
            if row.split('|').nth(3).unwrap().trim() != "refused" {
                continue;
            }
            for command in quoted(row, 1) {
                for flag in quoted(row, 2) {
                    let arguments: Vec<&str> = command.split(' ').chain([flag]).collect();
                    let run = sandbox.larder(&arguments).fails_with(2);
                    assert!(run.stderr.contains(flag), "{arguments:?}: {}", run.stderr);
                    assert!(
                        run.stderr.contains("  help: "),
                        "{arguments:?}: {}",
                        run.stderr
                    );
                    assert!(
                        !run.stderr.contains("  tip: "),
                        "{arguments:?}: {}",
                        run.stderr
                    );
                    count += 1;
                }
            }
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn an_accepted_flag_of_micromambas_is_explained_and_changes_nothing() {
    let sandbox = sandbox();
    sandbox.write(
        "environment.yml",
        "name: x\nchannels: []\ndependencies: []\n",
    );
    let plain = sandbox.larder(&["env", "create", "-d"]).success();
    let flags = [
        "--log-level",
        "debug",
        "--safety-checks",
        "disabled",
        "--use-uv",
        "--use-uv",
    ];
    let run = sandbox
        .larder(&[&["env", "create", "-d"], &flags[..]].concat())
        .success();
    assert_eq!(plain.stdout, run.stdout);
    for flag in ["--log-level: ", "--safety-checks: ", "--use-uv: "] {
        assert!(run.stderr.contains(flag), "{}", run.stderr);
    }
}

#[test]
fn a_command_of_condas_that_is_missing_is_answered_with_what_to_use() {
    let sandbox = sandbox();
    let page = table();
    for row in rows(&page, "commands") {
        for command in quoted(row, 1) {
            let run = sandbox.larder(&[command, "-n", "x"]).fails_with(2);
            assert!(run.stderr.contains("  help: "), "{command}: {}", run.stderr);
        }
    }
}

#[test]
fn a_flag_before_the_command_of_run_is_never_the_program() {
    let run = sandbox().larder(&["run", "--dev", "python"]).fails_with(2);
    assert!(run.stderr.contains("'--dev'"), "{}", run.stderr);
    assert!(run.stderr.contains("  help: "), "{}", run.stderr);
}

#[test]
fn the_table_of_keys_is_what_the_program_says() {
    let text = sandbox()
        .larder(&["config", "--describe", "--json"])
        .success()
        .stdout;
    let keys: serde_json::Value = serde_json::from_str(&text).unwrap();
    let word = |key: &serde_json::Value, name: &str| key[name].as_str().unwrap().to_owned();
    let expected: Vec<String> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| {
            let names = key["aliases"].as_array().unwrap().iter();
            let aliases = names.map(|name| format!(", `{}`", name.as_str().unwrap()));
            let text = word(key, "text").replace('|', "\\|");
            let (name, treatment) = (word(key, "key"), word(key, "treatment"));
            format!(
                "| `{name}`{} | {treatment} | {text} |",
                aliases.collect::<String>()
            )
        })
        .collect();
    let page = table();
    let found = rows(&page, "keys");
    for row in &expected {
        assert!(
            found.contains(&row.as_str()),
            "CONDA.md lacks this row (`ci/suites keys --write`): {row}"
        );
    }
    assert_eq!(
        found.len(),
        expected.len(),
        "`ci/suites keys --write` writes the table"
    );
}

#[test]
fn of_quiet_and_verbose_the_later_one_counts() {
    let sandbox = sandbox();
    sandbox.write(
        "environment.yml",
        "name: x\nchannels: []\ndependencies: []\n",
    );
    // As conda-lock calls micromamba.
    sandbox
        .larder(&[
            "create",
            "--quiet",
            "--file",
            "environment.yml",
            "-d",
            "-p",
            "x",
            "-v",
        ])
        .success();
    let quiet = sandbox
        .larder(&["env", "create", "-d", "-v", "-q"])
        .success();
    assert!(!quiet.stderr.contains("note:"), "{}", quiet.stderr);
}

#[test]
fn an_option_may_be_given_twice_and_the_last_one_counts() {
    let sandbox = sandbox();
    sandbox.write(
        "environment.yml",
        "name: x\nchannels: []\ndependencies: []\n",
    );
    // Wrappers add what is there already: conda and micromamba take it.
    sandbox
        .larder(&[
            "create",
            "-n",
            "a",
            "-n",
            "b",
            "-y",
            "-y",
            "-d",
            "--dry-run",
        ])
        .success();
}
