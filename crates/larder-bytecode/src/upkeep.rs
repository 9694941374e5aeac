//! Removing bytecode that nobody needs.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use larder_digest::Sha256;
use larder_fs::{PathError, last_changed, list_dir, remove_tree};

use crate::{Bytecodes, Key};

impl Bytecodes {
    /// Removes the bytecode of packages that `is_needed` does not name. Gives how many were removed.
    /// What environments have of it stays there.
    ///
    /// # Errors
    /// If a directory cannot be read or something not removed.
    pub fn collect(&self, is_needed: impl Fn(&Sha256) -> bool) -> Result<usize, PathError> {
        let mut count = 0;
        for shard in list_dir(&self.root)? {
            for place in list_dir(&shard)? {
                let name = place.file_name().unwrap_or_default().to_string_lossy();
                let package = Key::package_of(&name);
                if package.is_some_and(|package| !is_needed(&package)) {
                    self.discard(&place)?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    /// Removes what processes that died have left: what nobody has added to for `older_than` before
    /// `now`. Gives how many were removed.
    ///
    /// # Errors
    /// If the directory cannot be read or something not removed.
    pub fn sweep_abandoned(
        &self,
        older_than: Duration,
        now: SystemTime,
    ) -> Result<usize, PathError> {
        let mut count = 0;
        for path in list_dir(&self.temporary_root())? {
            let age = last_changed(&path).map(|time| now.duration_since(time));
            if age.is_ok_and(|age| age.is_ok_and(|age| age >= older_than)) {
                remove_tree(&path)?;
                count += 1;
            }
        }
        Ok(count)
    }
}

/// A bundle, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFile {
    /// Where it is.
    pub path: PathBuf,
    /// The archive of the package that it is for.
    pub package: Sha256,
    /// Its size.
    pub bytes: u64,
}

/// The bundles in a directory (see [`Bundles`](crate::Bundles)), sorted by path. Needs no secret: none is read.
///
/// # Errors
/// If the directory cannot be read.
pub fn bundle_files(directory: &Path) -> Result<Vec<BundleFile>, PathError> {
    let mut bundles = Vec::new();
    for path in list_dir(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let package = Key::package_of(&name);
        // What is gone meanwhile is not there.
        if let (Some(package), Ok(metadata)) = (package, path.symlink_metadata()) {
            bundles.push(BundleFile {
                bytes: metadata.len(),
                package,
                path,
            });
        }
    }
    bundles.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(bundles)
}
