//! Paths that a package which stays has in common with one that goes or comes.
//!
//! Where the bytes are the same, the path stays with the package that stays. Where they differ, that
//! package is linked anew with the others: then who wins is decided for all of them together, as in a new
//! environment, and what a package that goes had covered comes back (CEP 32, "Removing a package").

use std::collections::{BTreeSet, HashMap, HashSet};

use larder_unpack::PathKind;

use crate::{
    Installed, InstalledKind, InstalledPath, LinkPlan, clobber::parent_of, plan::PlannedPath,
    update::Difference,
};

/// What the packages that stay have to do with the paths that change.
#[derive(Debug, Default)]
pub(crate) struct Overlap {
    /// Paths that stay as they are, with the packages that stay.
    pub(crate) shared: HashSet<String>,
    /// Packages that stay only if they are linked anew.
    pub(crate) relink: BTreeSet<String>,
    /// Directories that packages which stay own as such.
    pub(crate) directories: HashSet<String>,
}

/// What is known of the bytes at a path.
#[derive(PartialEq)]
struct Bytes<'a> {
    sha256: Option<larder_digest::Sha256>,
    placeholder: Option<&'a str>,
    is_link: bool,
}

/// Finds the paths that packages which stay have in common with `difference.unlink`, and with `plan`.
pub(crate) fn overlap(difference: &Difference<'_>, plan: &LinkPlan<'_>) -> Overlap {
    let mut changing: HashMap<&str, Vec<Option<Bytes<'_>>>> = HashMap::new();
    for path in difference.unlink.iter().flat_map(|gone| &gone.paths) {
        let bytes = of_installed(path);
        changing.entry(path.path.as_str()).or_default().push(bytes);
    }
    for path in plan.packages.iter().flat_map(|package| &package.paths) {
        changing
            .entry(&path.path)
            .or_default()
            .push(of_planned(path));
    }
    // A link of a package that stays may be where a directory must come: the plan does not see that one.
    let mut parents: HashSet<&str> = HashSet::new();
    for path in changing.keys() {
        let mut parent = parent_of(path);
        while !parent.is_empty() && parents.insert(parent) {
            parent = parent_of(parent);
        }
    }
    let mut overlap = Overlap::default();
    for kept in &difference.keep {
        overlap.add(kept.installed, &changing, &parents);
    }
    overlap
}

impl Overlap {
    fn add(
        &mut self,
        kept: &Installed,
        changing: &HashMap<&str, Vec<Option<Bytes<'_>>>>,
        parents: &HashSet<&str>,
    ) {
        for path in &kept.paths {
            let text = path.path.as_str();
            if path.kind == InstalledKind::Directory {
                self.directories.insert(text.to_owned());
            } else if parents.contains(text) {
                self.relink.insert(kept.name.clone());
            }
            let Some(others) = changing.get(text) else {
                continue;
            };
            let bytes = of_installed(path);
            if others.iter().all(|other| *other == bytes) && (bytes.is_none() || is_known(&bytes)) {
                self.shared.insert(text.to_owned());
            } else {
                self.relink.insert(kept.name.clone());
            }
        }
    }
}

fn is_known(bytes: &Option<Bytes<'_>>) -> bool {
    bytes.as_ref().is_some_and(|bytes| bytes.sha256.is_some())
}

/// None of a directory.
fn of_installed(path: &InstalledPath) -> Option<Bytes<'_>> {
    (path.kind != InstalledKind::Directory).then(|| Bytes {
        sha256: path.sha256,
        placeholder: path.placeholder.as_deref(),
        is_link: path.kind == InstalledKind::Link,
    })
}

fn of_planned<'p>(path: &'p PlannedPath<'_>) -> Option<Bytes<'p>> {
    let Some(entry) = path.entry else {
        return Some(Bytes {
            sha256: None,
            placeholder: None,
            is_link: false,
        });
    };
    (entry.kind != PathKind::Directory).then(|| Bytes {
        sha256: entry.sha256,
        placeholder: entry.prefix.as_ref().map(|prefix| prefix.text.as_str()),
        is_link: entry.kind == PathKind::Softlink,
    })
}
