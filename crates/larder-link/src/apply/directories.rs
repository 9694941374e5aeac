//! All directories of an environment, made in one pass before any file.
//!
//! Links come after all directories, so no directory is ever made, or file linked, through a link.

use std::{io, path::Path};

use larder_fs::{Dir, PathError};

use crate::LinkPlan;

/// Makes every directory of the plan below `root`. One that is there already (a pre-link script made
/// it, or another one differs in letter case only) is used.
pub(super) fn create(plan: &LinkPlan<'_>, root: &Path) -> Result<(), PathError> {
    let root = Dir::open(root)?;
    for directory in &plan.directories {
        match root.create_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Opening fails if it is a file or a link.
                root.open_dir(directory)?;
            }
            other => other?,
        }
    }
    Ok(())
}
