//! `CONDA.md`: every case of the field study has a row, and every row a test that exists.

use std::{fs, path::Path};

use crate::support::shared;

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
