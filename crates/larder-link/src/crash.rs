//! What a run that was killed leaves, and how the next one puts things right.
//!
//! Names beside a prefix `P` called `env`, `R` being eight random characters:
//!
//! | name | what it is |
//! |---|---|
//! | `.larder-env.lock` | held while `P` is changed; a convenience (one waits for the other), never a proof |
//! | `.larder-env-R.scratch` | what is needed only while `P` is made ([`scratch_beside`](crate::scratch_beside())) |
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
//! | while unpacking into trees of its own | `.larder-env-R.scratch`, its `in-use` not locked | removes it |
//! | while building, from trees or archives | `.larder-env-R` | removes it |
//! | while removing an environment | `P` whole, or no `P` and `.larder-env-R` | removes the latter |
//! | after the move into place, no scripts | `P` whole; the old one as `.larder-env-R` or `.old` | removes the old one |
//! | between the two renames, where there is no exchange | no `P`, `.old`, perhaps `.larder-env-R` | renames `.old` back, removes the other |
//! | while scripts run or records are written | `P` with marker, without history | removes `P`, puts the old one back |
//! | after the history was written | `P` with marker and history | removes marker and old one |
//! | while putting back | one of the above | as above |
//!
//! Without the lock (NFS and Lustre may refuse it) nobody knows whether a run on another machine lives:
//!
//! | the next run, without the lock, finds | and |
//! |---|---|
//! | `P` with marker, the marker younger than 24 h | changes nothing at all; `apply` fails with `Unfinished` |
//! | no `P`, `.old` | renames `.old` back: if its run lives, that run fails, and `P` is the old one |
//! | any other name younger than 24 h | leaves it alone |
//! | anything older than 24 h | does as with the lock |
//!
//! The age is that of the last change or rename. Some file systems grant locks that hold on one machine
//! only. So nothing is ever removed under the name that its run knows: it is renamed first, and a run
//! that lives all the same fails when it wants to move it, with nothing half removed in its place; it
//! writes records only where its own marker is. A scratch directory goes only if its own lock is free,
//! and was taken in this boot of this machine, or by age.
//!
//! An update in place works below `P/conda-meta/.larder-update` (`update/journal.rs`); the commit is the
//! rename of `journal` to `committed`, when everything has been moved and the history is written:
//!
//! | killed | leaves | the next run |
//! |---|---|---|
//! | before `journal` is written, pre-unlink and pre-link scripts included | `new/`, `old/` | removes them |
//! | while files move, while post-link scripts run, while records move or history grows | `journal` | moves back what has moved, shortens history |
//! | while undoing | `journal` | goes on undoing |
//! | after the commit | `committed` | keeps what somebody had changed, removes `old/` and empty directories |
//!
//! So there is always the old file or the new one at its place or in `old/`. The file system is flushed
//! before the journal is written, the journal before the first move, and all moves before the commit.
//!
//! What makes a run move or remove something is trusted only with this user's seal (`seal.rs`): the marker,
//! the journal, and in `.larder-env-R.old` the note `conda-meta/.larder-replaced`. A journal or marker
//! without it stops the run with an error; an `.old` without it, and whatever is not this user's own
//! directory, is left alone and mentioned.
//!
//! An empty directory that was at `P` beforehand is put back when a run fails, not when it is killed.
//!
//! Before a new environment takes its place (or, at its place, before its history), what it is made of is on
//! the disk: with [`Durability::Flush`] its file system is flushed, in one call, and its place before the old
//! one is removed; with [`Durability::Ordered`] only bytes are waited for, where the file system keeps order
//! (`apply/durable.rs`), so that its place may be lost again, never a part of it. After a power loss there is
//! the old or the new one, whole, or one of the states above. Files of trees that it shares are on the same
//! file system. Not with [`Durability::Lazy`], nor on Windows, which flushes volumes for administrators alone:
//! there it may be missing or hold empty files, as with other installers; `larder verify` finds that
//! (`tests/cli/power_loss.rs`).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_event::Reporter;
use larder_fs::{
    Durability, PathContext as _, PathError, exchange, is_ours, remove_tree, rename_noreplace,
    write_atomic,
};

use crate::{
    Held,
    apply::{Site, is_scratch},
    certainty::Certainty,
    control_files::{MAX_SMALL, is_environment, read_control_file},
    scratch,
    seal::{JournalKey, Sealed, refuse_unsealed},
    update::{self, Settled, workshop::Workshop},
};

pub(crate) const MARKER: &str = ".larder-unfinished";
/// In an environment that was moved aside: that it was at this prefix, with a seal.
const REPLACED: &str = ".larder-replaced";

