//! Repair after a verification. Nothing that may hold data of value is deleted.

use std::path::{Path, PathBuf};

use larder_fs::PathError;

use super::{DamagedObject, StoreVerification};
use crate::{
    ObjectId, RootError, Store, StoreError, read,
    store::create_directories,
    temporary::{DAMAGED_PREFIX, object_id_from_temporary_name, unique_name},
};

/// The result of a repair.
#[derive(Debug, Default)]
pub struct RepairReport {
    /// Corrected entries: permissions, and the MD5 index.
    pub healed: Vec<PathBuf>,
    /// Entries that were moved to `tmp/damaged-*`: unreadable roots, and entries that larder did not create.
    pub moved: Vec<PathBuf>,
    /// Entries that could not be changed, with the reason.
    pub refused: Vec<(PathBuf, PathError)>,
}

impl RepairReport {
    fn add(&mut self, path: &Path, result: Result<(), PathError>, healed: bool) {
        match result {
            Ok(()) if healed => self.healed.push(path.to_owned()),
            Ok(()) => self.moved.push(path.to_owned()),
            Err(error) => self.refused.push((path.to_owned(), error)),
        }
    }
}

impl Store {
    /// Moves a damaged object of this store to `tmp/damaged-*`. Returns its new path; `None` if it is no longer damaged or
    /// cannot be moved.
    pub fn set_aside(&self, damage: &DamagedObject) -> Option<PathBuf> {
        let aside = self.shared.set_aside(&damage.path, damage.id).ok()?;
        // Another process may have replaced it with a good one since it was hashed.
        if self
            .shared
            .has_expected_digest(&aside, damage.id)
            .unwrap_or(false)
        {
            read::rename_back(&self.shared.layout, &aside, &damage.path).ok();
            return None;
        }
        Some(aside)
    }

    /// Lists objects that were moved aside as damaged and have not been downloaded again, sorted.
    ///
    /// # Errors
    /// If `tmp/` cannot be read.
    pub fn lost_objects(&self) -> Result<Vec<ObjectId>, StoreError> {
        let mut lost = Vec::new();
        let layout = &self.shared.layout;
        for path in layout.dir().list(&layout.temporary_dir())? {
            if let Some(id) = object_id_from_temporary_name(&path, DAMAGED_PREFIX)
                && self.shared.find(id)?.is_none()
            {
                lost.push(id);
            }
        }
        lost.sort();
        lost.dedup();
        Ok(lost)
    }

    /// Repairs everything except damaged objects (see [`Store::set_aside`]): makes objects read-only, removes misleading
    /// index entries, moves unreadable roots and stray entries to `tmp/damaged-*`, and creates missing directories.
    ///
    /// # Errors
    /// If the store is not writable. Single entries that cannot be changed are listed in the result.
    pub fn repair(&self, report: &StoreVerification) -> Result<RepairReport, StoreError> {
        self.check_writable()?;
        let mut mended = RepairReport::default();
        let dir = self.shared.layout.dir();
        let own = |path: &&PathBuf| path.starts_with(self.root());
        // Create `tmp/` first: the others are moved into it.
        let temporary = self.shared.layout.temporary_dir();
        let is_displaced = dir.ensure_dir(&temporary)?.is_some();
        mended.moved.extend(is_displaced.then(|| temporary.clone()));
        for path in report.writable.iter().filter(own) {
            mended.add(path, dir.make_read_only(path), true);
        }
        for path in report.misleading.iter().filter(own) {
            mended.add(path, dir.remove_file(path), true);
        }
        let strays = report.stray.iter().filter(own);
        for path in strays.filter(|path| **path != temporary) {
            mended.add(path, self.move_to_temporary("stray", path), false);
        }
        for error in &report.roots {
            if let Some(path) = path_of_root_error(error) {
                mended.add(path, self.move_to_temporary("root", path), false);
            }
        }
        create_directories(&self.shared.layout, true)?;
        Ok(mended)
    }

    fn move_to_temporary(&self, what: &str, path: &Path) -> Result<(), PathError> {
        let prefix = format!("{DAMAGED_PREFIX}{what}-");
        let aside = unique_name(&prefix, "");
        let layout = &self.shared.layout;
        layout
            .dir()
            .rename_noreplace(path, &layout.temporary_dir().join(aside))
    }
}

/// The path of the root file that an error is about.
fn path_of_root_error(error: &RootError) -> Option<&Path> {
    match error {
        RootError::Malformed { path, .. } => Some(path),
        RootError::Io(error) => Some(&error.path),
        RootError::Relative { .. } | RootError::ReadOnly { .. } => None,
    }
}
