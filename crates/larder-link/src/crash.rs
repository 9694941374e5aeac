//! What a run that was killed leaves, and how the next one puts things right.
//!
//! Names beside a prefix `P` called `env`, `R` being eight random characters:
//!
//! | name | what it is |
//! |---|---|
//! | `.larder-env.lock` | held while `P` is changed; a convenience (one waits for the other), never a proof |
//! | `.larder-env-R` | the new environment before it is in place; after an exchange the old one |
//! | `.larder-env-R.old` | the old environment, where the file system cannot exchange two directories |
//! | `P/conda-meta/.larder-unfinished` | `P` is in place but its link scripts have not all run; holds `.larder-env-R` |
//!
//! An environment without link scripts is built whole, records and history included, and then moved
//! into place; that step is the commit. With link scripts, which must see the final place, it is moved
//! into place with the marker and without history (no history, no environment: CEP 32); the commit is
//! the history's rename. Packages with a pre-link script have the whole environment linked at its place.
//!
//! | killed | leaves | the next run |
//! |---|---|---|
//! | while building | `.larder-env-R` | removes it |
//! | after the move into place, no scripts | `P` whole; the old one as `.larder-env-R` or `.old` | removes the old one |
//! | between the two renames, where there is no exchange | no `P`, `.old`, perhaps `.larder-env-R` | renames `.old` back, removes the other |
//! | while scripts run or records are written | `P` with marker, without history | removes `P`, puts the old one back |
//! | after the history was written | `P` with marker and history | removes marker and old one |
//! | while putting back | one of the above | as above |
//!
//! An empty directory that was at `P` beforehand is put back when a run fails, not when it is killed.
//! Nothing is flushed file by file: after a power loss an environment may hold empty files, as with
//! every other installer, and is made again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_event::Reporter;
use larder_fs::{PathContext as _, PathError, exchange, remove_tree, rename_noreplace};

use crate::apply::Site;

pub(crate) const MARKER: &str = ".larder-unfinished";

/// What [`recover`] found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Whether the environment that an unfinished run had replaced is back in its place.
    pub put_back: bool,
    /// Whether an unfinished environment was removed from the prefix.
    pub removed_unfinished: bool,
    /// How many directories of dead runs were removed from beside the prefix.
    pub leftovers: usize,
}

/// Clears away what killed runs left of the environment at `prefix`, and puts back what was there
/// before them. Waits for a live run on the same prefix. Does nothing if there is nothing to do.
///
/// # Errors
/// If something cannot be renamed or removed; calling it again goes on from there.
pub fn recover(prefix: &Path, reporter: &dyn Reporter) -> Result<Recovered, PathError> {
    let site = Site::new(prefix);
    if !site.parent.is_dir() || !needs_recovery(&site)? {
        return Ok(Recovered::default());
    }
    let _lock = site.lock(reporter)?;
    recover_locked(&site, reporter)
}

fn needs_recovery(site: &Site) -> Result<bool, PathError> {
    Ok(marker_path(&site.prefix).exists() || !site.leftovers()?.is_empty())
}

/// As [`recover`], for whoever holds the lock.
pub(crate) fn recover_locked(site: &Site, reporter: &dyn Reporter) -> Result<Recovered, PathError> {
    let mut recovered = Recovered::default();
    let marker = marker_path(&site.prefix);
    if let Some(staged) = read_marker(site, &marker)? {
        if site.has_history() {
            fs::remove_file(&marker).at("remove file", &marker)?;
        } else {
            recovered.removed_unfinished = true;
            recovered.put_back = put_back(site, &staged)?;
        }
    }
    let leftovers = site.leftovers()?;
    if !exists(&site.prefix)
        && let Some(old) = leftovers.iter().find(|path| is_old(path))
    {
        rename_noreplace(old, &site.prefix)?;
        recovered.put_back = true;
    }
    for leftover in leftovers.iter().filter(|path| exists(path)) {
        remove_tree(leftover)?;
        recovered.leftovers += 1;
    }
    if recovered != Recovered::default() {
        reporter.note(describe(site, recovered));
    }
    Ok(recovered)
}

fn describe(site: &Site, recovered: Recovered) -> String {
    let what = if recovered.put_back {
        "put back what was there before it"
    } else {
        "removed what it left"
    };
    format!(
        "an earlier run on `{}` did not finish: {what}",
        site.prefix.display()
    )
}

/// Takes the unfinished environment away from its place and puts back the one that it replaced, which
/// it says was staged as `staged`. Returns whether there was one.
pub(crate) fn put_back(site: &Site, staged: &Path) -> Result<bool, PathError> {
    let old = old_path(staged);
    let had_old = if exists(&old) {
        rename_noreplace(&site.prefix, staged)?;
        rename_noreplace(&old, &site.prefix)?;
        true
    } else if exists(staged) {
        exchange(&site.prefix, staged)?;
        true
    } else {
        rename_noreplace(&site.prefix, staged)?;
        false
    };
    remove_tree(staged)?;
    Ok(had_old)
}

/// Where the old environment goes if it cannot be exchanged with the one staged as `staged`.
pub(crate) fn old_path(staged: &Path) -> PathBuf {
    let mut path = staged.as_os_str().to_owned();
    path.push(".old");
    path.into()
}

pub(crate) fn marker_path(prefix: &Path) -> PathBuf {
    prefix.join("conda-meta").join(MARKER)
}

pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn is_old(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "old")
}

/// The path that the marker names. A marker that names nothing of this prefix is as good as one that
/// names nothing that exists: there was no old environment.
fn read_marker(site: &Site, marker: &Path) -> Result<Option<PathBuf>, PathError> {
    match fs::read_to_string(marker) {
        Ok(name) if site.is_staging_name(name.trim()) => Ok(Some(site.parent.join(name.trim()))),
        Ok(_) => Ok(Some(site.new_staging_path())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("read file", marker),
    }
}
