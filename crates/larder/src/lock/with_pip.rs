//! The `pip:` section of a manifest in its lock, for each platform.

use std::collections::{BTreeMap, BTreeSet};

use larder_event::Reporter;
use larder_lock::{Closure, LockFile, PackageCategories, PipLock, PipPackage, keep_main_alone};
use larder_pypi::{normalize, plain};
use larder_solve::CutOffs;
use larder_store::Store;
use rattler_conda_types::Subdir;

use super::LockOperationError;
use crate::{
    Settings,
    inputs::ManifestInput,
    pip::{PipRun, section},
    solving::Want,
};

/// The pip packages beside each closure; nothing for platforms without a section.
pub(super) async fn lock_pips(
    input: &ManifestInput,
    wants: &[Want],
    closures: &[Closure],
    cut_offs: &CutOffs,
    (store, settings, reporter): (&Store, &Settings, &dyn Reporter),
) -> Result<Vec<LockedSection>, LockOperationError> {
    let mut locked = Vec::new();
    for (want, closure) in wants.iter().zip(closures) {
        let Some(section) = section(input, want.subdir, settings)? else {
            continue;
        };
        let run = PipRun {
            settings,
            store,
            channels: want.channels.lock_urls(),
            cut_offs,
            reporter,
        };
        let pip = run.lock(&section, closure, &want.virtual_packages).await?;
        let mut locked_section = LockedSection {
            subdir: want.subdir,
            pip,
            categories: PackageCategories::new(),
        };
        if input.manifest.categories.len() > 1 {
            locked_section.add_categories(input, settings)?;
        }
        locked.push(locked_section);
    }
    Ok(locked)
}

/// The pip packages of one platform.
pub(super) struct LockedSection {
    pub(super) subdir: Subdir,
    pub(super) pip: PipLock,
    /// Of packages, where the manifests have several.
    categories: PackageCategories,
}

impl LockedSection {
    /// Each package belongs to the categories of the lines that need it, as conda packages do.
    fn add_categories(
        &mut self,
        input: &ManifestInput,
        settings: &Settings,
    ) -> Result<(), LockOperationError> {
        let mut of_passed_on: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for category in &input.manifest.categories {
            let mut input = input.clone();
            if let Some(pip) = &mut input.manifest.pip {
                pip.lines.retain(|line| *line.category == **category);
            }
            let Some(section) = section(&input, self.subdir, settings)? else {
                continue;
            };
            let lines = section.requirements();
            for name in self.needed_by(lines) {
                let own = self.categories.entry(name).or_default();
                own.insert(category.clone());
            }
            let passed_on = self.pip.passed_on().iter();
            for line in passed_on.filter(|line| asks_for(lines, line)) {
                let own = of_passed_on.entry(line.clone()).or_default();
                own.insert(category.clone());
            }
        }
        self.categories.values_mut().for_each(keep_main_alone);
        of_passed_on.values_mut().for_each(keep_main_alone);
        if let Some(request) = &mut self.pip.request {
            request.categories_of_passed_on = of_passed_on;
        }
        Ok(())
    }

    /// The names, as the lock spells them, of the packages that these lines need.
    fn needed_by(&self, lines: &[String]) -> BTreeSet<String> {
        let packages: BTreeMap<String, &PipPackage> = self
            .pip
            .packages
            .iter()
            .map(|package| (normalize(&package.name), package))
            .collect();
        let mut queue: Vec<String> = lines
            .iter()
            .filter_map(|line| plain(line))
            .map(|plain| plain.name)
            .collect();
        let mut needed = BTreeSet::new();
        while let Some(name) = queue.pop() {
            if let Some(package) = packages.get(&name)
                && needed.insert(package.name.clone())
            {
                let depends = package.dependencies.iter();
                queue.extend(depends.map(|(name, _)| normalize(name)));
            }
        }
        needed
    }
}

/// Whether lines of a section ask for what is passed on: as it stands, or by its name.
fn asks_for(lines: &[String], passed_on: &str) -> bool {
    let name = passed_on.split_once("==").map(|(name, _)| normalize(name));
    lines.iter().any(|line| {
        line == passed_on || name.is_some() && plain(line).map(|plain| plain.name) == name
    })
}

/// A lock with these pip packages.
pub(super) fn joined(lock: LockFile, pips: &[LockedSection], category: &str) -> LockFile {
    pips.iter().fold(lock, |lock, locked| {
        lock.with_pip_of_categories(locked.subdir, &locked.pip, category, &locked.categories)
    })
}

/// How many pip packages a platform has.
pub(super) fn count(pips: &[LockedSection], subdir: Subdir) -> usize {
    let of_subdir = pips.iter().filter(|locked| locked.subdir == subdir);
    of_subdir.map(|locked| locked.pip.packages.len()).sum()
}
