//! Which packages go, come and stay, from records alone.
//!
//! A package stays if it is the same artifact. It is linked anew all the same if the caller says so, or if
//! it is `noarch: python` and python's place changes. Nothing here looks at files.

use std::collections::{BTreeMap, BTreeSet};

use larder_digest::Sha256;
use larder_lock::{Closure, LockedPackage};
use rattler_conda_types::Subdir;

use crate::{Installation, Installed, LinkPackage, PlanError, layout::PythonLayout};

/// Which packages go, come and stay.
#[derive(Debug)]
pub struct Difference<'a> {
    /// Packages whose files go, sorted by name.
    pub unlink: Vec<&'a Installed>,
    /// Packages whose files come, sorted by name. One that is in both lists is linked anew, if it is the
    /// same, or replaced.
    pub link: Vec<&'a LockedPackage>,
    /// Packages whose files are not touched.
    pub keep: Vec<Kept<'a>>,
    pub(crate) installation: &'a Installation,
}

/// A package whose files are not touched.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// As it is.
    pub installed: &'a Installed,
    /// As it is wanted: the same artifact, asked for in other words perhaps.
    pub wanted: &'a LockedPackage,
}

/// Compares what is installed with what is wanted. The packages named in `relink` are linked anew if they
/// are wanted.
///
/// # Errors
/// If the python that is wanted does not say where its packages go.
pub fn difference<'a>(
    installation: &'a Installation,
    closure: &'a Closure,
    relink: &BTreeSet<String>,
) -> Result<Difference<'a>, PlanError> {
    let mut found: BTreeMap<&str, Vec<&Installed>> = BTreeMap::new();
    for package in &installation.packages {
        found.entry(&package.name).or_default().push(package);
    }
    let moves_python = moves_python(&found, closure)?;
    let mut difference = Difference {
        unlink: Vec::new(),
        link: Vec::new(),
        keep: Vec::new(),
        installation,
    };
    for wanted in closure.packages() {
        match found.remove(wanted.name()).as_deref() {
            Some(&[installed])
                if is_same(installed, wanted)
                    && !relink.contains(wanted.name())
                    && !(moves_python && installed.is_noarch_python) =>
            {
                difference.keep.push(Kept { installed, wanted });
            }
            // Two records of one name are the mark of an accident: both go.
            installed => {
                difference.unlink.extend(installed.unwrap_or_default());
                difference.link.push(wanted);
            }
        }
    }
    difference.unlink.extend(found.into_values().flatten());
    difference.unlink.sort_by_key(|package| &package.file_name);
    Ok(difference)
}

impl Difference<'_> {
    /// Whether every package stays as it is, the words that asked for it included.
    pub fn is_empty(&self) -> bool {
        self.is_settled() && self.keep.iter().all(|kept| !kept.is_asked_for_otherwise())
    }

    /// Whether no package's files come or go.
    pub fn is_settled(&self) -> bool {
        self.unlink.is_empty() && self.link.is_empty() && self.installation.damaged.is_empty()
    }

    /// The archive of the python that stays, if it compiles.
    pub(crate) fn kept_python(&self) -> Option<Sha256> {
        let python = self
            .keep
            .iter()
            .find(|kept| kept.installed.name == "python")?;
        let is_pypy = python.installed.build.contains("pypy");
        python.installed.sha256.filter(|_| !is_pypy)
    }

    /// Where the python of the environment that is wanted has its packages.
    pub(crate) fn python(
        &self,
        link: &[LinkPackage<'_>],
        subdir: Subdir,
    ) -> Result<Option<PythonLayout>, PlanError> {
        if let Some(python) = PythonLayout::find(link, subdir)? {
            return Ok(Some(python));
        }
        match self
            .keep
            .iter()
            .find(|kept| kept.installed.name == "python")
        {
            Some(kept) => PythonLayout::of_installed(kept.installed, subdir),
            None => Ok(None),
        }
    }
}

impl Kept<'_> {
    /// Whether the record has to say so.
    pub(crate) fn is_asked_for_otherwise(&self) -> bool {
        self.installed.requested_specs != self.wanted.requested_specs
    }
}

/// By digest where both know one of a kind, else by name and address.
fn is_same(installed: &Installed, wanted: &LockedPackage) -> bool {
    let record = &wanted.record.package_record;
    if installed.version != record.version.as_str() || installed.build != record.build.as_str() {
        return false;
    }
    if let (Some(one), Some(other)) = (installed.sha256, wanted.sha256()) {
        return one == other;
    }
    match (installed.md5, wanted.md5()) {
        (Some(one), Some(other)) => one == other,
        _ => installed.subdir == record.subdir,
    }
}

fn moves_python(
    found: &BTreeMap<&str, Vec<&Installed>>,
    closure: &Closure,
) -> Result<bool, PlanError> {
    let (Some(old), Some(new)) = (
        found.get("python").and_then(|records| records.first()),
        closure.get("python"),
    ) else {
        return Ok(true);
    };
    if is_same(old, new) {
        return Ok(false);
    }
    let subdir = closure.subdir();
    let (old, new) = (
        PythonLayout::of_installed(old, subdir)?,
        PythonLayout::of(
            new,
            new.record
                .package_record
                .python_site_packages_path
                .as_deref(),
            subdir,
        )?,
    );
    Ok(!old.is_some_and(|old| old.is_like(&new)))
}
