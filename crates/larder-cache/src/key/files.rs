//! Which files a segment's rules mean.
//!
//! Only files count. Links to files do, links to directories are not followed. Dot files are like others.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use larder_fs::{PathContext as _, PathError};

use super::{
    names::{names, path_on_disk},
    rules::{Part, Rule, Rules},
};

/// All files that a rule includes and none excludes, each once.
pub(super) fn matching(rules: &Rules) -> Result<BTreeSet<PathBuf>, PathError> {
    let mut found = BTreeSet::new();
    for rule in &rules.include {
        let (start, depth) = listing(rule);
        match depth {
            Some(0) => add(&start, &mut found),
            depth => walk(&start, depth, rule, &mut found)?,
        }
    }
    found.retain(|path| {
        let names = names(path);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        !rules.excludes(&names)
    });
    Ok(found)
}

/// The directory before the first pattern, as it is named on the disk, and how many levels below it can match: any
/// number with `**`.
fn listing(rule: &Rule) -> (PathBuf, Option<usize>) {
    let literal: Vec<&str> = rule
        .parts
        .iter()
        .map_while(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let rest = &rule.parts[literal.len()..];
    let is_deep = rest.contains(&Part::Deep);
    let start = path_on_disk(&literal, rule.rules);
    (start, (!is_deep).then_some(rest.len()))
}

fn walk(
    directory: &Path,
    depth: Option<usize>,
    rule: &Rule,
    found: &mut BTreeSet<PathBuf>,
) -> Result<(), PathError> {
    let entries = match fs::read_dir(directory) {
        // What is not there, or may not be read, has no files for us.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            return Ok(());
        }
        entries => entries.at("read directory", directory)?,
    };
    for entry in entries {
        let entry = entry.at("read directory", directory)?;
        let path = entry.path();
        let kind = entry.file_type().at("read metadata of", &path)?;
        if kind.is_dir() {
            match depth {
                Some(1) => {}
                depth => walk(&path, depth.map(|depth| depth - 1), rule, found)?,
            }
            continue;
        }
        let names = names(&path);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if rule.matches(&names) {
            add(&path, found);
        }
    }
    Ok(())
}

fn add(path: &Path, found: &mut BTreeSet<PathBuf>) {
    if path.is_file() {
        found.insert(path.to_owned());
    }
}
