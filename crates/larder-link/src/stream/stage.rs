//! The staged environment that archives are written into, and what each of them came to.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fs::{Dir, PathError};
use larder_lock::LockedPackage;
use larder_unpack::{Listing, PackageInfo};

use crate::{
    ApplyError, LinkPackage, ScriptPolicy,
    plan::{PlannedPackage, Planner},
    scripts, warn_of_other_package,
};

use super::{
    OpenedArchive,
    claims::Claims,
    contents,
    failure::{Failure, below},
    writer::{Outcome, Place, Writer},
};

/// What all threads write into.
pub(super) struct Stage<'s> {
    pub(super) planner: &'s Planner<'s>,
    pub(super) root: Dir,
    reporter: &'s dyn Reporter,
    claims: Mutex<Claims>,
}

/// A package whose entries are in the environment, as far as they were granted.
pub(super) struct Staged {
    pub(super) info: PackageInfo,
    /// For each planned path whether this package wrote it.
    pub(super) granted: Vec<bool>,
    /// Digest and size of what was rewritten, by planned path.
    pub(super) changed: HashMap<usize, (Sha256, u64)>,
    pub(super) bytes: u64,
    archive_path: PathBuf,
    recorded_root: PathBuf,
}

impl Staged {
    /// The package as plans know it. It has no tree: nothing of such a plan is linked.
    pub(super) fn link_package<'a>(&'a self, locked: &'a LockedPackage) -> LinkPackage<'a> {
        LinkPackage {
            locked,
            tree_root: &self.recorded_root,
            recorded_root: &self.recorded_root,
            info: &self.info,
            stamps: &[],
            archive_path: &self.archive_path,
        }
    }
}

impl<'s> Stage<'s> {
    pub(super) fn new(
        planner: &'s Planner<'s>,
        root: &Path,
        reporter: &'s dyn Reporter,
    ) -> Result<Self, ApplyError> {
        let root = Dir::open(root).map_err(|source| ApplyError::Place {
            prefix: planner.options.prefix.clone(),
            source,
        })?;
        Ok(Self {
            planner,
            root,
            reporter,
            claims: Mutex::default(),
        })
    }

    pub(super) fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what a package may write, and holds all of it against what it lists. Nothing if it cannot
    /// be done without a tree.
    pub(super) fn package(
        &self,
        locked: &LockedPackage,
        opened: OpenedArchive,
    ) -> Result<Option<Staged>, Failure> {
        let mut archive = opened.archive;
        let info = archive.read_package_info(&opened.expected)?;
        warn_of_other_package(locked, &opened.expected, &info.index, self.reporter);
        let mut staged = Staged {
            info,
            granted: Vec::new(),
            changed: HashMap::new(),
            bytes: 0,
            archive_path: opened.archive_path,
            recorded_root: opened.recorded_root,
        };
        if staged.info.listing == Listing::Legacy {
            let contents = contents::survey(&mut archive)?;
            staged.info.confirm(&contents, archive.label())?;
        }
        let planned = self.planner.package(staged.link_package(locked))?;
        if self.needs_tree(&planned) {
            return Ok(None);
        }
        let granted = self
            .claims()
            .grant(&planned, &self.root)
            .map_err(|source| self.failed(planned.package, source))?;
        let listed = (&planned, granted.as_slice(), opened.is_confirmed);
        let outcome = Writer::new(self.place(Some(self.reporter)), listed).run(&mut archive)?;
        let Outcome {
            contents,
            changed,
            bytes,
        } = outcome;
        staged.info.confirm(&contents, archive.label())?;
        (staged.granted, staged.changed, staged.bytes) = (granted, changed, bytes);
        self.tell_of_case(locked, &staged.info);
        Ok(Some(staged))
    }

    /// Where files go; with a word about names that are taken while packages are staged.
    pub(super) fn place(&self, reporter: Option<&'s dyn Reporter>) -> Place<'_> {
        Place {
            root: &self.root,
            prefix: &self.planner.prefix,
            subdir: self.planner.options.subdir,
            reporter,
        }
    }

    pub(super) fn failed(&self, package: LinkPackage<'_>, source: PathError) -> ApplyError {
        ApplyError::File {
            package: package.dist(),
            source: below(&self.root, source),
        }
    }

    fn needs_tree(&self, planned: &PlannedPackage<'_>) -> bool {
        let options = self.planner.options;
        planned.has_pre_link
            && options.link_scripts == ScriptPolicy::Run
            && scripts::can_run(options.subdir)
    }

    fn tell_of_case(&self, locked: &LockedPackage, info: &PackageInfo) {
        for colliding in info.case_collisions() {
            self.reporter.note(format!(
                "{} has names that differ in case only: {colliding:?}",
                locked.dist()
            ));
        }
    }
}
