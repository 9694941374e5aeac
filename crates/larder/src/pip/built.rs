//! Wheels that were built from sources: once for each source and Python, kept beside the trees.
//!
//! Like trees they are derived data of this machine, never taken from a cache: nothing proves that a wheel
//! was built from a source. A kept wheel is held against the digest that was noted when it was made.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_digest::Sha256;
use larder_fs::{
    Durability, PathContext as _, PathError, RootedDir, create_shared_dir, mark_used, open_regular,
    read_regular, write_atomic,
};
use larder_pypi::safe_file_name;
use serde::{Deserialize, Serialize};

/// Beside the wheel; written last.
const NOTE: &str = "wheel.json";
const LARGEST_NOTE: u64 = 1 << 16;
const LARGEST_WHEEL: u64 = 8 << 30;
/// Below the trees.
const DIRECTORY: &str = "wheels";

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    file: String,
    sha256: Sha256,
}

/// Where wheels are kept.
#[derive(Debug, Clone)]
pub(super) struct BuiltWheels {
    /// The directory of trees.
    pub(super) trees: PathBuf,
    /// `cpython-3.11-linux-64`.
    pub(super) python: String,
}

impl BuiltWheels {
    fn directory(&self, source: &Sha256) -> PathBuf {
        let name = format!("{source}-{}", self.python);
        self.trees.join(DIRECTORY).join(name)
    }

    /// The wheel of a source, with its digest, if it was built before and is whole.
    pub(super) fn find(&self, source: &Sha256) -> Option<(PathBuf, Sha256)> {
        let directory = self.directory(source);
        let note = read_note(&directory)?;
        let path = directory.join(safe_file_name(&note.file)?);
        let is_whole = digest(&path).is_ok_and(|found| found == note.sha256);
        open_regular(&directory.join(NOTE))
            .iter()
            .for_each(mark_used);
        is_whole.then_some((path, note.sha256))
    }

    /// Keeps a wheel that was just built.
    pub(super) fn keep(
        &self,
        source: &Sha256,
        wheel: &Path,
    ) -> Result<(PathBuf, Sha256), PathError> {
        let directory = self.directory(source);
        // The root itself may be missing: an ephemeral run has no trees of its own.
        create_shared_dir(&self.trees)?;
        let trees = RootedDir::new(&self.trees);
        trees.remove_tree(&directory)?;
        trees.ensure_dir(&directory)?;
        let file = wheel
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let path = directory.join(&file);
        fs::copy(wheel, &path).at("copy to", &path)?;
        let sha256 = digest(&path)?;
        let note = serde_json::to_vec(&Note { file, sha256 }).at("write", &path)?;
        write_atomic(&directory.join(NOTE), &note, Durability::Lazy)?;
        Ok((path, sha256))
    }
}

/// A wheel that is kept, or was to be.
#[derive(Debug)]
pub(crate) struct BuiltWheel {
    /// The source that it was built from.
    pub(crate) source: Sha256,
    /// Of the wheel.
    pub(crate) bytes: u64,
    pub(crate) last_used: SystemTime,
    trees: RootedDir,
    directory: PathBuf,
    note: Option<Note>,
}

/// Every wheel below the directory of trees.
pub(crate) fn list(trees: &Path) -> Result<Vec<BuiltWheel>, PathError> {
    let mut wheels = Vec::new();
    let rooted = RootedDir::new(trees);
    for directory in rooted.list(&trees.join(DIRECTORY))? {
        let name = directory.file_name().and_then(|name| name.to_str());
        let source = name.and_then(|name| name.split_once('-')?.0.parse().ok());
        let Some(source) = source else { continue };
        let place = directory.join(NOTE);
        let note = read_note(&directory);
        // A note that names a path is damaged.
        let note = note.filter(|note| safe_file_name(&note.file).as_ref() == Some(&note.file));
        let wheel = note.as_ref().map(|note| directory.join(&note.file));
        let bytes = wheel.and_then(|wheel| rooted.status(&wheel).ok());
        let used = rooted.status(&place).or_else(|_| rooted.status(&directory));
        wheels.push(BuiltWheel {
            source,
            bytes: bytes.map_or(0, |status| status.size),
            last_used: used.map_or(SystemTime::UNIX_EPOCH, |status| status.modified),
            trees: rooted.clone(),
            directory,
            note,
        });
    }
    Ok(wheels)
}

impl BuiltWheel {
    /// Where it is, and whether it is what was built.
    pub(crate) fn check(&self) -> (PathBuf, Result<(), String>) {
        let Some(note) = &self.note else {
            let fault = "nothing says what was built".to_owned();
            return (self.directory.clone(), Err(fault));
        };
        let path = self.directory.join(&note.file);
        let result = match digest(&path) {
            Ok(found) if found == note.sha256 => Ok(()),
            Ok(found) => Err(format!(
                "it has sha256 {found}, {} was noted when it was built",
                note.sha256
            )),
            Err(error) => Err(error.to_string()),
        };
        (path, result)
    }

    /// Removes it: who needs it builds it again.
    pub(crate) fn remove(&self) -> Result<(), PathError> {
        self.trees.remove_tree(&self.directory)
    }
}

/// What was noted of the wheel in a directory. A name that leads elsewhere is none.
fn read_note(directory: &Path) -> Option<Note> {
    let bytes = read_regular(&directory.join(NOTE), LARGEST_NOTE).ok()?;
    let note: Note = serde_json::from_slice(&bytes).ok()?;
    let is_name = Path::new(&note.file).file_name() == Some(note.file.as_ref());
    is_name.then_some(note)
}

fn digest(path: &Path) -> Result<Sha256, PathError> {
    let bytes = read_regular(path, LARGEST_WHEEL).at("read file", path)?;
    Ok(Sha256::of(&bytes))
}
