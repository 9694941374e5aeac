//! What comes into an environment besides packages: whoever brings it fills a directory that is laid out as
//! the environment, with the environment's own programs at hand; it is moved in before the commit.
//!
//! Packages win: a path that one of them has is not touched, and a warning names it.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use larder_event::Reporter;
use larder_fs::{PathContext as _, PathError, remove_tree};

/// Brings more into an environment than its packages do.
pub trait Addition: fmt::Debug + Send + Sync {
    /// Fills the empty directory `root`, which is on the file system of `prefix`. The programs of `prefix`
    /// can be run, at their final place; nothing below it may be changed.
    ///
    /// # Errors
    /// [`AdditionFailed`]; why is for the one who brings it to keep.
    fn stage(
        &self,
        prefix: &Path,
        root: &Path,
        reporter: &dyn Reporter,
    ) -> Result<(), AdditionFailed>;
}

/// Nothing comes, and the run fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is added to the packages could not be made")]
pub struct AdditionFailed;

/// In `conda-meta` of a new environment.
const STAGED: &str = ".larder-added";

/// Why nothing was added.
#[derive(Debug)]
pub(crate) enum AddError {
    Failed,
    Place(PathError),
}

impl From<PathError> for AddError {
    fn from(error: PathError) -> Self {
        Self::Place(error)
    }
}

/// Adds to a new environment, which is at its place.
pub(crate) fn add(
    addition: &dyn Addition,
    prefix: &Path,
    reporter: &dyn Reporter,
) -> Result<(), AddError> {
    let root = prefix.join("conda-meta").join(STAGED);
    fs::create_dir(&root).at("create directory", &root)?;
    let staged = stage(addition, prefix, &root, reporter)?;
    let mut taken = Vec::new();
    for path in &staged {
        let (from, to) = (root.join(path), prefix.join(path));
        if to.symlink_metadata().is_ok() {
            taken.push(path.clone());
            continue;
        }
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).at("create directory", parent)?;
        }
        larder_fs::rename(&from, &to)?;
    }
    tell_of_taken(&taken, reporter);
    Ok(remove_tree(&root)?)
}

/// Everything that is brought, below `root`, sorted.
pub(crate) fn stage(
    addition: &dyn Addition,
    prefix: &Path,
    root: &Path,
    reporter: &dyn Reporter,
) -> Result<Vec<String>, AddError> {
    let made = addition.stage(prefix, root, reporter);
    made.map_err(|_| AddError::Failed)?;
    let mut files = Vec::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).at("read directory", &directory)? {
            let entry = entry.at("read directory", &directory)?;
            let kind = entry.file_type().at("read metadata of", entry.path())?;
            match kind.is_dir() {
                true => directories.push(entry.path()),
                false => files.push(below(&entry.path(), root)),
            }
        }
    }
    files.sort();
    Ok(files)
}

fn below(path: &Path, root: &Path) -> String {
    let relative: PathBuf = path.strip_prefix(root).unwrap_or(path).into();
    relative.to_string_lossy().replace('\\', "/")
}

/// Says which paths stay as packages have them.
pub(crate) fn tell_of_taken(taken: &[String], reporter: &dyn Reporter) {
    const SHOWN: usize = 5;
    if taken.is_empty() {
        return;
    }
    let shown = taken.iter().take(SHOWN).map(String::as_str);
    let shown: Vec<&str> = shown.collect();
    let more = match taken.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!(
        "packages of the `pip:` section have files that conda packages have as well; those of conda \
         stay: {}{more}",
        shown.join(", ")
    );
    reporter.warn("link::added-twice", text);
}
