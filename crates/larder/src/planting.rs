//! Trees for a run that links: made where they are missing, and again where one turns out to be damaged
//! while it is used.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_event::Reporter;
use larder_fs::{Durability, PathError};
use larder_link::{ApplyError, LinkPackage, UpdateError};
use larder_store::Store;
use larder_unpack::{Tree, Trees, TreesOptions};

use crate::{
    Ephemeral, Settings,
    confirmed::Confirmed,
    create::CreateError,
    materialize::{Forester, Stored, Trust},
};

/// How often a run starts again because trees are damaged while it links from them.
const MAX_ROUNDS: u32 = 4;

/// What planting needs of a run.
pub(crate) struct Planter<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) store: &'a Store,
    pub(crate) reporter: &'a dyn Reporter,
    pub(crate) ephemeral: Ephemeral,
    /// Of the environment that is made from the trees.
    pub(crate) durability: Durability,
}

/// What was done with the trees.
pub(crate) struct Planted<T> {
    pub(crate) value: T,
    /// Packages whose trees somebody touched, by name.
    pub(crate) touched: Vec<String>,
}

impl Planter<'_> {
    /// Has `work` link packages, which it gets with the root of their trees: from the trees of this machine, or, where none are kept, from trees
    /// beside `prefix`, so that files can be linked, which go again.
    pub(crate) fn plant<T>(
        &self,
        prefix: &Path,
        stored: &[Stored<'_>],
        work: impl Fn(&[LinkPackage<'_>], &Path) -> Result<Planted<T>, CreateError>,
    ) -> Result<T, CreateError> {
        match self.ephemeral {
            Ephemeral::No => self.plant_in(&self.settings.trees, stored, work),
            Ephemeral::Yes => self.plant_beside(prefix, stored, work),
        }
    }

    fn plant_beside<T>(
        &self,
        prefix: &Path,
        stored: &[Stored<'_>],
        work: impl Fn(&[LinkPackage<'_>], &Path) -> Result<Planted<T>, CreateError>,
    ) -> Result<T, CreateError> {
        let scratch = larder_link::scratch_beside(prefix).map_err(CreateError::Trees)?;
        let result = self.plant_in(scratch.path(), stored, work);
        if let Err(error) = scratch.close() {
            self.reporter
                .warn("create::left-over", format!("{error}: {}", error.source));
        }
        result
    }

    /// The trees below `root`.
    pub(crate) fn open(&self, root: &Path) -> Result<Trees, PathError> {
        let options = TreesOptions {
            boot_id: larder_fs::boot_id(),
            now: Some(SystemTime::now()),
        };
        Trees::open(root, options)
    }

    pub(crate) fn forester<'f>(&'f self, trees: &'f Trees) -> Forester<'f> {
        Forester {
            store: self.store,
            trees,
            threads: self.settings.threads,
            // It is flushed in the end, with its trees.
            confirmed: Confirmed::of(self.store),
            flushes: self.durability != Durability::Lazy,
            reporter: self.reporter,
        }
    }

    fn plant_in<T>(
        &self,
        root: &Path,
        stored: &[Stored<'_>],
        work: impl Fn(&[LinkPackage<'_>], &Path) -> Result<Planted<T>, CreateError>,
    ) -> Result<T, CreateError> {
        let trees = self.open(root).map_err(CreateError::Trees)?;
        let forester = self.forester(&trees);
        let mut trust = Trust::AtUse;
        let mut rounds = 1;
        let planted = loop {
            let found = forester.trees(stored, trust)?;
            match self.link(stored, (&found, root), &work) {
                Err(error) if is_tree_damage(&error) && rounds < MAX_ROUNDS => {
                    self.reporter.note(format!("{error}, found while linking"));
                    trust = Trust::Doubted;
                    rounds += 1;
                }
                other => break other?,
            }
        };
        restamp(&trees, stored, &planted.touched, self.reporter);
        Ok(planted.value)
    }

    fn link<T>(
        &self,
        stored: &[Stored<'_>],
        (trees, root): (&[Tree], &Path),
        work: impl Fn(&[LinkPackage<'_>], &Path) -> Result<Planted<T>, CreateError>,
    ) -> Result<Planted<T>, CreateError> {
        // Where a tree would be if it were kept: conda wants the path even if nothing is there.
        let recorded = |tree: &Tree| match tree.root.strip_prefix(root) {
            Ok(relative) => self.settings.trees.join(relative),
            Err(_) => tree.root.clone(),
        };
        let archive = |stored: &Stored<'_>| self.settings.recorded_archive(&stored.object.path);
        let recorded: Vec<(PathBuf, PathBuf)> = trees
            .iter()
            .zip(stored)
            .map(|(tree, stored)| (recorded(tree), archive(stored)))
            .collect();
        let packages: Vec<LinkPackage<'_>> = stored
            .iter()
            .zip(trees.iter().zip(&recorded))
            .map(|(stored, (tree, recorded))| link_package(stored, tree, recorded))
            .collect();
        work(&packages, root)
    }
}

fn is_tree_damage(error: &CreateError) -> bool {
    matches!(
        error,
        CreateError::Apply(ApplyError::Tree { .. })
            | CreateError::Update(UpdateError::Apply(ApplyError::Tree { .. }))
    )
}

/// Somebody touched these; unless that is noted, each run reads them again.
fn restamp(trees: &Trees, stored: &[Stored<'_>], touched: &[String], reporter: &dyn Reporter) {
    for package in stored {
        if touched.iter().any(|name| name == package.package.name())
            && let Err(error) = trees.restamp(&package.object.id.sha256)
        {
            reporter.note(format!("stamps of a tree are not noted: {error}"));
        }
    }
}

fn link_package<'a>(
    stored: &'a Stored<'a>,
    tree: &'a Tree,
    (recorded_root, archive_path): &'a (PathBuf, PathBuf),
) -> LinkPackage<'a> {
    LinkPackage {
        locked: stored.package,
        tree_root: &tree.root,
        recorded_root,
        info: &tree.info,
        stamps: &tree.stamps,
        archive_path,
    }
}
