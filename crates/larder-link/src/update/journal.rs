//! The journal of an update: what is moved where, written down before the first thing moves, and the
//! moves themselves, forwards and back.
//!
//! Below `P/conda-meta/.larder-update`: `new/` has everything that comes, at its path; `old/` takes what
//! goes, numbered; `journal` is there from before the first move until all is in place; `committed` is the
//! same file under the name that it gets then. Every step can be repeated, so whoever finds a journal
//! undoes it from wherever it stopped, and whoever finds `committed` tidies up.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use larder_fs::{
    Durability, PathContext as _, PathError, flush_file_system, remove_tree, rename_noreplace,
    settle, sync_dir, write_atomic,
};
use serde::{Deserialize, Serialize};

/// In `conda-meta`: no tool reads directories there.
pub(crate) const DIRECTORY: &str = ".larder-update";
const JOURNAL: &str = "journal";
const COMMITTED: &str = "committed";
const HISTORY: &str = "history";
const VERSION: u32 = 1;

/// Everything that an update moves.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Journal {
    pub(crate) version: u32,
    /// Bytes of `history` before.
    pub(crate) history: u64,
    /// What packages own.
    pub(crate) files: Moves,
    /// What is in `conda-meta`: moved after all scripts have run.
    pub(crate) records: Moves,
    /// Directories that go at the end if nothing is in them, deepest first.
    pub(crate) emptied: Vec<String>,
    /// Where files go that somebody changed, below the prefix.
    pub(crate) saved: String,
}

/// Moves in one order.
#[derive(Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Moves {
    /// What goes. Directories, which are empty by then, come last.
    pub(crate) outs: Vec<Out>,
    /// What is made, parents first.
    pub(crate) directories: Vec<String>,
    /// What comes.
    pub(crate) ins: Vec<In>,
}

/// A path that goes.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Out {
    pub(crate) path: String,
    /// Whether something else comes to the same path: then it goes only when that comes.
    pub(crate) is_replaced: bool,
    /// Whether it is kept in the end, because it is not what a package brought there.
    pub(crate) is_saved: bool,
}

/// A path that comes.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct In {
    pub(crate) path: String,
    /// What it replaces, as an index into `outs`.
    pub(crate) replaces: Option<usize>,
}

