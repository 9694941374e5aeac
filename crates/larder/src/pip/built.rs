//! Wheels that were built from sources: once for each source and Python, kept beside the trees.
//!
//! Like trees they are derived data of this machine, never taken from a cache: nothing proves that a wheel
//! was built from a source. A kept wheel is held against the digest that was noted when it was made.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_digest::Sha256;
use larder_fs::{
    Durability, PathContext as _, PathError, create_shared_dir, remove_tree, write_atomic,
};
use serde::{Deserialize, Serialize};

/// Beside the wheel; written last.
const NOTE: &str = "wheel.json";

#[derive(Serialize, Deserialize)]
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
        self.trees.join("wheels").join(name)
    }

    /// The wheel of a source, with its digest, if it was built before and is whole.
    pub(super) fn find(&self, source: &Sha256) -> Option<(PathBuf, Sha256)> {
        let directory = self.directory(source);
        let note: Note = serde_json::from_slice(&fs::read(directory.join(NOTE)).ok()?).ok()?;
        let path = directory.join(&note.file);
        let is_whole = digest(&path).is_ok_and(|found| found == note.sha256);
        is_whole.then_some((path, note.sha256))
    }

    /// Keeps a wheel that was just built.
    pub(super) fn keep(
        &self,
        source: &Sha256,
        wheel: &Path,
    ) -> Result<(PathBuf, Sha256), PathError> {
        let directory = self.directory(source);
        remove_tree(&directory)?;
        create_shared_dir(&self.trees.join("wheels"))?;
        create_shared_dir(&directory)?;
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

fn digest(path: &Path) -> Result<Sha256, PathError> {
    let bytes = fs::read(path).at("read file", path)?;
    Ok(Sha256::of(&bytes))
}
