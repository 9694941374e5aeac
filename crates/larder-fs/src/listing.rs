//! What is in a directory that may not be there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{PathContext as _, PathError};

/// The paths in a directory, in no order; none if it is not there or no directory.
///
/// # Errors
/// If it cannot be read.
pub fn list_dir(directory: &Path) -> Result<Vec<PathBuf>, PathError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if is_absence(&error) => return Ok(Vec::new()),
        entries => entries.at("read directory", directory)?,
    };
    entries
        .map(|entry| Ok(entry.at("read directory", directory)?.path()))
        .collect()
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
