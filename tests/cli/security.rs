//! SECURITY.md: each test that it names is in the sources, each path in the repository.

use std::{collections::BTreeSet, fs, path::Path};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn every_test_that_security_md_names_exists() {
    let page = read_page();
    let named = names_of_tests(&page);
    assert!(named.len() > 20, "the table was found: {named:?}");
    let mut known = BTreeSet::new();
    for directory in ["crates", "tests"] {
        collect_functions(&Path::new(ROOT).join(directory), &mut known);
    }
    let gone: Vec<_> = named.difference(&known).collect();
    assert!(gone.is_empty(), "no source has these functions: {gone:?}");
}

#[test]
fn every_path_that_security_md_names_exists() {
    let page = read_page();
    let paths = quoted(&page).filter(|text| is_path(text));
    let gone: Vec<_> = paths
        .filter(|path| !Path::new(ROOT).join(path).exists())
        .collect();
    assert!(gone.is_empty(), "no such file: {gone:?}");
}

fn read_page() -> String {
    fs::read_to_string(Path::new(ROOT).join("SECURITY.md")).unwrap()
}

/// The texts between backticks.
fn quoted(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

fn is_path(text: &str) -> bool {
    let first = text.split('/').next().unwrap_or_default();
    text.contains('/')
        && !text.contains(' ')
        && ["crates", "tests", "ci", "benches"].contains(&first)
}

/// Names in the last column of numbered rows: at least three words in small letters.
fn names_of_tests(page: &str) -> BTreeSet<String> {
    let cells = page.lines().filter(|line| line.starts_with("| "));
    let cells = cells.filter_map(|line| line.trim_end_matches('|').rsplit('|').next());
    let is_name = |text: &&str| {
        let is_small =
            |byte: u8| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
        text.matches('_').count() >= 2 && text.bytes().all(is_small)
    };
    cells
        .flat_map(|cell| {
            quoted(cell)
                .filter(is_name)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Adds the name of each function in Rust files below `directory`.
fn collect_functions(directory: &Path, known: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // Build outputs and fuzz corpora have no sources, but many files.
            if !path.ends_with("target") && !path.ends_with("corpus") {
                collect_functions(&path, known);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for part in text.split("fn ").skip(1) {
                let end = part.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
                known.insert(part[..end.unwrap_or(part.len())].to_owned());
            }
        }
    }
}
