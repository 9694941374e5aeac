//! The directory that an update works in, and the moves themselves, forwards and back.
//!
//! Below `P/conda-meta/.larder-update`: `new/` has everything that comes, at its path; `old/` takes what
//! goes, numbered; `journal` is there from before the first move until all is in place; `committed` is the
//! same file under the name that it gets then. Every step can be repeated, so whoever finds a journal
//! undoes it from wherever it stopped, and whoever finds `committed` tidies up.
//!
//! Each move is relative to handles that are opened component by component without following a link
//! ([`Below`]): the survey saw directories there, and one that has become a link since, or that a journal
//! names behind a link, leads nowhere.

use std::{
    fs,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use larder_fs::{
    Below, Dir, Durability, PathContext as _, PathError, flush_file_system, remove_tree, settle,
    sync_dir, write_atomic,
};

use crate::{
    JournalKey,
    control_files::open_conda_meta,
    crash::exists,
    seal::refuse_unsealed,
    update::journal::{Journal, JournalProblem, MAX_JOURNAL, Moves},
};

/// In `conda-meta`: no tool reads directories there.
pub(crate) const DIRECTORY: &str = ".larder-update";
const JOURNAL: &str = "journal";
const COMMITTED: &str = "committed";
const HISTORY: &str = "history";

/// Where an update of one prefix works.
#[derive(Debug, Clone)]
pub(crate) struct Workshop {
    prefix: PathBuf,
    root: PathBuf,
    durability: Durability,
    key: JournalKey,
}

/// What a killed update left.
#[derive(Debug)]
pub(crate) enum Left {
    Nothing,
    /// It had not moved anything, or all of that was undone.
    Rubbish,
    Unfinished(Box<Journal>),
    Committed(Box<Journal>),
}

/// The directories between which an update moves things.
struct MoveRoots {
    prefix: Below,
    new: Below,
    old: Below,
}

impl Workshop {
    pub(crate) fn new(prefix: &Path, durability: Durability, key: &JournalKey) -> Self {
        Self {
            prefix: prefix.to_owned(),
            root: prefix.join("conda-meta").join(DIRECTORY),
            durability: durability.on(prefix),
            key: key.clone(),
        }
    }

    /// As it has to be done on the prefix's file system.
    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    /// Whether an update is at work, or was when it was killed.
    pub(crate) fn is_in_use(&self) -> bool {
        exists(&self.root)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where everything that comes is made, at its path.
    pub(crate) fn new_root(&self) -> PathBuf {
        self.root.join("new")
    }

    /// Opens `conda-meta`, which is there.
    fn open_meta(&self) -> Result<Dir, PathError> {
        let missing = || PathError {
            operation: "open directory",
            path: self.prefix.join("conda-meta"),
            source: io::ErrorKind::NotFound.into(),
        };
        open_conda_meta(&self.prefix)?.ok_or_else(missing)
    }

    fn open_roots(&self) -> Result<MoveRoots, PathError> {
        let root = self.open_meta()?.open_dir(DIRECTORY)?;
        Ok(MoveRoots {
            prefix: Below::new(Dir::open(&self.prefix)?),
            new: Below::in_dir(&root, "new")?,
            old: Below::in_dir(&root, "old")?,
        })
    }

    /// Makes the empty directories; the prefix must have no other update.
    pub(crate) fn open(&self) -> Result<(), PathError> {
        // Refuses a `conda-meta` that is a link.
        let meta = self.open_meta()?;
        meta.create_dir(DIRECTORY)?;
        let root = meta.open_dir(DIRECTORY)?;
        root.create_dir("new")?;
        root.create_dir("old")
    }

    /// From here on a killed update is undone.
    pub(crate) fn write(&self, journal: &Journal) -> Result<(), PathError> {
        let path = self.root.join(JOURNAL);
        let bytes = journal.to_bytes(&self.key, &self.prefix);
        let bytes = bytes
            .map_err(|problem| io::Error::new(io::ErrorKind::InvalidData, problem.to_string()))
            .at("write", &path)?;
        write_atomic(&path, &bytes, self.durability)
    }

    /// What is there of an earlier update. A journal that cannot be read or trusted is an error: nobody may
    /// guess what it would have said.
    pub(crate) fn left(&self) -> Result<Left, PathError> {
        let Some(meta) = open_conda_meta(&self.prefix)? else {
            return Ok(Left::Nothing);
        };
        if !exists(&self.root) {
            return Ok(Left::Nothing);
        }
        let Ok(root) = meta.open_dir(DIRECTORY) else {
            // Not a directory: removing the name does no harm, whatever it leads to.
            return Ok(Left::Rubbish);
        };
        if let Some(journal) = self.read(&root, COMMITTED)? {
            return Ok(Left::Committed(journal));
        }
        Ok(match self.read(&root, JOURNAL)? {
            Some(journal) => Left::Unfinished(journal),
            None => Left::Rubbish,
        })
    }

    fn read(&self, root: &Dir, name: &str) -> Result<Option<Box<Journal>>, PathError> {
        let path = self.root.join(name);
        let bytes = match root.read_regular(name, MAX_JOURNAL) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        match Journal::from_bytes(&bytes, &self.key, &self.prefix) {
            Ok(journal) => Ok(Some(Box::new(journal))),
            Err(JournalProblem::Unsealed) => Err(refuse_unsealed(
                &path,
                "if an update was interrupted here, on another machine perhaps, remove the directory \
                 `conda-meta/.larder-update` and run `larder sync`, or `larder env remove` the environment",
            )),
            Err(problem) => {
                let refused = io::Error::new(io::ErrorKind::InvalidData, problem.to_string());
                Err(refused).at("understand", &path)
            }
        }
    }

    /// Moves the files of packages: first what goes for good, then what comes.
    pub(crate) fn advance_files(&self, journal: &Journal, gate: Gate<'_>) -> Result<(), PathError> {
        self.advance(&journal.files, 'f', gate)
    }

    /// Moves what is in `conda-meta`.
    pub(crate) fn advance_records(
        &self,
        journal: &Journal,
        gate: Gate<'_>,
    ) -> Result<(), PathError> {
        self.advance(&journal.records, 'r', gate)
    }

    fn advance(&self, moves: &Moves, kind: char, gate: Gate<'_>) -> Result<(), PathError> {
        let MoveRoots {
            mut prefix,
            mut new,
            mut old,
        } = self.open_roots()?;
        for (index, out) in moves.outs.iter().enumerate() {
            if !out.is_replaced {
                gate(&prefix.at(&out.path))?;
                prefix.rename(&out.path, &mut old, &old_name(kind, index))?;
            }
        }
        // Among what went may be directories, and others come to the same paths.
        prefix.forget();
        for directory in &moves.directories {
            gate(&prefix.at(directory))?;
            prefix.create_dir(directory)?;
        }
        for coming in &moves.ins {
            let path = &coming.path;
            gate(&prefix.at(path))?;
            match coming.replaces {
                None => new.rename_noreplace(path, &mut prefix, path)?,
                Some(index) => {
                    put_aside(&mut prefix, path, &mut old, &old_name(kind, index))?;
                    gate(&prefix.at(path))?;
                    new.rename(path, &mut prefix, path)?;
                }
            }
        }
        Ok(())
    }

    /// Everything is in place: from here on a killed update is finished.
    pub(crate) fn commit(&self) -> Result<(), PathError> {
        let path = self.root.join(COMMITTED);
        larder_fs::rename(&self.root.join(JOURNAL), &path)?;
        self.flush()
    }

    /// Whatever was written and moved until now is there after a power loss.
    pub(crate) fn flush_all(&self) -> Result<(), PathError> {
        match self.durability {
            Durability::Flush | Durability::Ordered => flush_file_system(&self.root).map(drop),
            Durability::Lazy => Ok(()),
        }
    }

    /// What was moved and appended until now is there after a power loss, if what comes next is. Nothing
    /// else was written.
    pub(crate) fn flush_moves(&self) -> Result<(), PathError> {
        if self.durability != Durability::Ordered {
            return self.flush_all();
        }
        let history = self.open_meta()?.open_regular(HISTORY)?;
        settle(&history).or_else(|_| self.flush_all())
    }

    fn flush(&self) -> Result<(), PathError> {
        match self.durability {
            Durability::Flush => sync_dir(&self.root),
            Durability::Ordered | Durability::Lazy => Ok(()),
        }
    }

    /// A path in `conda-meta`.
    pub(crate) fn meta(&self, name: &str) -> PathBuf {
        self.prefix.join("conda-meta").join(name)
    }

    pub(crate) fn has_meta(&self, name: &str) -> bool {
        exists(&self.meta(name))
    }

    pub(crate) fn history_length(&self) -> Result<u64, PathError> {
        let history = self.open_meta()?.open_regular(HISTORY)?;
        let metadata = history.metadata();
        Ok(metadata.at("read metadata of", self.meta(HISTORY))?.len())
    }

    /// Whether the next block can begin right away.
    pub(crate) fn history_ends_a_line(&self) -> Result<bool, PathError> {
        let mut history = self.open_meta()?.open_regular(HISTORY)?;
        let mut read_last = || {
            if history.seek(SeekFrom::End(0))? == 0 {
                return Ok(true);
            }
            history.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            history.read_exact(&mut last)?;
            Ok::<_, io::Error>(last == [b'\n'])
        };
        read_last().at("read file", self.meta(HISTORY))
    }

    pub(crate) fn append_history(&self, block: &str) -> Result<(), PathError> {
        let mut history = self.open_meta()?.append_regular(HISTORY)?;
        let appended = history.write_all(block.as_bytes());
        appended.at("append to", self.meta(HISTORY))
    }

    /// Takes back what was appended.
    fn shorten_history(&self, length: u64) -> Result<(), PathError> {
        let history = match self.open_meta()?.append_regular(HISTORY) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            history => history?,
        };
        let path = self.meta(HISTORY);
        let found = history.metadata().at("read metadata of", &path)?.len();
        if found > length {
            history.set_len(length).at("shorten", &path)?;
        }
        Ok(())
    }

    /// Puts everything back as it was, from wherever the update stopped.
    pub(crate) fn undo(&self, journal: &Journal, gate: Gate<'_>) -> Result<(), PathError> {
        self.retreat(&journal.records, 'r', gate)?;
        self.retreat(&journal.files, 'f', gate)?;
        self.shorten_history(journal.history)?;
        // What was put back must not be lost to a power cut that the journal's removal survives. A disk
        // that cannot even be flushed is no reason to leave the environment in the middle of its update.
        let _ = self.flush_all();
        let path = self.root.join(JOURNAL);
        gate(&path)?;
        fs::remove_file(&path).at("remove file", &path)?;
        self.flush()?;
        remove_tree(&self.root)
    }

    fn retreat(&self, moves: &Moves, kind: char, gate: Gate<'_>) -> Result<(), PathError> {
        let MoveRoots {
            mut prefix,
            mut new,
            mut old,
        } = self.open_roots()?;
        for coming in moves.ins.iter().rev() {
            let path = &coming.path;
            gate(&prefix.at(path))?;
            match coming.replaces {
                Some(index) => put_back(&mut old, &old_name(kind, index), &mut prefix, path)?,
                // Back to where it came from, so that an undoing that is killed finds what it has done.
                None if !new.exists(path) && prefix.exists(path) => {
                    prefix.rename(path, &mut new, path)?;
                }
                None => {}
            }
        }
        for directory in moves.directories.iter().rev() {
            gate(&prefix.at(directory))?;
            // Not empty: files that larder did not create are in it, so the directory stays.
            let _ = prefix.remove_dir(directory);
        }
        for (index, out) in moves.outs.iter().enumerate().rev() {
            gate(&prefix.at(&out.path))?;
            put_back(&mut old, &old_name(kind, index), &mut prefix, &out.path)?;
            // It may have been a directory, and files below it follow.
            prefix.forget();
        }
        Ok(())
    }

    /// Tidies up after the commit: keeps what somebody had changed, removes what went and directories
    /// that have become empty.
    pub(crate) fn finish(&self, journal: &Journal) -> Result<(), PathError> {
        let MoveRoots {
            mut prefix,
            mut old,
            ..
        } = self.open_roots()?;
        for (index, out) in journal.files.outs.iter().enumerate() {
            let name = old_name('f', index);
            if out.is_saved && old.exists(&name) {
                let saved = format!("{}/{}", journal.saved, out.path);
                // A `.larder-saved` that is a link would carry the user's files away.
                if let Some((parent, _)) = saved.rsplit_once('/') {
                    prefix.create_dirs(parent)?;
                }
                old.rename(&name, &mut prefix, &saved)?;
            }
        }
        for directory in &journal.emptied {
            // It is not empty, or it is gone, or it is somebody's link.
            let _ = prefix.remove_dir(directory);
        }
        remove_tree(&self.root)
    }
}

fn old_name(kind: char, index: usize) -> String {
    format!("{kind}{index}")
}

/// Asked before each change, so that tests can stop anywhere.
pub(crate) type Gate<'g> = &'g dyn Fn(&Path) -> Result<(), PathError>;

/// Stops nothing.
pub(crate) fn open_gate(_: &Path) -> Result<(), PathError> {
    Ok(())
}

/// The old file stays where it is until the new one takes its place in one step, where the file system has
/// hard links.
fn put_aside(
    prefix: &mut Below,
    path: &str,
    old: &mut Below,
    old_name: &str,
) -> Result<(), PathError> {
    match prefix.hard_link(path, old, old_name) {
        Ok(()) => Ok(()),
        Err(_) => prefix.rename(path, old, old_name),
    }
}

/// Where it was put aside by a link, and nothing took its place, both names are one file: then the rename
/// does nothing, and that is right.
fn put_back(
    old: &mut Below,
    old_name: &str,
    prefix: &mut Below,
    path: &str,
) -> Result<(), PathError> {
    match old.exists(old_name) {
        true => old.rename(old_name, prefix, path),
        false => Ok(()),
    }
}
