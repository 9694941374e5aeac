//! `conda-meta/history`, whoever wrote it: what was done to an environment, and what was asked for (CEP 32).
//!
//! Read leniently, as conda does: what is before the first head, and comments that nobody knows, mean
//! nothing. Never writes.

use std::{collections::BTreeSet, path::Path};

use indexmap::IndexMap;
use larder_fs::PathError;
use larder_link::{MAX_HISTORY, read_control_file};

mod literal;
mod revisions;

pub use revisions::{Moved, Revision, RevisionsError, revisions};

/// One block.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// As it stands in the head.
    pub(crate) date: String,
    /// Without their `#`.
    comments: Vec<String>,
    /// Packages, with `+` or `-` before them where they are changes.
    pub(crate) packages: BTreeSet<String>,
}

/// What comments say of specs.
enum Specs {
    Asked(Vec<String>),
    Removed(Vec<String>),
}

/// The blocks of the environment at `prefix`, oldest first; none if it has no history.
///
/// # Errors
/// If the file is there and cannot be read.
pub(crate) fn blocks(prefix: &Path) -> Result<Vec<Block>, PathError> {
    let bytes = read_control_file(prefix, "history", MAX_HISTORY)?;
    Ok(parse(&String::from_utf8_lossy(&bytes.unwrap_or_default())))
}

fn parse(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(date) = head(line) {
            blocks.push(Block {
                date: date.to_owned(),
                ..Block::default()
            });
        } else if let Some(block) = blocks.last_mut() {
            match line.strip_prefix('#') {
                Some(comment) => block.comments.push(comment.trim().to_owned()),
                None => {
                    block.packages.insert(line.to_owned());
                }
            }
        }
    }
    blocks
}

/// `==> DATE <==`.
fn head(line: &str) -> Option<&str> {
    let (date, _) = line.strip_prefix("==>")?.split_once("<==")?;
    Some(date.trim())
}

impl Block {
    fn specs(&self) -> impl Iterator<Item = Specs> {
        self.comments.iter().filter_map(|comment| {
            let (action, specs) = comment.split_once(" specs:")?;
            let specs = literal::specs(specs.trim());
            match action.trim() {
                "update" | "install" | "create" | "neutered" => Some(Specs::Asked(specs)),
                "remove" | "uninstall" => Some(Specs::Removed(specs)),
                _ => None,
            }
        })
    }
}

/// What was asked for by name and not taken back, in order; of several specs for one package the last.
pub(crate) fn asked_for(blocks: &[Block]) -> IndexMap<String, String> {
    let mut asked = IndexMap::new();
    let named = |spec: String| {
        let parsed = larder_manifest::parse_spec(&spec).ok()?;
        let name = parsed.name.as_exact()?.as_normalized().to_owned();
        Some((name, spec))
    };
    for specs in blocks.iter().flat_map(Block::specs) {
        match specs {
            Specs::Asked(specs) => asked.extend(specs.into_iter().filter_map(named)),
            Specs::Removed(specs) => {
                for (name, _) in specs.into_iter().filter_map(named) {
                    asked.shift_remove(&name);
                }
            }
        }
    }
    asked
}

#[cfg(test)]
mod tests;
