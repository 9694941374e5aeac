//! The list of departures in the book names real rows, and a test holds each choice.

use std::{collections::BTreeSet, fs, path::Path};

use crate::support::shared;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PAGE: &str = "book/src/internals/solving.md";

#[test]
fn every_departure_is_a_row_and_has_a_test_or_an_excuse() {
    let listed = departures();
    assert!(listed.len() > 10, "the table was found: {listed:?}");
    let (tested, excused) = (tested_rows(), excused_rows("departs"));
    for row in &listed {
        assert!(
            tested.contains(row) || excused.contains(row),
            "{row}: no test holds the choice"
        );
    }
    for row in &excused {
        assert!(
            listed.contains(row),
            "{row} departs in ci/ceps.tsv and is not in {PAGE}"
        );
    }
    let Some(data) = shared() else { return };
    let rows = fs::read_to_string(data.join("cep-requirements.tsv")).unwrap();
    let rows: BTreeSet<&str> = rows
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    for row in &listed {
        assert!(
            rows.contains(row.as_str()),
            "{row} is no row of cep-requirements.tsv"
        );
    }
}

fn departures() -> BTreeSet<String> {
    let page = fs::read_to_string(format!("{ROOT}/{PAGE}")).unwrap();
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `cep")?.split('`').next());
    rows.map(|row| format!("cep{row}")).collect()
}

fn excused_rows(status: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(format!("{ROOT}/ci/ceps.tsv")).unwrap();
    let columns = text
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    columns
        .filter(|row| row.get(1) == Some(&status))
        .map(|row| row[0].to_owned())
        .collect()
}

fn tested_rows() -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    let mut pending = vec![
        Path::new(ROOT).join("crates"),
        Path::new(ROOT).join("tests"),
    ];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let names = text
                    .split("fn cep")
                    .skip(1)
                    .filter_map(|rest| rest.get(..5));
                rows.extend(names.map(|name| format!("cep{}", name.replace('_', "-"))));
            }
        }
    }
    rows
}
