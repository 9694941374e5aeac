//! What an update brings besides packages: made below the workshop, by the Python that is there before
//! anything moves, and moved by the same journal.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::Path,
};

use larder_event::Reporter;
use larder_fs::{PathContext as _, remove_tree};

use crate::{
    Addition, AdditionFailed, ApplyError, Difference, LinkOptions, LinkPlan,
    addition::{self, AddError},
    clobber::parent_of,
    update::{UpdateError, workshop::Workshop},
};

/// Puts what is brought beside what packages bring; returns the paths, sorted.
pub(super) fn stage(
    (difference, plan): (&Difference<'_>, &LinkPlan<'_>),
    options: &LinkOptions,
    workshop: &Workshop,
    reporter: &dyn Reporter,
) -> Result<Vec<String>, UpdateError> {
    let Some(addition) = &options.addition else {
        return Ok(Vec::new());
    };
    let root = workshop.root().join("added");
    fs::create_dir(&root).at("create directory", &root)?;
    let staged = stage_into(&**addition, options, (&root, reporter))?;
    let kept = difference
        .keep
        .iter()
        .flat_map(|kept| &kept.installed.paths);
    let kept = kept.map(|path| path.path.as_str());
    let owned: HashSet<&str> = plan.lines().map(|line| line.path).chain(kept).collect();
    let (taken, added): (Vec<String>, Vec<String>) = staged
        .into_iter()
        .partition(|path| owned.contains(path.as_str()));
    addition::tell_of_taken(&taken, reporter);
    for path in &added {
        let to = workshop.new_root().join(path);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).at("create directory", parent)?;
        }
        let from = root.join(path);
        larder_fs::rename(&from, &to)?;
    }
    remove_tree(&root)?;
    Ok(added)
}

fn stage_into(
    addition: &dyn Addition,
    options: &LinkOptions,
    (root, reporter): (&Path, &dyn Reporter),
) -> Result<Vec<String>, UpdateError> {
    addition::stage(addition, &options.prefix, root, reporter).map_err(|error| match error {
        AddError::Failed => ApplyError::Addition(AdditionFailed).into(),
        AddError::Place(source) => source.into(),
    })
}

/// The directories of these paths, parents first.
pub(super) fn directories(paths: &[String]) -> BTreeSet<&str> {
    let mut directories = BTreeSet::new();
    for path in paths {
        let mut parent = parent_of(path);
        while !parent.is_empty() && directories.insert(parent) {
            parent = parent_of(parent);
        }
    }
    directories
}
