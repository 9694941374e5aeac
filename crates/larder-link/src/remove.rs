//! [`remove`]: a whole environment goes, in one step.
//!
//! It is renamed to the name of a staged one beside its place, which is the commit, and then deleted. A
//! run that is killed in between leaves what a killed create leaves, and the next run on the prefix clears
//! it (`crash.rs`).

use larder_fs::{PathError, remove_tree, rename_noreplace, sync_dir};

use crate::held::Held;

/// Removes the environment that is held, with everything in it.
///
/// # Errors
/// If it cannot be renamed: it is whole then. If something cannot be deleted afterwards, the environment is
/// gone all the same, and the next run on the prefix tries again.
pub fn remove(held: &Held) -> Result<(), PathError> {
    let grave = loop {
        let grave = held.site().new_staging_path();
        match rename_noreplace(held.prefix(), &grave) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            result => break result.map(|()| grave)?,
        }
    };
    // Half an environment must not come back to its place. Where this fails, nothing better is known.
    let _ = sync_dir(&held.site().parent);
    remove_tree(&grave)
}
