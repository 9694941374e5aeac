//! What is there after a disturbed run, and what must never be.

use std::{fmt, fs, path::Path};

use larder_testkit::tree_of;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::world::World;

/// What is at the place of an operation's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// Nothing.
    Absent,
    /// What was there before, byte for byte.
    Old,
    /// Some of what was there before: each part is whole and on its own (objects of a store).
    Partly,
    /// An environment on its way from old to new, with the journal by which the next run finishes it.
    Updating,
    /// An environment without history, which is none (CEP 32), with the marker that the next run sees.
    Unfinished,
    /// What the operation makes, byte for byte.
    New,
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "absent",
            Self::Old => "old",
            Self::Partly => "partly",
            Self::Updating => "updating",
            Self::Unfinished => "unfinished",
            Self::New => "new",
        })
    }
}

/// The whole results, to compare with.
pub(super) struct Expected {
    pub(super) old: Option<Vec<String>>,
    pub(super) new: Vec<String>,
}

/// The state of what an operation makes, or what is broken about it.
pub(super) fn state(world: &World, expected: &Expected) -> Result<State, String> {
    let made = world.made();
    if fs::symlink_metadata(&made).is_err() {
        return Ok(State::Absent);
    }
    let is_unfinished = made.join("conda-meta/.larder-unfinished").exists();
    if is_unfinished && !made.join("conda-meta/history").exists() {
        return Ok(State::Unfinished);
    }
    let found = content(&made);
    let has_journal = made.join("conda-meta/.larder-update/journal").is_file();
    if found == expected.new && !has_journal {
        Ok(State::New)
    } else if Some(&found) == expected.old.as_ref() {
        Ok(State::Old)
    } else if let Some(old) = &expected.old
        && made.ends_with("pkgs")
        && found.iter().all(|line| old.contains(line))
    {
        Ok(State::Partly)
    } else if has_journal {
        Ok(State::Updating)
    } else {
        Err(format!("neither old nor new: {found:#?}"))
    }
}

/// A file or an environment without the times of this run.
pub(super) fn content(made: &Path) -> Vec<String> {
    if made.is_file() {
        return vec![fs::read_to_string(made).unwrap()];
    }
    let is_of_a_run = |line: &String| line.contains(" conda-meta/");
    let mut lines = tree_of(made);
    lines.retain(|line| !is_of_a_run(line));
    let Ok(records) = fs::read_dir(made.join("conda-meta")) else {
        return lines;
    };
    for entry in records {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            let record: Option<Value> = serde_json::from_slice(&fs::read(&path).unwrap()).ok();
            let paths = record.map(|record| record["paths_data"].to_string());
            lines.push(format!("record {name} {paths:?}"));
        } else if ![".larder-unfinished", ".larder-update"].contains(&&*name) {
            lines.push(format!("meta {name}"));
        }
    }
    lines.sort();
    lines
}

/// Every object of the store is what its name says, and nothing has a name that it should not have.
pub(crate) fn unsound(store: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in tree_of(store) {
        let Some(path) = line
            .strip_prefix("file 0444 ")
            .or(line.strip_prefix("file 0644 "))
        else {
            continue;
        };
        let path = path.split(' ').next().unwrap();
        if let Some(object) = path.strip_prefix("pkgs/") {
            let bytes = fs::read(store.join(path)).unwrap();
            let digest: String = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            if object.get(3..67) != Some(&digest) {
                wrong.push(format!("{object} has the digest {digest}"));
            }
        }
    }
    wrong
}

/// What a run that is over has no use for.
pub(super) fn leftovers(world: &World) -> Vec<String> {
    let below = |part: &str| {
        let root = world.root().join(part);
        let part = part.to_owned();
        tree_of(&root)
            .into_iter()
            .map(move |line| format!("{part}/ {line}"))
    };
    let is_temporary = |line: &String| {
        let path = line.split(' ').nth(3).unwrap_or_default();
        let deeper = |prefix: &str| path.starts_with(prefix) && path.len() > prefix.len();
        deeper("tmp/")
            || path.contains(".larder-")
            || path.contains("/scratch")
            || path.contains(".tmp")
    };
    ["home", "store", "trees", "work"]
        .into_iter()
        .flat_map(below)
        .filter(is_temporary)
        .collect()
}
