//! The journal of an update: what is moved where, written down before the first thing moves.
//!
//! A journal that is found is hostile input: a repository that was cloned may carry one. It counts only with
//! the seal of this user (`seal.rs`), and whatever it says, each path must be one of the prefix, so that
//! even a sealed journal cannot name anything else (and `workshop.rs` follows no link on the way there).
//!
//! The file is one line with the seal, then the journal as JSON.

use std::path::Path;

use larder_unpack::RelPath;
use serde::{Deserialize, Serialize};

use crate::{
    JournalKey, PIP_FILE,
    seal::Sealed,
    update::{DIRECTORY, SAVED},
};

/// 2: with a seal.
const VERSION: u32 = 2;
/// More than a journal of 500,000 files has.
pub const MAX_JOURNAL: u64 = 256 << 20;
const HEAD: &str = "larder journal ";

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

/// Why bytes are not a journal of a prefix.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JournalProblem {
    /// No seal, or not of this user for this prefix.
    #[error("it has no seal of this user")]
    Unsealed,
    /// Not the JSON of a journal.
    #[error("{0}")]
    Json(String),
    /// Another version.
    #[error("it has version {0}, and this larder knows {VERSION}")]
    Version(u32),
    /// A path that no update moves.
    #[error("it names `{}`, which no update moves", .0.escape_debug())]
    Path(String),
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

    /// The bytes of the file, sealed for `prefix`.
    ///
    /// # Errors
    /// If it has a path that reading it would refuse.
    pub(crate) fn to_bytes(
        &self,
        key: &JournalKey,
        prefix: &Path,
    ) -> Result<Vec<u8>, JournalProblem> {
        self.check()?;
        let json =
            serde_json::to_vec(self).map_err(|error| JournalProblem::Json(error.to_string()))?;
        let seal = key.seal(Sealed::Journal, prefix, &json);
        let mut bytes = format!("{HEAD}{seal}\n").into_bytes();
        bytes.extend(json);
        Ok(bytes)
    }

    /// Reads the bytes of a journal that this user's larder wrote for `prefix`.
    pub(crate) fn from_bytes(
        bytes: &[u8],
        key: &JournalKey,
        prefix: &Path,
    ) -> Result<Self, JournalProblem> {
        let (seal, json) = split(bytes).ok_or(JournalProblem::Unsealed)?;
        // Before anything else is made of it.
        if !key.is_seal(seal, Sealed::Journal, prefix, json) {
            return Err(JournalProblem::Unsealed);
        }
        Self::parse(json)
    }

    /// Reads and checks the JSON of a journal.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, JournalProblem> {
        let journal: Self = serde_json::from_slice(json)
            .map_err(|error| JournalProblem::Json(error.to_string()))?;
        if journal.version != VERSION {
            return Err(JournalProblem::Version(journal.version));
        }
        journal.check()?;
        Ok(journal)
    }

    /// Whether every path is one that an update moves.
    fn check(&self) -> Result<(), JournalProblem> {
        self.files.check(is_file_of_packages)?;
        self.records.check(is_file_of_conda_meta)?;
        check_all(self.emptied.iter(), is_file_of_packages)?;
        let is_saved = |path: &str| {
            is_file_of_packages(path) && path.split('/').next().is_some_and(|first| first == SAVED)
        };
        check_all([&self.saved], is_saved)
    }
}

impl Moves {
    fn check(&self, is_right: fn(&str) -> bool) -> Result<(), JournalProblem> {
        check_all(self.outs.iter().map(|out| &out.path), is_right)?;
        check_all(self.directories.iter(), is_right)?;
        check_all(self.ins.iter().map(|new| &new.path), is_right)?;
        let has_out = |new: &&In| new.replaces.is_none_or(|index| index < self.outs.len());
        match self.ins.iter().find(|new| !has_out(new)) {
            Some(new) => Err(JournalProblem::Path(new.path.clone())),
            None => Ok(()),
        }
    }
}

fn check_all<'p>(
    paths: impl IntoIterator<Item = &'p String>,
    is_right: impl Fn(&str) -> bool,
) -> Result<(), JournalProblem> {
    match paths.into_iter().find(|path| !is_right(path)) {
        Some(path) => Err(JournalProblem::Path(path.clone())),
        None => Ok(()),
    }
}

/// A file outside `conda-meta`, or the record of the `pip:` section, which changes with the files that pip installed.
fn is_file_of_packages(path: &str) -> bool {
    path == PIP_FILE || RelPath::try_from(path).is_ok_and(|path| !path.is_conda_meta())
}

/// One file directly in `conda-meta`, and not one that updates themselves work with.
fn is_file_of_conda_meta(path: &str) -> bool {
    let name = path.strip_prefix("conda-meta/");
    RelPath::try_from(path).is_ok()
        && name.is_some_and(|name| !name.contains('/') && name != DIRECTORY && name != "history")
}

fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    Some((head.strip_prefix(HEAD)?, &bytes[end + 1..]))
}
