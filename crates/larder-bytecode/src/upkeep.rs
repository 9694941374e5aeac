//! Removing bytecode of packages that are no longer needed.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use larder_digest::Sha256;
use larder_fs::{PathError, RootedDir};

use crate::{BytecodeKey, Bytecodes};

impl Bytecodes {
    /// Removes the bytecode of packages for which `is_needed` is false. Returns the number of removed directories.
    /// Environments keep their own links to the files.
    ///
    /// # Errors
    /// If a directory cannot be read or removed.
    pub fn remove_unneeded(&self, is_needed: impl Fn(&Sha256) -> bool) -> Result<usize, PathError> {
        let mut count = 0;
        let directory = RootedDir::new(&self.root);
        for shard in directory.list(&self.root)? {
            for place in directory.list(&shard)? {
                let name = place.file_name().unwrap_or_default().to_string_lossy();
                let package = BytecodeKey::package_from_name(&name);
                if package.is_some_and(|package| !is_needed(&package)) {
                    self.remove_directory(&place)?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    /// Removes temporary directories of killed processes: those last changed more than `older_than` before `now`. Returns
    /// their number.
    ///
    /// # Errors
    /// If a directory cannot be read or removed.
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

/// A bundle in a directory, by file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFile {
    /// Path of the file.
    pub path: PathBuf,
    /// SHA-256 of the package's archive.
    pub package: Sha256,
    /// Size in bytes.
    pub bytes: u64,
}

/// Lists the bundles in a directory, sorted by path, without reading them. So it needs no secret.
///
/// # Errors
/// If the directory cannot be read.
pub fn list_bundle_files(directory: &Path) -> Result<Vec<BundleFile>, PathError> {
    let mut bundles = Vec::new();
    // Does not follow a link in the place of the directory: it may come from a restored cache.
    let store = RootedDir::new(directory.parent().unwrap_or(directory));
    for path in store.list(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let package = BytecodeKey::package_from_name(&name);
        // Skips files that another process has removed since the listing.
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
