//! From archives in the store to the environment: trees, plan, apply; or no trees at all.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use larder_event::Reporter;
use larder_link::{Applied, ApplyError, LinkOptions, LinkPackage, Replace, Streamed};
use larder_manifest::without_credentials;
use larder_store::Object;
use larder_unpack::{Tree, Trees, TreesOptions};

use crate::materialize::{self, Forester, Stored, Trust};

use super::{CreateError, Ephemeral, Run, Wanted, arrivals::Arrivals, direct};

/// Every package's archive, by name.
pub(super) type Objects = BTreeMap<String, Object>;

/// How often a create starts again because trees are damaged while it links from them.
const MAX_ROUNDS: u32 = 4;

/// What was put into the environment.
pub(super) struct Installed {
    pub(super) paths: u64,
    pub(super) bytes_written: u64,
}

impl From<Applied> for Installed {
    fn from(applied: Applied) -> Self {
        Self {
            paths: applied.paths,
            bytes_written: applied.bytes_written,
        }
    }
}

impl Run<'_> {
    /// Links everything, from trees that are made where they are missing, or, where none are kept,
    /// straight from the archives.
    pub(super) fn install(
        &self,
        wanted: &Wanted<'_>,
        objects: &Objects,
    ) -> Result<Installed, CreateError> {
        let stored = materialize::stored(&wanted.closure, objects);
        if self.options.ephemeral == Ephemeral::No {
            return self.link(wanted, &stored, &self.settings.trees);
        }
        match direct::stream(self, wanted, &Arrivals::all(objects.clone()))? {
            Streamed::Applied(applied) => return Ok(applied.into()),
            Streamed::NeedsTrees { package } => {
                let text = format!("trees are made, as {package} has a pre-link script");
                self.reporter.note(text);
            }
            Streamed::Incomplete => {}
        }
        self.link_beside(wanted, &stored)
    }

    /// Makes the trees of archives as they come. What fails here fails again, and is told, when
    /// everything is linked.
    pub(super) fn unpack(&self, wanted: &Wanted<'_>, arrivals: &Arrivals) {
        let Ok(trees) = Trees::open(&self.settings.trees, trees_options()) else {
            return;
        };
        let forester = self.forester(&trees);
        let next = || {
            let (name, object) = arrivals.next()?;
            let package = wanted.closure.get(&name)?;
            Some(Stored { package, object })
        };
        if let Err(error) = forester.make_as_they_come(wanted.closure.packages().len(), next) {
            self.reporter.note(format!("{error}, while others came"));
        }
    }

    /// By trees in a directory beside the environment, so that files can be linked.
    fn link_beside(
        &self,
        wanted: &Wanted<'_>,
        stored: &[Stored<'_>],
    ) -> Result<Installed, CreateError> {
        let scratch = larder_link::scratch_beside(&wanted.prefix).map_err(CreateError::Trees)?;
        let result = self.link(wanted, stored, scratch.path());
        if let Err(error) = scratch.close() {
            self.reporter
                .warn("create::left-over", format!("{error}: {}", error.source));
        }
        result
    }

    fn forester<'f>(&'f self, trees: &'f Trees) -> Forester<'f> {
        Forester {
            store: &self.store,
            trees,
            threads: self.settings.threads,
            reporter: self.reporter,
        }
    }

    fn link(
        &self,
        wanted: &Wanted<'_>,
        stored: &[Stored<'_>],
        root: &Path,
    ) -> Result<Installed, CreateError> {
        let trees = Trees::open(root, trees_options()).map_err(CreateError::Trees)?;
        let forester = self.forester(&trees);
        let mut trust = Trust::AtUse;
        let mut rounds = 1;
        let applied = loop {
            let found = forester.trees(stored, trust)?;
            match self.apply(wanted, stored, (&found, root)) {
                Err(CreateError::Apply(error @ ApplyError::Tree { .. })) if rounds < MAX_ROUNDS => {
                    self.reporter.note(format!("{error}, found while linking"));
                    trust = Trust::Doubted;
                    rounds += 1;
                }
                other => break other?,
            }
        };
        restamp(&trees, stored, &applied.touched, self.reporter);
        Ok(applied.into())
    }

    fn apply(
        &self,
        wanted: &Wanted<'_>,
        stored: &[Stored<'_>],
        (trees, root): (&[Tree], &Path),
    ) -> Result<Applied, CreateError> {
        // Where a tree would be if it were kept: conda wants the path even if nothing is there.
        let recorded = |tree: &Tree| match tree.root.strip_prefix(root) {
            Ok(relative) => self.settings.trees.join(relative),
            Err(_) => tree.root.clone(),
        };
        let recorded: Vec<PathBuf> = trees.iter().map(recorded).collect();
        let packages: Vec<LinkPackage<'_>> = stored
            .iter()
            .zip(trees.iter().zip(&recorded))
            .map(|(stored, (tree, recorded))| link_package(stored, tree, recorded))
            .collect();
        let options = LinkOptions {
            bytecode: self.bytecodes(root),
            ..self.link_options(wanted)
        };
        let plan = larder_link::plan(&packages, &options)?;
        Ok(larder_link::apply(&plan, &options, self.reporter)?)
    }

    pub(super) fn link_options(&self, wanted: &Wanted<'_>) -> LinkOptions {
        let manifest = wanted.manifest;
        let specs = manifest
            .map(|manifest| manifest.specs_for(self.subdir))
            .unwrap_or_default();
        LinkOptions {
            link_mode: self.options.link_mode,
            threads: self.settings.threads,
            variables: wanted.variables.clone(),
            command_line: self.options.command_line.clone(),
            timestamp: self.options.timestamp.clone(),
            tool: "larder".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            update_specs: specs
                .iter()
                .map(|dependency| without_credentials(&dependency.text))
                .collect(),
            link_scripts: self.options.link_scripts,
            clobber: self.options.clobber,
            replace: if self.options.replace {
                Replace::Existing
            } else {
                Replace::Never
            },
            fingerprint: Some(wanted.fingerprint),
            held: Some(Arc::clone(&wanted.held)),
            ..LinkOptions::new(&wanted.prefix, self.subdir)
        }
    }
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

fn trees_options() -> TreesOptions {
    TreesOptions {
        boot_id: larder_fs::boot_id(),
        now: Some(SystemTime::now()),
    }
}

fn link_package<'a>(
    stored: &'a Stored<'a>,
    tree: &'a Tree,
    recorded_root: &'a Path,
) -> LinkPackage<'a> {
    LinkPackage {
        locked: stored.package,
        tree_root: &tree.root,
        recorded_root,
        info: &tree.info,
        stamps: &tree.stamps,
        archive_path: &stored.object.path,
    }
}
