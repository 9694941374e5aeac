//! The `pip:` section of an update: what goes and comes beside the conda packages.
//!
//! In one journal with them, unless Python's minor version changes: what runs the installation must be there
//! before, so then the conda packages change first, and pip packages in a second journal.

use std::sync::Arc;

use larder_link::{Addition, Installation, PipFile};
use larder_lock::{Closure, PipLock, PipPackage, PipRequest};

use super::{Change, Extras};
use crate::{
    CreateError, Origin, Sources,
    choose::Chosen,
    inputs::{Input, ManifestInput},
    pip::{self, PipAddition, PipChange, Wanted, section},
};

/// What changes besides packages.
#[derive(Debug, Default)]
pub(super) struct Besides {
    /// Files that go.
    pub(super) remove: Vec<String>,
    /// What comes.
    pub(super) addition: Option<Arc<PipAddition>>,
}

impl Besides {
    pub(super) fn addition(&self) -> Option<Arc<dyn Addition>> {
        self.addition.clone().map(|addition| addition as _)
    }

    /// Where the files came from that it is of.
    pub(super) fn sources(&self) -> Sources {
        let addition = self.addition.as_ref();
        addition.map_or_else(Sources::default, |addition| *addition.sources())
    }
}

impl Change<'_> {
    /// The pip packages of what was chosen without a lock: those that are there, if nobody asks for others.
    pub(super) async fn with_pip(
        &self,
        input: &Input,
        chosen: Chosen,
    ) -> Result<Chosen, CreateError> {
        let Input::Manifest(input) = input else {
            return Ok(chosen);
        };
        if matches!(chosen.origin, Origin::Lock | Origin::Frozen) || !chosen.pip.is_empty() {
            return Ok(chosen);
        }
        if let Some(pip) = self.installed_pip(input, &chosen.closure)? {
            return Ok(Chosen { pip, ..chosen });
        }
        let want = self.run.want(&input.manifest)?;
        self.run.with_pip(input, &want, chosen).await
    }

    fn installed_pip(
        &self,
        input: &ManifestInput,
        closure: &Closure,
    ) -> Result<Option<PipLock>, CreateError> {
        let Some(section) = section(input, self.run.subdir, self.run.settings)? else {
            return Ok(None);
        };
        let Some(file) = PipFile::read(&self.prefix)? else {
            return Ok(None);
        };
        let Some(python) = closure
            .get("python")
            .map(|python| minor(&python.record.package_record.version.as_str()))
        else {
            return Ok(None);
        };
        let request = PipRequest::new(file.requirements.clone(), file.passed_on.clone(), python);
        let packages: Vec<PipPackage> = file.packages.iter().filter_map(pip::again).collect();
        let lock = PipLock::new(packages, Some(request));
        let fits = file.requirements == section.requirements()
            && pip::check_installed(&section, &lock, closure).is_empty();
        Ok(fits.then_some(lock))
    }

    /// What happens to pip packages.
    pub(super) fn pip_change(
        &self,
        installation: &Installation,
        chosen: &Chosen,
    ) -> Result<PipChange, CreateError> {
        let wanted = Wanted {
            lock: &chosen.pip,
            extras: self.options.extras,
            drifted: &self.mending.pip,
            everything: is_other_python(installation, &chosen.closure),
        };
        pip::change(&self.prefix, installation, &wanted)
    }

    /// The journals of an update, one or two: what goes and comes besides packages in each.
    pub(super) async fn journals(
        &self,
        input: &Input,
        (installation, closure): (&Installation, &Closure),
        change: PipChange,
    ) -> Result<(Besides, Option<Besides>), CreateError> {
        let mut remove = self.mending.also_remove.clone();
        remove.extend(change.remove.iter().cloned());
        if !change.adds() {
            let addition = None;
            return Ok((Besides { remove, addition }, None));
        }
        let kept = (change.kept, change.passes_on);
        let addition = self.run.addition_to(input, change.install, kept).await?;
        let addition = Some(addition);
        if is_other_python(installation, closure) {
            let second = Besides {
                remove: Vec::new(),
                addition,
            };
            let addition = None;
            return Ok((Besides { remove, addition }, Some(second)));
        }
        Ok((Besides { remove, addition }, None))
    }
}

/// Whether the Python that is there has another minor version than the one that comes.
fn is_other_python(installation: &Installation, closure: &Closure) -> bool {
    let mut installed = installation.packages.iter();
    let installed = installed.find(|package| package.name == "python");
    let installed = installed.map(|package| minor(&package.version));
    let wanted = closure.get("python");
    let wanted = wanted.map(|package| minor(&package.record.package_record.version.as_str()));
    installed != wanted
}

fn minor(version: &str) -> String {
    let parts: Vec<&str> = version.splitn(3, '.').take(2).collect();
    parts.join(".")
}

impl Extras {
    /// Whether pip packages that nobody asks for stay.
    pub(crate) fn stay(self) -> bool {
        self == Self::Keep
    }
}
