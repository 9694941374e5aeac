//! How an environment differs from the lock that it was based on.

use std::path::PathBuf;

use larder_lock::{Change, Closure, Listed, LockFile, LockHead, PackageSide, PipLock};
use serde::Serialize;

use crate::choose::LockBase;

/// How the packages differ from those of a lock, because specs of the command line were added to it.
#[derive(Debug, Clone, Serialize)]
pub struct LockChanges {
    /// The lock file, absolute. It is unchanged itself.
    pub path: PathBuf,
    /// What differs, sorted by name; nothing if the lock met the specs.
    pub packages: Vec<LockChange>,
}

/// A package that is not as it is locked.
#[derive(Debug, Clone, Serialize)]
pub struct LockChange {
    /// The package name.
    pub name: String,
    /// `conda` or `pip`.
    pub manager: &'static str,
    /// As it is locked; `None` if it is not.
    pub old: Option<PackageSide>,
    /// As it is installed; `None` if it is not.
    pub new: Option<PackageSide>,
}

impl LockChanges {
    /// The differences between a lock and what was chosen in its place.
    pub(crate) fn between(base: &LockBase, closure: &Closure, pip: &PipLock) -> Self {
        let old = as_lock(&base.closure, &base.pip);
        let diff = LockFile::diff(&old, &as_lock(closure, pip));
        let mut packages = Vec::new();
        for platform in diff.platforms {
            packages.extend(platform.added.into_iter().map(LockChange::added));
            packages.extend(platform.removed.into_iter().map(LockChange::removed));
            packages.extend(platform.changed.into_iter().map(LockChange::changed));
        }
        packages.sort_by(|a, b| (&a.name, a.manager).cmp(&(&b.name, b.manager)));
        Self {
            path: base.path.clone(),
            packages,
        }
    }

    /// Leaves out what an environment had before and keeps, which nobody added to the lock.
    pub(crate) fn without_extras(mut self, is_kept: impl Fn(&str) -> bool) -> Self {
        self.packages
            .retain(|change| change.old.is_some() || !is_kept(&change.name));
        self
    }
}

impl LockChange {
    fn added(package: Listed) -> Self {
        Self {
            name: package.name,
            manager: package.manager,
            old: None,
            new: Some(package.package),
        }
    }

    fn removed(package: Listed) -> Self {
        Self {
            name: package.name,
            manager: package.manager,
            old: Some(package.package),
            new: None,
        }
    }

    fn changed(change: Change) -> Self {
        Self {
            name: change.name,
            manager: change.manager,
            old: Some(change.old),
            new: Some(change.new),
        }
    }
}

fn as_lock(closure: &Closure, pip: &PipLock) -> LockFile {
    let head = LockHead::default();
    let lock = LockFile::new(std::slice::from_ref(closure), &head);
    lock.with_pip(closure.subdir(), pip, &head.category)
}
