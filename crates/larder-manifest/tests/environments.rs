//! Every real environment file of the shared data is read as its author meant it, or refused with a
//! message that its author would understand: `environments.tsv` beside this file holds each
//! outcome, read and judged by hand.

use std::fmt::Write as _;
use std::path::Path;

use larder_manifest::{Manifest, NoLookup};

/// One line of the table without the remark.
fn outcome(path: &Path) -> String {
    let name = path.file_name().expect("name").to_string_lossy();
    let bytes = std::fs::read(path).expect("shared file");
    match Manifest::parse("environment.yml", &bytes, &NoLookup) {
        Ok(manifest) => {
            let pip = manifest.pip.map_or(0, |pip| pip.lines.len());
            let mut line = format!(
                "{name}\tok\t{} specs, {pip} pip",
                manifest.dependencies.len()
            );
            for warning in &manifest.warnings {
                write!(
                    line,
                    "; {}:{}",
                    warning.position.line,
                    warning.code.as_str()
                )
                .expect("write");
            }
            line
        }
        Err(error) => format!(
            "{name}\t{}\t{}:{} {}",
            error.code(),
            error.position().line,
            error.position().column,
            error.headline()
        ),
    }
}

#[test]
fn every_environment_file_has_its_recorded_outcome() {
    let Some(shared) = larder_testkit::shared_data() else {
        println!("skipped: no shared data");
        return;
    };
    let directory = shared.join("environments");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .expect("environments")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| larder_manifest::is_environment_file(path))
        .collect();
    files.sort();
    let golden = include_str!("environments.tsv");
    let mut expected = golden.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.splitn(4, '\t').collect();
        columns.get(..3).expect("three columns").join("\t")
    });
    let mut different = Vec::new();
    for file in &files {
        let (found, expected) = (outcome(file), expected.next());
        if expected.as_ref() != Some(&found) {
            different.push((found, expected));
        }
    }
    assert!(different.is_empty(), "{different:#?}");
    assert_eq!(expected.next(), None, "the table names a file that is gone");
}
