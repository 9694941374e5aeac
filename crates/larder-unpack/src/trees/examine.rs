//! Comparing files of a tree with what they have to be: by their stamps at each use, which costs half a
//! microsecond, and by their bytes where the stamp differs or everything is to be read.
//!
//! Nothing is changed here. Links and directories of a tree are never used: the index says what they are.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use larder_digest::{Hasher, Sha256};
use larder_fs::{Dir, PathContext as _, PathError, Stamp};

use super::{Damage, Tree};
use crate::{PathEntry, PathKind, RelPath};

/// What a look at a file of a tree has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It has the stamp that was noted.
    Same,
    /// It has another stamp, this one, and the right bytes and mode.
    Touched(Stamp),
    /// It must not be used.
    Damaged(Damage),
}

/// What a look at every file of a tree has shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkup {
    /// What must not be used; empty for a tree that is whole.
    pub damages: Vec<Damage>,
    /// Files that have the right bytes and another stamp, by their index in [`Tree::stamps`].
    pub touched: Vec<(usize, Stamp)>,
}

/// Looks at a file of a tree before it is used. `directory` holds it, `noted` is its stamp in
/// [`Tree::stamps`]. Files without one, and everything else than files, are [`Condition::Same`].
///
/// # Errors
/// If the file system fails; that something is missing or may not be read is no error.
pub fn examine(
    directory: &Dir,
    entry: &PathEntry,
    noted: Option<&Stamp>,
) -> Result<Condition, PathError> {
    let Some(noted) = noted.filter(|_| entry.kind == PathKind::File) else {
        return Ok(Condition::Same);
    };
    let name = entry.path.file_name();
    match directory.stamp(name) {
        Ok(stamp) if stamp == *noted => Ok(Condition::Same),
        Ok(stamp) => match damaged_outline(entry, noted, &stamp) {
            Some(damage) => Ok(Condition::Damaged(damage)),
            None => by_bytes(directory, entry, stamp),
        },
        Err(error) => unusable(&entry.path, error).map(Condition::Damaged),
    }
}

/// What it means that a file or its directory cannot be used.
///
/// # Errors
/// `error`, if it is not about the file.
pub fn unusable(path: &RelPath, error: PathError) -> Result<Damage, PathError> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(Damage::Missing(path.clone())),
        io::ErrorKind::PermissionDenied => Ok(Damage::Unreadable(path.clone())),
        _ => Err(error),
    }
}

fn damaged_outline(entry: &PathEntry, noted: &Stamp, found: &Stamp) -> Option<Damage> {
    let path = || entry.path.clone();
    if !found.is_file() {
        return Some(Damage::Kind(path()));
    }
    if found.mode != noted.mode {
        return Some(Damage::Mode {
            path: path(),
            expected: noted.mode & 0o7777,
            found: found.mode & 0o7777,
        });
    }
    (found.size != entry.size).then(|| Damage::Size {
        path: path(),
        expected: entry.size,
        found: found.size,
    })
}

fn by_bytes(directory: &Dir, entry: &PathEntry, stamp: Stamp) -> Result<Condition, PathError> {
    Ok(match damaged_bytes(directory, entry)? {
        Some(damage) => Condition::Damaged(damage),
        None => Condition::Touched(stamp),
    })
}

fn damaged_bytes(directory: &Dir, entry: &PathEntry) -> Result<Option<Damage>, PathError> {
    let Some(expected) = entry.sha256 else {
        return Ok(None);
    };
    let name = entry.path.file_name();
    let file = match directory.open_file(name) {
        Ok(file) => file,
        Err(error) => return unusable(&entry.path, error).map(Some),
    };
    let found = hash(file).at("read file", directory.path().join(name))?;
    Ok((found != expected).then(|| Damage::Sha256 {
        path: entry.path.clone(),
        expected,
        found,
    }))
}

