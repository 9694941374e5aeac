//! From archives in the store to the environment: trees, plan, apply; or no trees at all.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use larder_link::{Applied, LinkOptions, LinkPackage, Replace, Streamed};
use larder_manifest::without_credentials;
use larder_store::Object;
use larder_unpack::{Tree, Trees, TreesOptions};

use crate::materialize::{self, Stored};

use super::{CreateError, Ephemeral, Run, Wanted, direct};

/// Every package's archive, by name.
pub(super) type Objects = BTreeMap<String, Object>;

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
        match self.options.ephemeral {
            Ephemeral::No => self.link(wanted, &stored, &self.settings.trees),
            Ephemeral::Yes => match direct::stream(self, wanted, &stored)? {
                Streamed::Applied(applied) => Ok(applied.into()),
                Streamed::NeedsTrees { package } => {
                    self.reporter.note(format!(
                        "trees are made, as {package} has a pre-link script"
                    ));
                    self.link_beside(wanted, &stored)
                }
            },
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

    fn link(
        &self,
        wanted: &Wanted<'_>,
        stored: &[Stored<'_>],
        root: &Path,
    ) -> Result<Installed, CreateError> {
        let trees = Trees::open(
            root,
            TreesOptions {
                boot_id: larder_fs::boot_id(),
            },
        )
        .map_err(CreateError::Trees)?;
        let trees = materialize::trees(
            stored,
            &self.store,
            &trees,
            self.settings.threads,
            self.reporter,
        )?;
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
        let options = self.link_options(wanted);
        let plan = larder_link::plan(&packages, &options)?;
        let applied = larder_link::apply(&plan, &options, self.reporter)?;
        Ok(applied.into())
    }

    pub(super) fn link_options(&self, wanted: &Wanted<'_>) -> LinkOptions {
        let manifest = wanted.manifest;
        let specs = manifest
            .map(|manifest| manifest.specs_for(self.subdir))
            .unwrap_or_default();
        LinkOptions {
            link_mode: self.options.link_mode,
            threads: self.settings.threads,
            variables: manifest
                .map(|manifest| manifest.variables.clone())
                .unwrap_or_default(),
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
            ..LinkOptions::new(&wanted.prefix, self.subdir)
        }
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
        archive_path: &stored.object.path,
    }
}
