//! From archives in the store to the environment: trees, plan, apply; or no trees at all.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use larder_link::{Applied, LinkOptions, LinkPackage, Menus, Streamed};
use larder_manifest::{Manifest, without_credentials};
use larder_store::Object;

use crate::{
    Shortcuts,
    link_scripts::LinkScriptHost,
    materialize::{self, Stored},
    planting::{Planted, Planter},
};

use super::{CreateError, Ephemeral, Run, Wanted, arrivals::Arrivals, direct};

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
        let link = |packages: &[LinkPackage<'_>], root: &Path| self.link(wanted, (packages, root));
        if self.options.ephemeral == Ephemeral::Yes {
            match direct::stream(self, wanted, &Arrivals::all(objects.clone()))? {
                Streamed::Applied(applied) => return Ok(applied.into()),
                Streamed::NeedsTrees { package } => {
                    let text = format!("trees are made, as {package} has a pre-link script");
                    self.reporter.note(text);
                }
                Streamed::Incomplete => {}
            }
        }
        self.planter().plant(&wanted.prefix, &stored, link)
    }

    /// Makes the trees of archives as they come. What fails here fails again, and is told, when
    /// everything is linked.
    pub(super) fn unpack(&self, wanted: &Wanted<'_>, arrivals: &Arrivals) {
        let planter = self.planter();
        let Ok(trees) = planter.open(&self.settings.trees) else {
            return;
        };
        let forester = planter.forester(&trees);
        let next = || {
            let (name, object) = arrivals.next()?;
            let package = wanted.closure.get(&name)?;
            Some(Stored { package, object })
        };
        if let Err(error) = forester.make_as_they_come(wanted.closure.packages().len(), next) {
            self.reporter.note(format!("{error}, while others came"));
        }
    }

    fn link(
        &self,
        wanted: &Wanted<'_>,
        (packages, root): (&[LinkPackage<'_>], &Path),
    ) -> Result<Planted<Installed>, CreateError> {
        let options = LinkOptions {
            bytecode: self.bytecodes(root),
            ..self.link_options(wanted)
        };
        let plan = larder_link::plan(packages, &options)?;
        let applied = larder_link::apply(&plan, &options, self.reporter)?;
        Ok(Planted {
            touched: applied.touched.clone(),
            value: applied.into(),
        })
    }

    pub(crate) fn planter(&self) -> Planter<'_> {
        Planter {
            settings: self.settings,
            store: &self.store,
            reporter: self.reporter,
            ephemeral: self.options.ephemeral,
            durability: self.options.durability(),
        }
    }

    pub(super) fn link_options(&self, wanted: &Wanted<'_>) -> LinkOptions {
        LinkOptions {
            variables: wanted.variables.clone(),
            replace: self.options.replacing(),
            fingerprint: Some(wanted.fingerprint),
            held: Some(Arc::clone(&wanted.held)),
            addition: wanted.addition.clone().map(|addition| addition as _),
            ..self.link_options_for(&wanted.prefix, wanted.manifest)
        }
    }

    /// What holds for whatever is done at a prefix.
    pub(crate) fn link_options_for(
        &self,
        prefix: &Path,
        manifest: Option<&Manifest>,
    ) -> LinkOptions {
        let specs = manifest
            .map(|manifest| manifest.specs_for(self.subdir))
            .unwrap_or_default();
        LinkOptions {
            link_mode: self.options.link_mode,
            script_host: Some(LinkScriptHost::new(self.settings)),
            threads: self.settings.threads,
            command_line: self.options.command_line.clone(),
            timestamp: self.options.timestamp.clone(),
            tool: "larder".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            update_specs: specs
                .iter()
                .map(|dependency| without_credentials(&dependency.text))
                .collect(),
            link_scripts: self.options.link_scripts,
            menus: match self.options.shortcuts {
                Shortcuts::Leave => Menus::Nobody,
                Shortcuts::Make => Menus::Caller,
            },
            durability: self.options.durability(),
            clobber: self.options.clobber,
            ..LinkOptions::new(prefix, self.subdir)
        }
    }
}
