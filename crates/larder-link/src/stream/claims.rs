//! Who may write at which path while packages come in any order.
//!
//! The first package that claims a path writes there; who really wins is decided when all are known.
//! Directories are made here and nowhere else, before anything in them, and a path below a file or a
//! link is never granted: so nothing is ever written through a link.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
};

use larder_fs::{Dir, PathError};

use crate::{
    clobber::parent_of,
    plan::{Action, PlannedPackage},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    Directory,
    /// A file or a link.
    File,
}

/// Every path that was granted so far.
#[derive(Debug, Default)]
pub(super) struct Claims {
    taken: HashMap<String, Claim>,
}

impl Claims {
    /// Grants a package what is free of its paths, and makes the directories for that below `root`.
    /// For each path whether it was granted; generated files never are, they are made at the end.
    ///
    /// # Errors
    /// If a directory cannot be made.
    pub(super) fn grant(
        &mut self,
        package: &PlannedPackage<'_>,
        root: &Dir,
    ) -> Result<Vec<bool>, PathError> {
        self.taken.reserve(package.paths.len());
        let mut granted = Vec::with_capacity(package.paths.len());
        for planned in &package.paths {
            granted.push(match planned.action {
                Action::Generate { .. } => false,
                Action::Directory => self.directory(&planned.path, root)?,
                _ => self.file(&planned.path, root)?,
            });
        }
        Ok(granted)
    }

    fn file(&mut self, path: &str, root: &Dir) -> Result<bool, PathError> {
        if !self.directory(parent_of(path), root)? {
            return Ok(false);
        }
        match self.taken.entry(path.to_owned()) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(free) => {
                free.insert(Claim::File);
                Ok(true)
            }
        }
    }

    /// Whether there is a directory at `path` now, with all above it.
    pub(super) fn directory(&mut self, path: &str, root: &Dir) -> Result<bool, PathError> {
        if path.is_empty() {
            return Ok(true);
        }
        if let Some(claim) = self.taken.get(path) {
            return Ok(*claim == Claim::Directory);
        }
        if !self.directory(parent_of(path), root)? {
            return Ok(false);
        }
        match root.create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Another one that differs in letter case only, where that does not count. Opening fails
                // if it is a file or a link.
                root.open_dir(path)?;
            }
            other => other?,
        }
        self.taken.insert(path.to_owned(), Claim::Directory);
        Ok(true)
    }
}
