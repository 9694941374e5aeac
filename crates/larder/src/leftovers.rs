//! What runs that were killed left half-written in the store and among the trees, removed when it is a day
//! old: by then its owner is dead or has failed.
//!
//! Never touches anything that has its final name. What cannot be removed stays; it is in nobody's way.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use larder_event::Reporter;
use larder_fs::{PathError, RootedDir, sweep_beside};
use larder_store::Store;
use larder_unpack::{Trees, TreesOptions};

/// Longer than anything that is still being written has stood still.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes it from the store, and from the directory of the trees if there is one.
pub(crate) fn sweep(store: &Store, trees: &Path, reporter: &dyn Reporter) {
    for directory in [
        store.root().to_owned(),
        store.solves_dir(),
        store.repodata_dir(),
    ] {
        sweep_beside(&directory.join("any"));
    }
    let swept = store.sweep_abandoned(ABANDONED);
    if let Err(error) = swept.and_then(|_| sweep_trees(trees)) {
        reporter.note(format!("left-over files stay: {error}"));
    }
}

fn sweep_trees(trees: &Path) -> Result<usize, PathError> {
    if !RootedDir::new(trees).is_dir(Path::new("tmp")) {
        return Ok(0);
    }
    let trees = Trees::open(trees, TreesOptions::default())?;
    trees.sweep_abandoned(ABANDONED, SystemTime::now())
}
