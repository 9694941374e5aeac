//! Every code of an error or a warning has a row in `book/codes.tsv`, which the book's page of codes is made from.

use std::{collections::BTreeSet, fs, path::Path};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn the_page_of_codes_has_every_code_of_the_sources_and_no_other() {
    let listed = listed_codes();
    let mut used = BTreeSet::new();
    for krate in fs::read_dir(Path::new(ROOT).join("crates")).unwrap() {
        let krate = krate.unwrap().path();
        if !krate.ends_with("larder-testkit") {
            collect_codes(&krate.join("src"), &mut used);
        }
    }
    assert!(used.len() > 200, "the sources were read: {used:?}");
    let missing: Vec<_> = used.difference(&listed).collect();
    assert!(missing.is_empty(), "book/codes.tsv lacks {missing:?}");
    let gone: Vec<_> = listed.difference(&used).collect();
    assert!(gone.is_empty(), "no source has {gone:?}");
}

/// The first column; each row also says whether it is an error or a warning, what it means and what to do.
fn listed_codes() -> BTreeSet<String> {
    let table = fs::read_to_string(Path::new(ROOT).join("book/codes.tsv")).unwrap();
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let columns: Vec<&str> = row.split('\t').collect();
        assert!(
            columns.len() == 4 && ["E", "W"].contains(&columns[1]),
            "{row}"
        );
        assert!(columns.iter().all(|column| !column.is_empty()), "{row}");
        columns[0].to_owned()
    })
    .collect()
}

/// Texts such as `"lock::stale"` in product sources. `exception.rs` only gives codes conda's names.
fn collect_codes(directory: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            collect_codes(&path, codes);
        } else if name.ends_with(".rs") && name != "tests.rs" && name != "exception.rs" {
            let text = fs::read_to_string(&path).unwrap();
            codes.extend(
                text.split('"')
                    .filter(|text| is_code(text))
                    .map(str::to_owned),
            );
        }
    }
}

fn is_code(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split("::").collect();
    parts.len() == 2 && parts.into_iter().all(is_word)
}
