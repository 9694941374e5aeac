//! Removing bytecode that nobody needs.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use larder_digest::Sha256;
use larder_fs::{PathError, RootedDir};

use crate::{Bytecodes, Key};

impl Bytecodes {
    /// Removes the bytecode of packages that `is_needed` does not name. Gives how many were removed.
    /// What environments have of it stays there.
    ///
    /// # Errors
    /// If a directory cannot be read or something not removed.
    pub fn collect(&self, is_needed: impl Fn(&Sha256) -> bool) -> Result<usize, PathError> {
        let mut count = 0;
        let directory = RootedDir::new(&self.root);
        for shard in directory.list(&self.root)? {
            for place in directory.list(&shard)? {
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
        let directory = RootedDir::new(&self.root);
        for path in directory.list(&self.temporary_root())? {
            let status = directory.status(&path);
            let age = status.map(|status| now.duration_since(status.changed));
            if age.is_ok_and(|age| age.is_ok_and(|age| age >= older_than)) {
                directory.remove_tree(&path)?;
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
    // A link in the directory's place is not followed either: it may come out of a restored cache.
    let store = RootedDir::new(directory.parent().unwrap_or(directory));
    for path in store.list(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let package = Key::package_of(&name);
        // What is gone meanwhile is not there.
        if let (Some(package), Ok(status)) = (package, store.status(&path))
            && !status.is_dir
        {
            bundles.push(BundleFile {
                bytes: status.size,
                package,
                path,
            });
        }
    }
    bundles.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(bundles)
}