/// What [`recover`] found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Whether the environment that an unfinished run had replaced is back in its place.
    pub put_back: bool,
    /// Whether an unfinished environment was removed from the prefix.
    pub removed_unfinished: bool,
    /// How many directories of dead runs were removed from beside the prefix.
    pub leftovers: usize,
    /// Whether an update that was killed was undone.
    pub undone_update: bool,
    /// Whether an update that was killed when all was in place was tidied up after.
    pub finished_update: bool,
    /// How many were left alone because this user's larder did not make them, as far as can be told.
    pub unknown: usize,
    /// How many were left alone, because the runs that made them may be alive on another machine.
    pub left_alone: usize,
}

/// Clears away what killed runs left of the environment at `prefix`, and puts back what was there
/// before them. Waits for a live run on the same prefix. Does nothing if there is nothing to do.
///
/// # Errors
/// If something cannot be renamed or removed; calling it again goes on from there.
pub fn recover(
    prefix: &Path,
    key: &JournalKey,
    reporter: &dyn Reporter,
) -> Result<Recovered, PathError> {
    let site = Site::new(prefix, key);
    if !site.parent.is_dir() || prefix.is_symlink() || !needs_recovery(&site)? {
        return Ok(Recovered::default());
    }
    let held = Held::wait(prefix, "", key, reporter)?;
    held.recover(reporter)
}

fn needs_recovery(site: &Site) -> Result<bool, PathError> {
    Ok(exists(&marker_path(&site.prefix))
        || workshop(site).is_in_use()
        || exists(&site.lock_path())
        || !site.leftovers()?.is_empty())
}

/// As [`recover`], for whoever has the lock as far as there are locks.
pub(crate) fn recover_locked(
    site: &Site,
    certainty: Certainty,
    reporter: &dyn Reporter,
) -> Result<Recovered, PathError> {
    let mut recovered = Recovered::default();
    let marker = marker_path(&site.prefix);
    if site.prefix.is_symlink() {
        return Ok(recovered);
    }
    if exists(&marker) && !certainty.is_abandoned(&marker)? {
        recovered.left_alone = 1;
    } else {
        settle_update(site, certainty, &mut recovered)?;
        settle_marker(site, &marker, &mut recovered)?;
        clear_leftovers(site, certainty, &mut recovered)?;
    }
    tell(site, recovered, reporter);
    Ok(recovered)
}

fn workshop(site: &Site) -> Workshop {
    Workshop::new(&site.prefix, Durability::Flush, &site.key)
}

/// An update in place that was killed is undone, or finished if all was in place.
fn settle_update(
    site: &Site,
    certainty: Certainty,
    recovered: &mut Recovered,
) -> Result<(), PathError> {
    let workshop = workshop(site);
    if !workshop.is_in_use() {
        return Ok(());
    }
    if !certainty.is_abandoned(workshop.root())? {
        recovered.left_alone += 1;
        return Ok(());
    }
    match update::settle(&workshop)? {
        Settled::Nothing => {}
        Settled::Undone => recovered.undone_update = true,
        Settled::Finished => recovered.finished_update = true,
    }
    Ok(())
}

/// What is at the prefix with a marker becomes an environment, or goes.
fn settle_marker(site: &Site, marker: &Path, recovered: &mut Recovered) -> Result<(), PathError> {
    if is_environment(&site.prefix) {
        return remove_marker(marker);
    }
    let Some(staged) = read_marker(site)? else {
        return Ok(());
    };
    recovered.removed_unfinished = true;
    recovered.put_back = put_back(site, &staged)?;
    Ok(())
}

fn clear_leftovers(
    site: &Site,
    certainty: Certainty,
    recovered: &mut Recovered,
) -> Result<(), PathError> {
    let mut leftovers = site.leftovers()?;
    // An environment comes back, or goes, only if this user's larder moved it aside. Other things of these
    // names are left alone: a repository may carry them, and so may a directory from another machine.
    let is_known =
        |path: &Path| is_our_directory(path) && (!is_old(path) || is_replaced(site, path));
    let before = leftovers.len();
    leftovers.retain(|path| is_known(path));
    recovered.unknown = before - leftovers.len();
    if !exists(&site.prefix)
        && let Some(old) = leftovers.iter().find(|path| is_old(path))
    {
        rename_noreplace(old, &site.prefix)?;
        remove_replaced_note(site);
        recovered.put_back = true;
    }
    for leftover in leftovers.iter().filter(|path| exists(path)) {
        if is_scratch(leftover) {
            if scratch::is_abandoned(leftover, certainty)? {
                bury(site, leftover)?;
                recovered.leftovers += 1;
            }
        } else if certainty.is_abandoned(leftover)? {
            bury(site, leftover)?;
            recovered.leftovers += 1;
        } else {
            recovered.left_alone += 1;
        }
    }
    Ok(())
}

