//! What has to happen to the pip packages of an environment that is there.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
};

use larder_link::{Installation, PIP_FILE, PipFile, PipInstalled, PipPackage as Found};
use larder_lock::{PipLock, PipPackage};
use larder_pypi::normalize;

use crate::{CreateError, Extras};

/// What goes, what comes and what stays.
#[derive(Debug, Default)]
pub(crate) struct PipChange {
    /// Files, which no conda package owns.
    pub(crate) remove: Vec<String>,
    /// What is installed.
    pub(crate) install: PipLock,
    /// What stays.
    pub(crate) kept: Vec<PipInstalled>,
    /// Whether lines that are passed on are installed again.
    pub(crate) passes_on: bool,
    /// Whether what is recorded changes, and be it by words alone.
    pub(crate) rewrites: bool,
}

impl PipChange {
    /// Whether nothing has to be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.remove.is_empty() && !self.adds()
    }

    /// Whether something comes, or is recorded otherwise.
    pub(crate) fn adds(&self) -> bool {
        self.rewrites || self.passes_on || !self.install.packages.is_empty()
    }
}

/// What is wanted of an update, for its pip packages.
pub(crate) struct Wanted<'w> {
    pub(crate) lock: &'w PipLock,
    pub(crate) extras: Extras,
    /// `name-version` of those whose files are not as they were.
    pub(crate) drifted: &'w BTreeSet<String>,
    /// Whether Python's minor version changes: everything moves then.
    pub(crate) everything: bool,
}

/// What an environment needs to have the pip packages that are wanted.
///
/// # Errors
/// If something of the environment cannot be read.
pub(crate) fn change(
    prefix: &Path,
    installation: &Installation,
    wanted: &Wanted<'_>,
) -> Result<PipChange, CreateError> {
    let file = PipFile::read(prefix)?;
    if file.is_none() && wanted.lock.is_empty() {
        return Ok(PipChange::default());
    }
    let records = crate::list::records(prefix).map_err(|_| CreateError::NotListed {
        prefix: prefix.to_owned(),
    })?;
    let installed = larder_link::pip_packages(prefix, &records)?;
    let known = file
        .clone()
        .unwrap_or_else(|| PipFile::new(Vec::new(), Vec::new(), Vec::new()));
    let sorting = Sorting {
        wanted,
        known: &known,
    };
    let mut change = sorting.sort(&installed);
    change.leave_to_conda(installation);
    if change.adds() || !change.remove.is_empty() {
        change.rewrites = !wanted.lock.is_empty() || !change.kept.is_empty();
        if file.is_some() {
            change.remove.push(PIP_FILE.to_owned());
        }
    }
    Ok(change)
}

struct Sorting<'s> {
    wanted: &'s Wanted<'s>,
    known: &'s PipFile,
}

impl Sorting<'_> {
    fn sort(&self, installed: &[Found]) -> PipChange {
        let lock = self.wanted.lock;
        let mut missing: BTreeMap<String, PipPackage> = BTreeMap::new();
        missing.extend(
            lock.packages
                .iter()
                .map(|package| (normalize(&package.name), package.clone())),
        );
        let wants_others = lock.passed_on() != self.known.passed_on.as_slice();
        let mut change = PipChange::default();
        let mut passed_on = 0;
        for found in installed {
            let mut known = self.known.packages.iter();
            let known = known.find(|known| known.metadata == found.metadata);
            let name = normalize(&found.name);
            let is_whole = !self.wanted.everything
                && !self
                    .wanted
                    .drifted
                    .contains(&format!("{}-{}", found.name, found.version));
            match (known, missing.get(&name)) {
                (Some(known), Some(package))
                    if is_whole && known.sha256.is_some() && known.sha256 == package.sha256 =>
                {
                    missing.remove(&name);
                    change.kept.push(known.clone());
                }
                (Some(known), None) if known.sha256.is_none() && is_whole && !wants_others => {
                    passed_on += 1;
                    change.kept.push(known.clone());
                }
                (Some(known), None) if self.wanted.extras.stay() && known.sha256.is_some() => {
                    if is_whole {
                        change.kept.push(known.clone());
                    } else if let Some(package) = again(known) {
                        missing.insert(name, package);
                        change.remove.extend(found.files.iter().cloned());
                    }
                }
                (None, None) => {}
                _ => change.remove.extend(found.files.iter().cloned()),
            }
        }
        change.passes_on = wants_others || passed_on < self.passed_on_before();
        change.passes_on &= !lock.passed_on().is_empty();
        let requirements = lock.request.as_ref().map(|request| &request.requirements);
        change.rewrites =
            requirements.is_some_and(|requirements| *requirements != self.known.requirements);
        change.install = lock.with_packages(missing.into_values().collect());
        change
    }

    fn passed_on_before(&self) -> usize {
        let packages = self.known.packages.iter();
        packages.filter(|package| package.sha256.is_none()).count()
    }
}

/// A package that was installed, as a lock has it.
pub(crate) fn again(known: &PipInstalled) -> Option<PipPackage> {
    Some(PipPackage {
        name: known.name.clone(),
        version: known.version.clone(),
        url: known.url.clone()?,
        index: None,
        sha256: known.sha256,
        md5: None,
        dependencies: Vec::new(),
    })
}

impl PipChange {
    /// What conda packages have stays, whatever a `RECORD` says.
    fn leave_to_conda(&mut self, installation: &Installation) {
        if self.remove.is_empty() {
            return;
        }
        let paths = installation
            .packages
            .iter()
            .flat_map(|package| &package.paths);
        let owned: HashSet<&str> = paths.map(|path| path.path.as_str()).collect();
        self.remove.retain(|path| !owned.contains(path.as_str()));
        self.remove.sort();
        self.remove.dedup();
    }
}
