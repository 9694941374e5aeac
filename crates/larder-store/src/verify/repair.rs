//! Putting out of the way what verification found: nothing that may hold something of value is deleted.

use std::path::{Path, PathBuf};

use larder_fs::PathError;

use super::{Damage, VerifyReport};
use crate::{
    ObjectId, RootError, Store, StoreError, read,
    store::create_directories,
    temporary::{DAMAGED, object_of, unique_name},
};

/// What was done about what verification found.
#[derive(Debug, Default)]
pub struct Mended {
    /// What is as it should be now: permissions, the MD5 index.
    pub healed: Vec<PathBuf>,
    /// What was moved to `tmp/damaged-*`: roots that cannot be read, what is no object.
    pub moved: Vec<PathBuf>,
    /// What could not be changed, and why.
    pub refused: Vec<(PathBuf, PathError)>,
}

impl Mended {
    fn add(&mut self, path: &Path, result: Result<(), PathError>, healed: bool) {
        match result {
            Ok(()) if healed => self.healed.push(path.to_owned()),
            Ok(()) => self.moved.push(path.to_owned()),
            Err(error) => self.refused.push((path.to_owned(), error)),
        }
    }
}

impl Store {
    /// Moves a damaged object of this store to `tmp/damaged-*` and says where it is now. `None` if it
    /// stays: it was healed meanwhile, or cannot be moved.
    pub fn set_aside(&self, damage: &Damage) -> Option<PathBuf> {
        let aside = self.shared.set_aside(&damage.path, damage.id).ok()?;
        // Another process may have healed it since it was hashed.
        if self.shared.is_whole(&aside, damage.id).unwrap_or(false) {
            read::put_back(&self.shared.layout, &aside, &damage.path).ok();
            return None;
        }
        Some(aside)
    }

    /// Objects that were damaged and moved aside, and are in no store since, sorted.
    ///
    /// # Errors
    /// If `tmp/` cannot be read.
    pub fn lost_objects(&self) -> Result<Vec<ObjectId>, StoreError> {
        let mut lost = Vec::new();
        let layout = &self.shared.layout;
        for path in layout.dir().list(&layout.temporary())? {
            if let Some(id) = object_of(&path, DAMAGED)
                && self.shared.find(id)?.is_none()
            {
                lost.push(id);
            }
        }
        lost.sort();
        lost.dedup();
        Ok(lost)
    }

    /// Sets right what is not a damaged object (for these see [`Store::set_aside`]): takes away the right
    /// to write, removes index entries that mislead, moves roots that cannot be read and what does not
    /// belong to `tmp/damaged-*`, makes directories that are missing.
    ///
    /// # Errors
    /// If the store may not be written. A single file that cannot be changed is in the result.
    pub fn mend(&self, report: &VerifyReport) -> Result<Mended, StoreError> {
        self.check_writable()?;
        let mut mended = Mended::default();
        let dir = self.shared.layout.dir();
        let own = |path: &&PathBuf| path.starts_with(self.root());
        // First, so that there is a `tmp/` to move things to.
        let temporary = self.shared.layout.temporary();
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
            mended.add(path, self.move_aside("stray", path), false);
        }
        for error in &report.roots {
            if let Some(path) = file_of(error) {
                mended.add(path, self.move_aside("root", path), false);
            }
        }
        create_directories(&self.shared.layout, true)?;
        Ok(mended)
    }

    fn move_aside(&self, what: &str, path: &Path) -> Result<(), PathError> {
        let prefix = format!("{DAMAGED}{what}-");
        let aside = unique_name(&prefix, "");
        let layout = &self.shared.layout;
        layout
            .dir()
            .rename_noreplace(path, &layout.temporary().join(aside))
    }
}

/// The file that a root's error is about.
fn file_of(error: &RootError) -> Option<&Path> {
    match error {
        RootError::Malformed { path, .. } => Some(path),
        RootError::Io(error) => Some(&error.path),
        RootError::Relative { .. } | RootError::ReadOnly { .. } => None,
    }
}