/// Removes a directory under a name that nobody knows: a run that lives after all must not find half
/// of it, nor move it into place meanwhile.
fn bury(site: &Site, leftover: &Path) -> Result<(), PathError> {
    loop {
        let grave = site.new_staging_path();
        match rename_noreplace(leftover, &grave) {
            Ok(()) => return remove_tree(&grave),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

fn tell(site: &Site, recovered: Recovered, reporter: &dyn Reporter) {
    let prefix = site.prefix.display();
    let has_done = recovered.put_back
        || recovered.removed_unfinished
        || recovered.undone_update
        || recovered.finished_update
        || recovered.leftovers > 0;
    if has_done {
        let what = if recovered.finished_update {
            "finished its update"
        } else if recovered.put_back || recovered.undone_update {
            "put back what was there before it"
        } else {
            "removed what it left"
        };
        reporter.note(format!(
            "an earlier run on `{prefix}` did not finish: {what}"
        ));
    }
    if recovered.unknown > 0 {
        reporter.note(format!(
            "{} entries beside `{prefix}` look like left-overs of larder, but this user's larder did not \
             make them on this machine: they are left alone, as `.larder-*` in `{}`",
            recovered.unknown,
            site.parent.display()
        ));
    }
    if recovered.left_alone > 0 {
        reporter.note(format!(
            "there are no locks beside `{prefix}`: what other runs have there is left alone for a day"
        ));
    }
}

/// A marker that somebody else removed is as good as removed.
pub(crate) fn remove_marker(marker: &Path) -> Result<(), PathError> {
    match fs::remove_file(marker) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.at("remove file", marker),
    }
}

/// Takes the unfinished environment away from its place and puts back the one that it replaced, which
/// it says was staged as `staged`. Returns whether there was one.
pub(crate) fn put_back(site: &Site, staged: &Path) -> Result<bool, PathError> {
    let old = old_path(staged);
    let had_old = if exists(&old) {
        rename_noreplace(&site.prefix, staged)?;
        rename_noreplace(&old, &site.prefix)?;
        remove_replaced_note(site);
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

/// The path that the marker names, which must have this user's seal: what stands beside the prefix under that
/// name takes its place, and what is at the prefix is deleted.
fn read_marker(site: &Site) -> Result<Option<PathBuf>, PathError> {
    let Some(bytes) = read_control_file(&site.prefix, MARKER, MAX_SMALL)? else {
        return Ok(None);
    };
    match sealed_name(site, Sealed::Marker, &bytes) {
        Some(name) => Ok(Some(site.parent.join(name))),
        None => Err(refuse_unsealed(
            &marker_path(&site.prefix),
            "if an environment was to be made here, on another machine perhaps, remove this directory",
        )),
    }
}

/// The text of a marker or note: the name of a staged environment of this prefix, and its seal.
pub(crate) fn seal_name(site: &Site, what: Sealed, name: &str) -> String {
    let seal = site.key.seal(what, &site.prefix, name.as_bytes());
    format!("{name}\n{seal}\n")
}

/// The name in such a text, if this user sealed it for this prefix.
fn sealed_name(site: &Site, what: Sealed, bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (name, seal) = text.strip_suffix('\n')?.split_once('\n')?;
    let is_sealed =
        site.is_staging_name(name) && site.key.is_seal(seal, what, &site.prefix, name.as_bytes());
    is_sealed.then(|| name.to_owned())
}

/// Whether larder moved the environment at `old` aside from the prefix, as its note says.
fn is_replaced(site: &Site, old: &Path) -> bool {
    let note = read_control_file(old, REPLACED, MAX_SMALL).ok().flatten();
    let name = note.and_then(|note| sealed_name(site, Sealed::Replaced, &note));
    name.is_some_and(|name| old_path(&site.parent.join(name)) == old)
}

/// Writes the note into the environment at the prefix before it is moved aside.
pub(crate) fn write_replaced_note(site: &Site, staged_name: &str) -> Result<(), PathError> {
    let path = site.prefix.join("conda-meta").join(REPLACED);
    let text = seal_name(site, Sealed::Replaced, staged_name);
    write_atomic(&path, text.as_bytes(), Durability::Lazy)
}

/// An environment that is back at its place is an ordinary one.
pub(crate) fn remove_replaced_note(site: &Site) {
    // Without its counterpart beside the prefix the note means nothing.
    let _ = fs::remove_file(site.prefix.join("conda-meta").join(REPLACED));
}

/// Whether something beside the prefix may be removed: a directory of this user, not a link to one.
fn is_our_directory(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|found| found.is_dir() && is_ours(&found))
}

#[cfg(test)]
mod tests;