fn hash(mut file: File) -> io::Result<Sha256> {
    let mut hasher = Hasher::sha256();
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish().sha256),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// The stamps of the files among `paths`, which have just been written below `root`.
pub(super) fn stamps(root: &Path, paths: &[PathEntry]) -> Result<Vec<Option<Stamp>>, PathError> {
    let mut parents = Parents::new(root);
    let mut stamps = Vec::with_capacity(paths.len());
    for entry in paths {
        stamps.push(match entry.kind {
            PathKind::File => Some(parents.of(&entry.path)?.stamp(entry.path.file_name())?),
            _ => None,
        });
    }
    Ok(stamps)
}

/// The directories of a list of paths, the last one kept open: lists name a directory's files together.
struct Parents<'a> {
    root: &'a Path,
    open: Option<(&'a str, Dir)>,
}

impl<'a> Parents<'a> {
    fn new(root: &'a Path) -> Self {
        Self { root, open: None }
    }

    fn of(&mut self, path: &'a RelPath) -> Result<&Dir, PathError> {
        let parent = path.parent().unwrap_or_default();
        let opened = match self.open.take() {
            Some((open, directory)) if open == parent => directory,
            _ => Dir::open(self.root.join(parent))?,
        };
        Ok(&self.open.insert((parent, opened)).1)
    }
}

impl Tree {
    /// Looks at every file as [`examine`] does.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn check(&self) -> Result<Checkup, PathError> {
        self.compare(false)
    }

    /// Compares every listed path, files by SHA-256 whatever their stamps. Files that are not listed
    /// are never linked, so they do not matter.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn verify(&self) -> Result<Checkup, PathError> {
        self.compare(true)
    }

    fn compare(&self, all_bytes: bool) -> Result<Checkup, PathError> {
        let mut checkup = Checkup::default();
        let mut parents = Parents::new(&self.root);
        for (index, entry) in self.info.paths.iter().enumerate() {
            let noted = self.stamps.get(index).and_then(Option::as_ref);
            let condition = match parents.of(&entry.path) {
                Ok(directory) => self.condition(directory, entry, noted, all_bytes)?,
                Err(error) => Condition::Damaged(unusable(&entry.path, error)?),
            };
            match condition {
                Condition::Same => {}
                Condition::Touched(stamp) => checkup.touched.push((index, stamp)),
                Condition::Damaged(damage) => checkup.damages.push(damage),
            }
        }
        Ok(checkup)
    }

    fn condition(
        &self,
        directory: &Dir,
        entry: &PathEntry,
        noted: Option<&Stamp>,
        all_bytes: bool,
    ) -> Result<Condition, PathError> {
        match entry.kind {
            PathKind::File => match examine(directory, entry, noted)? {
                Condition::Same if all_bytes => {
                    let damage = damaged_bytes(directory, entry)?;
                    Ok(damage.map_or(Condition::Same, Condition::Damaged))
                }
                other => Ok(other),
            },
            PathKind::Softlink => self.link(entry),
            PathKind::Directory => self.directory(entry),
        }
    }

    fn link(&self, entry: &PathEntry) -> Result<Condition, PathError> {
        let path = self.root.join(&entry.path);
        match larder_fs::read_link(&path).at("read link", &path) {
            Ok(target)
                if Some(target.to_string_lossy().as_ref()) == entry.link_target.as_deref() =>
            {
                Ok(Condition::Same)
            }
            Ok(_) => Ok(Condition::Damaged(Damage::Target(entry.path.clone()))),
            // Without the privilege to make links a copy stands in for one (`Dir::symlink`); to extract it again
            // would give the same.
            Err(_) if cfg!(windows) && path.exists() => Ok(Condition::Same),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                Ok(Condition::Damaged(Damage::Kind(entry.path.clone())))
            }
            Err(error) => unusable(&entry.path, error).map(Condition::Damaged),
        }
    }

    fn directory(&self, entry: &PathEntry) -> Result<Condition, PathError> {
        let path = self.root.join(&entry.path);
        match std::fs::symlink_metadata(&path).at("read metadata of", &path) {
            Ok(metadata) if metadata.is_dir() => Ok(Condition::Same),
            Ok(_) => Ok(Condition::Damaged(Damage::Kind(entry.path.clone()))),
            Err(error) => unusable(&entry.path, error).map(Condition::Damaged),
        }
    }
}
