//! [`Stage`]: where a directory is restored to before it takes its place, in one step.
//!
//! Beside the target, so that the exchange is a rename. Where that cannot be (nobody may write there, or
//! the target is a mount), inside it: then what is in the target is swapped name by name, which is fast
//! but not one step. Whoever comes next removes what a killed run left; its lock tells that it is gone.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_fs::{
    Holder, LockFile, PathContext as _, PathError, exchange, lock_holder, remove_tree, rename,
    rename_noreplace,
};

const PREFIX: &str = ".larder-restore-";
const LOCK: &str = ".lock";

/// A directory on its way to its place. Dropped before that, nothing is left of it.
#[derive(Debug)]
pub(crate) struct Stage {
    target: PathBuf,
    /// Holds `new`, and `old` for a moment.
    room: PathBuf,
    is_inside: bool,
    /// Held until the room is gone.
    _lock: LockFile,
}

impl Stage {
    /// Makes an empty directory for what will be `target`, which may be there or not.
    pub(crate) fn new(target: &Path) -> Result<Self, PathError> {
        let parent = target.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).at("create directory", parent)?;
        if is_mount(target) {
            return Self::make(target, target, true);
        }
        match Self::make(target, parent, false) {
            Err(error) if is_refused(&error) && target.is_dir() => Self::make(target, target, true),
            made => made,
        }
    }

    fn make(target: &Path, place: &Path, is_inside: bool) -> Result<Self, PathError> {
        sweep(place);
        // The lock must be there before the room is: a room without one is anybody's to remove.
        let mut named = tempfile::Builder::new();
        named.prefix(PREFIX).rand_bytes(10).suffix(LOCK);
        let named = named.tempfile_in(place).at("create a file in", place)?;
        let lock_path = named.into_temp_path().keep().map_err(|error| error.error);
        let lock_path = lock_path.at("create a file in", place)?;
        let lock = LockFile::acquire(&lock_path, || {})?;
        let room = lock_path.with_extension("");
        fs::create_dir(&room).at("create directory", &room)?;
        let stage = Self {
            target: target.to_owned(),
            room,
            is_inside,
            _lock: lock,
        };
        let new = stage.path();
        fs::create_dir(&new).at("create directory", &new)?;
        Ok(stage)
    }

    /// The directory to be filled.
    pub(crate) fn path(&self) -> PathBuf {
        self.room.join("new")
    }

    /// Puts the directory in its place; what was there is gone afterwards.
    pub(crate) fn commit(self) -> Result<(), PathError> {
        self.commit_with(exchange)
    }

    fn commit_with(
        self,
        exchange: impl FnOnce(&Path, &Path) -> Result<(), PathError>,
    ) -> Result<(), PathError> {
        let new = self.path();
        if self.is_inside {
            return self.swap_names(&new);
        }
        match exchange(&new, &self.target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                rename_noreplace(&new, &self.target)
            }
            // Windows, volumes of macOS without RENAME_SWAP, and network file systems. They say so whether there is
            // something at the target or not.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                self.replace_in_two_steps(&new)
            }
            done => done,
        }
    }

    /// For a moment there is nothing at the target. If the second step fails, the first one is undone.
    fn replace_in_two_steps(&self, new: &Path) -> Result<(), PathError> {
        let old = self.room.join("old");
        match rename(&self.target, &old) {
            // Nothing to put aside: the usual case in a fresh job.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return rename_noreplace(new, &self.target);
            }
            moved => moved?,
        }
        rename(new, &self.target).or_else(|error| {
            rename(&old, &self.target)?;
            Err(error)
        })
    }

    fn swap_names(&self, new: &Path) -> Result<(), PathError> {
        let old = self.room.join("old");
        fs::create_dir(&old).at("create directory", &old)?;
        for path in names(&self.target)? {
            let is_ours = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
            if let Some(name) = path.file_name().filter(|_| !is_ours) {
                rename(&path, &old.join(name))?;
            }
        }
        for path in names(new)? {
            if let Some(name) = path.file_name() {
                rename(&path, &self.target.join(name))?;
            }
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What cannot be removed is swept by whoever comes next; the lock file goes with the lock.
        let _ = remove_tree(&self.room);
    }
}

fn names(directory: &Path) -> Result<Vec<PathBuf>, PathError> {
    let entries = fs::read_dir(directory).at("read directory", directory)?;
    entries
        .map(|entry| Ok(entry.at("read directory", directory)?.path()))
        .collect()
}

fn is_refused(error: &PathError) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Whether a directory is on another file system than what it lies in.
fn is_mount(target: &Path) -> bool {
    let Some(parent) = target.parent() else {
        return true;
    };
    match (larder_fs::device(target), larder_fs::device(parent)) {
        (Some(own), Some(above)) => own != above,
        _ => false,
    }
}

/// Removes the rooms of runs that are gone.
fn sweep(place: &Path) {
    for path in names(place).unwrap_or_default() {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !name.starts_with(PREFIX) || name.ends_with(LOCK) {
            continue;
        }
        let lock = path.with_file_name(format!("{name}{LOCK}"));
        if lock_holder(&lock) == Holder::Nobody {
            let _ = remove_tree(&path);
            let _ = fs::remove_file(&lock);
        }
    }
}

#[cfg(test)]
mod tests;
