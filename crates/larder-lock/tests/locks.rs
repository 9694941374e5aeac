//! Every lock file of public repositories that we have: which kind it is and what comes of reading it.
//! `locks.tsv` is the table; a difference prints the row as it would have to be.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{collections::BTreeMap, fs, path::Path};

use larder_lock::{LockFile, LockKind, Selection, detect};

fn kind(text: &str) -> &'static str {
    match detect(text) {
        Some(LockKind::CondaLock) => "conda-lock",
        Some(LockKind::Pixi) => "pixi",
        Some(LockKind::Explicit) => "explicit",
        None => "none",
    }
}

fn outcome(name: &str, text: &str) -> String {
    if detect(text) != Some(LockKind::CondaLock) {
        return "not read".to_owned();
    }
    match LockFile::parse("lock", text) {
        Ok(lock) => {
            let counts: Vec<String> = lock
                .platforms()
                .iter()
                .map(|platform| {
                    let closure = lock.closure(*platform, &Selection::all()).unwrap();
                    let pip = lock.pip_packages(*platform, &Selection::all()).len();
                    let pip = if pip > 0 {
                        format!("+{pip} pip")
                    } else {
                        String::new()
                    };
                    format!("{platform} {}{pip}", closure.packages().len())
                })
                .collect();
            let notes: Vec<String> = lock.notes().iter().map(ToString::to_string).collect();
            let written = lock.to_yaml();
            let again = LockFile::parse("lock", &written)
                .unwrap_or_else(|error| panic!("{name}: what we write is not read: {error}"));
            assert_eq!(again.to_yaml(), written, "{name}");
            let notes = if notes.is_empty() {
                String::new()
            } else {
                format!("; {}", notes.join("; "))
            };
            format!("read: {}{notes}", counts.join(", "))
        }
        Err(error) => format!("refused: {error}"),
    }
}

#[test]
fn every_public_lock_is_read_or_refused_as_the_table_says() {
    let Some(data) = larder_testkit::shared_data() else {
        println!("skipped: no shared data");
        return;
    };
    let table = include_str!("locks.tsv");
    let expected: BTreeMap<&str, &str> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once('\t'))
        .collect();
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(data.join("environments/locks")).unwrap() {
        let path = entry.unwrap().path();
        let name = file_name(&path);
        if name == "INDEX.tsv" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        found.insert(
            name.clone(),
            format!("{}\t{}", kind(&text), outcome(&name, &text)),
        );
    }
    let differences: Vec<String> = found
        .iter()
        .filter(|(name, row)| expected.get(name.as_str()) != Some(&row.as_str()))
        .map(|(name, row)| format!("{name}\t{row}"))
        .collect();
    assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
    assert_eq!(found.len(), expected.len());
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