/// Where an update of one prefix works.
#[derive(Debug, Clone)]
pub(crate) struct Workshop {
    prefix: PathBuf,
    root: PathBuf,
    durability: Durability,
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

impl Journal {
    pub(crate) fn new(history: u64, saved: String) -> Self {
        Self {
            version: VERSION,
            history,
            files: Moves::default(),
            records: Moves::default(),
            emptied: Vec::new(),
            saved,
        }
    }
}

impl Workshop {
    pub(crate) fn of(prefix: &Path, durability: Durability) -> Self {
        Self {
            prefix: prefix.to_owned(),
            root: prefix.join("conda-meta").join(DIRECTORY),
            durability: durability.on(prefix),
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

    fn old(&self, kind: char, index: usize) -> PathBuf {
        self.root.join("old").join(format!("{kind}{index}"))
    }

    /// Makes the empty directories; the prefix must have no other update.
    pub(crate) fn open(&self) -> Result<(), PathError> {
        for directory in [self.root.clone(), self.new_root(), self.root.join("old")] {
            fs::create_dir(&directory).at("create directory", &directory)?;
        }
        Ok(())
    }

    /// From here on a killed update is undone.
    pub(crate) fn write(&self, journal: &Journal) -> Result<(), PathError> {
        let path = self.root.join(JOURNAL);
        let text = serde_json::to_vec(journal).at("write", &path)?;
        write_atomic(&path, &text, self.durability)
    }

    /// What is there of an earlier update. A journal that cannot be read is an error: nobody may guess.
    pub(crate) fn left(&self) -> Result<Left, PathError> {
        if fs::symlink_metadata(&self.root).is_err() {
            return Ok(Left::Nothing);
        }
        if let Some(journal) = self.read(COMMITTED)? {
            return Ok(Left::Committed(journal));
        }
        Ok(match self.read(JOURNAL)? {
            Some(journal) => Left::Unfinished(journal),
            None => Left::Rubbish,
        })
    }

    fn read(&self, name: &str) -> Result<Option<Box<Journal>>, PathError> {
        let path = self.root.join(name);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.at("read file", &path)?,
        };
        let journal: Journal = serde_json::from_slice(&bytes).at("understand", &path)?;
        if journal.version == VERSION {
            return Ok(Some(Box::new(journal)));
        }
        let newer = io::Error::other("it was written by a newer larder");
        Err(newer).at("understand", &path)
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
        for (index, out) in moves.outs.iter().enumerate() {
            if !out.is_replaced {
                let path = self.prefix.join(&out.path);
                gate(&path)?;
                let old = self.old(kind, index);
                fs::rename(&path, &old).at("move aside", &path)?;
            }
        }
        for directory in &moves.directories {
            let path = self.prefix.join(directory);
            gate(&path)?;
            fs::create_dir(&path).at("create directory", &path)?;
        }
        for new in &moves.ins {
            let path = self.prefix.join(&new.path);
            let staged = self.new_root().join(&new.path);
            match new.replaces {
                None => {
                    gate(&path)?;
                    rename_noreplace(&staged, &path)?;
                }
                Some(index) => {
                    gate(&path)?;
                    self.put_aside(&path, &self.old(kind, index))?;
                    gate(&path)?;
                    fs::rename(&staged, &path).at("replace", &path)?;
                }
            }
        }
        Ok(())
    }

    /// The old file stays where it is until the new one takes its place in one step, where the file
    /// system has hard links.
    fn put_aside(&self, path: &Path, old: &Path) -> Result<(), PathError> {
        match fs::hard_link(path, old) {
            Ok(()) => Ok(()),
            Err(_) => fs::rename(path, old).at("move aside", path),
        }
    }

    /// Everything is in place: from here on a killed update is finished.
    pub(crate) fn commit(&self) -> Result<(), PathError> {
        let path = self.root.join(COMMITTED);
        fs::rename(self.root.join(JOURNAL), &path).at("commit", &path)?;
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
        let path = self.meta(HISTORY);
        let history = fs::File::open(&path).at("open file", &path)?;
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
        let path = self.meta(HISTORY);
        Ok(fs::metadata(&path).at("read metadata of", &path)?.len())
    }

    /// Whether the next block can begin right away.
    pub(crate) fn history_ends_a_line(&self) -> Result<bool, PathError> {
        let path = self.meta(HISTORY);
        let bytes = fs::read(&path).at("read file", &path)?;
        Ok(bytes.last().is_none_or(|last| *last == b'\n'))
    }

    pub(crate) fn append_history(&self, block: &str) -> Result<(), PathError> {
        let path = self.meta(HISTORY);
        let mut file = fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .at("open file", &path)?;
        file.write_all(block.as_bytes()).at("append to", &path)
    }

    /// Puts everything back as it was, from wherever the update stopped.
    pub(crate) fn undo(&self, journal: &Journal, gate: Gate<'_>) -> Result<(), PathError> {
        self.retreat(&journal.records, 'r', gate)?;
        self.retreat(&journal.files, 'f', gate)?;
        shorten(&self.meta(HISTORY), journal.history)?;
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
        for new in moves.ins.iter().rev() {
            let path = self.prefix.join(&new.path);
            gate(&path)?;
            let staged = self.new_root().join(&new.path);
            match new.replaces {
                Some(index) => put_back(&self.old(kind, index), &path)?,
                // Back to where it came from, so that an undoing that is killed finds what it has done.
                None if !exists(&staged) && exists(&path) => {
                    fs::rename(&path, &staged).at("take back", &path)?;
                }
                None => {}
            }
        }
        for directory in moves.directories.iter().rev() {
            gate(&self.prefix.join(directory))?;
            // Somebody else's file in it keeps it.
            let _ = fs::remove_dir(self.prefix.join(directory));
        }
        for (index, out) in moves.outs.iter().enumerate().rev() {
            let path = self.prefix.join(&out.path);
            gate(&path)?;
            put_back(&self.old(kind, index), &path)?;
        }
        Ok(())
    }

    /// Tidies up after the commit: keeps what somebody had changed, removes what went and directories
    /// that have become empty.
    pub(crate) fn finish(&self, journal: &Journal) -> Result<(), PathError> {
        for (index, out) in journal.files.outs.iter().enumerate() {
            let old = self.old('f', index);
            if out.is_saved && exists(&old) {
                let saved = self.prefix.join(&journal.saved).join(&out.path);
                let parent = saved.parent().unwrap_or(&self.prefix);
                fs::create_dir_all(parent).at("create directory", parent)?;
                fs::rename(&old, &saved).at("keep as", &saved)?;
            }
        }
        for directory in &journal.emptied {
            // It is not empty, or it is gone, or it is somebody's link.
            let _ = fs::remove_dir(self.prefix.join(directory));
        }
        remove_tree(&self.root)
    }
}

/// Asked before each change, so that tests can stop anywhere.
pub(crate) type Gate<'g> = &'g dyn Fn(&Path) -> Result<(), PathError>;

/// Stops nothing.
pub(crate) fn open_gate(_: &Path) -> Result<(), PathError> {
    Ok(())
}

/// Where it was put aside by a link, and nothing took its place, both names are one file: then the rename
/// does nothing, and that is right.
fn put_back(old: &Path, path: &Path) -> Result<(), PathError> {
    if exists(old) {
        fs::rename(old, path).at("put back", path)?;
    }
    Ok(())
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Takes back what was appended.
fn shorten(path: &Path, length: u64) -> Result<(), PathError> {
    let file = match fs::OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file.at("open file", path)?,
    };
    let found = file.metadata().at("read metadata of", path)?.len();
    if found > length {
        file.set_len(length).at("shorten", path)?;
    }
    Ok(())
}
