//! Help shows an example for each command, and wrong usage exits with 2.

use crate::support::sandbox;

#[test]
fn the_help_of_every_command_has_an_example() {
    for command in [
        "create",
        "lock",
        "run",
        "list",
        "manifest",
        "pack",
        "unpack",
        "completions",
    ] {
        let run = sandbox().larder(&[command, "--help"]).success();
        assert!(
            run.stdout.contains(&format!("larder {command}")) && run.stdout.contains("Example"),
            "{command}: {}",
            run.stdout
        );
    }
}

#[test]
fn the_help_of_larder_names_the_exit_codes() {
    let run = sandbox().larder(&["--help"]).success();
    assert!(run.stdout.contains("Exit codes"), "{}", run.stdout);
}

#[test]
fn wrong_usage_exits_with_2() {
    sandbox()
        .larder(&["create", "--no-such-option"])
        .fails_with(2);
    sandbox()
        .larder(&["create", "-n", "a", "-p", "b"])
        .fails_with(2);
    sandbox()
        .larder(&["create", "--frozen", "--no-lock"])
        .fails_with(2);
    sandbox().larder(&[]).fails_with(2);
}

#[test]
fn wrong_usage_is_json_where_that_was_asked_for_and_helps_those_who_come_from_conda() {
    let run = sandbox()
        .larder(&["create", "--json", "--no-such-option"])
        .fails_with(2);
    assert!(run.stdout.contains("ArgumentError"), "{}", run.stdout);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["success"], false);
}

#[test]
#[cfg(target_os = "linux")]
fn data_that_does_not_reach_its_reader_is_a_failure() {
    let sandbox = sandbox();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let status = sandbox
        .command(&["completions", "bash"])
        .stdout(full)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(3));
}

#[test]
fn the_book_names_every_variable_that_is_read() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../book/src/variables.md");
    let page = std::fs::read_to_string(page).unwrap();
    let help = sandbox().larder(&["--help"]).success().stdout;
    let table = help.split("Environment variables:").nth(1).unwrap();
    let names: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|name| !name.starts_with(' '))
        .collect();
    assert!(names.len() > 8, "{help}");
    for name in names {
        assert!(
            page.contains(&format!("`{name}`")),
            "book/src/variables.md says nothing of {name}"
        );
    }
}
