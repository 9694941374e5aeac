//! The README's first command ends with a program run from a created environment.

use std::process::Command;

#[test]
fn the_quick_start_runs_the_program_twice_and_the_second_time_fetches_nothing() {
    // Cargo builds examples beside the tests' own directory.
    let example = std::path::Path::new(env!("CARGO_BIN_EXE_larder"))
        .with_file_name("examples")
        .join("quickstart");
    let output = Command::new(&example)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", example.display()));
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert_eq!(
        stdout.matches("larder!").count(),
        2,
        "the program greeted twice:\n{stdout}"
    );
    assert!(stderr.contains("nothing fetched"), "{stderr}");
}
