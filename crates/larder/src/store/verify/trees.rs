//! The trees of this machine: every file compared with its digest. At each use a tree is only looked at; this
//! finds what changed without a trace.

use std::path::Path;

use larder_fs::PathError;
use larder_unpack::{Trees, TreesOptions};

use super::Finding;
use crate::pip::built;

/// Verifies all trees, and wheels that were built here; damaged ones are removed with `repair`: who needs one makes it again. Says how many
/// there are.
pub(super) fn look(
    root: &Path,
    repair: bool,
    findings: &mut Vec<Finding>,
) -> Result<usize, PathError> {
    if !root.is_dir() {
        return Ok(0);
    }
    let trees = Trees::open(root, TreesOptions::default())?;
    let listed = trees.list()?;
    for tree in &listed {
        let damages = trees.verify(&tree.sha256)?.map(|checkup| checkup.damages);
        if let Some(damage) = damages.unwrap_or_default().first() {
            let removed = repair.then(|| trees.remove(&tree.sha256).map(drop));
            let hex = tree.sha256.to_hex();
            let place = root.join(&hex[..2]).join(&hex);
            let name = tree.dist.as_deref();
            findings.push(Finding::tree(name, &place, damage.to_string(), removed));
        }
    }
    for wheel in built::list(root)? {
        if let (path, Err(fault)) = wheel.check() {
            let removed = repair.then(|| wheel.remove());
            findings.push(Finding::built_wheel(&path, fault, removed));
        }
    }
    Ok(listed.len())
}
