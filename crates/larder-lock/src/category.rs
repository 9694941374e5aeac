//! Which categories packages belong to, and which of a lock are wanted.
//!
//! As conda-lock has it: a package belongs to the categories of the specs that need it, directly or through others; one
//! that `main` needs is of `main` alone, because that is always installed.

use std::collections::{BTreeMap, BTreeSet};

use rattler_conda_types::{GenericVirtualPackage, MatchSpec, Subdir};

use crate::{
    Closure, DEFAULT_CATEGORY, LockFile, Selection, file::Content, matching::Environment,
    satisfy::reachable,
};

/// The categories of packages, by name.
pub type PackageCategories = BTreeMap<String, BTreeSet<String>>;

/// The specs of each category, and those that go with Python wherever it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CategorySpecs {
    /// By category.
    pub specs: BTreeMap<String, Vec<MatchSpec>>,
    /// Nobody wrote these down: they belong to each category that has Python.
    pub implied: Vec<MatchSpec>,
}

/// The categories of the packages of `closure` that a spec needs.
pub fn package_categories(
    closure: &Closure,
    wanted: &CategorySpecs,
    virtual_packages: &[GenericVirtualPackage],
) -> PackageCategories {
    let environment = Environment::new(closure, virtual_packages);
    let mut categories = PackageCategories::new();
    for (category, specs) in &wanted.specs {
        let mut names = reachable(&environment, specs.iter());
        if names.contains("python") {
            names = reachable(&environment, specs.iter().chain(&wanted.implied));
        }
        for name in names {
            let of_package = categories.entry(name.to_owned()).or_default();
            of_package.insert(category.clone());
        }
    }
    categories.values_mut().for_each(keep_main_alone);
    categories
}

/// A package that `main` needs is of no other category.
pub fn keep_main_alone(categories: &mut BTreeSet<String>) {
    if categories.contains(DEFAULT_CATEGORY) {
        categories.retain(|category| category == DEFAULT_CATEGORY);
    }
}

impl LockFile {
    /// The categories of each conda package for `subdir`, as the lock says them.
    pub fn package_categories(&self, subdir: Subdir) -> PackageCategories {
        let mut categories = PackageCategories::new();
        for entry in &self.packages {
            if entry.platform == subdir && matches!(entry.content, Content::Conda(_)) {
                let of_package = categories.entry(entry.name().to_owned()).or_default();
                of_package.insert(entry.category.clone());
            }
        }
        categories
    }

    /// The lock with the selected packages alone.
    #[must_use]
    pub fn with_selection(mut self, selection: &Selection) -> Self {
        self.packages
            .retain(|entry| selection.contains(&entry.category));
        self
    }

    /// How many packages for `subdir` each category has that is not selected, without those that a selected category
    /// has as well.
    pub fn left_out(&self, subdir: Subdir, selection: &Selection) -> BTreeMap<&str, usize> {
        let entries = || {
            self.packages
                .iter()
                .filter(|entry| entry.platform == subdir)
        };
        let selected: BTreeSet<(&str, &str)> = entries()
            .filter(|entry| selection.contains(&entry.category))
            .map(|entry| (entry.manager(), entry.name()))
            .collect();
        let mut left_out = BTreeMap::new();
        for entry in entries() {
            if !selection.contains(&entry.category)
                && !selected.contains(&(entry.manager(), entry.name()))
            {
                *left_out.entry(entry.category.as_str()).or_default() += 1;
            }
        }
        left_out
    }
}
