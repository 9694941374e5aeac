//! The scripts that packages ship for activation and deactivation (CEP 32, `etc/conda/*.d`).

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use larder_fs::{PathError, list_dir};

/// When scripts run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Activate,
    Deactivate,
}

/// The scripts with this extension in the order in which they run: by code points, backwards for
/// deactivation.
pub(super) fn scripts(
    prefix: &Path,
    moment: Moment,
    extension: &str,
) -> Result<Vec<PathBuf>, PathError> {
    let directory = match moment {
        Moment::Activate => "etc/conda/activate.d",
        Moment::Deactivate => "etc/conda/deactivate.d",
    };
    let mut scripts = files(&prefix.join(directory), extension)?;
    if moment == Moment::Deactivate {
        scripts.reverse();
    }
    Ok(scripts)
}

/// The files of a directory that may be missing, by code points whatever the locale, as Python sorts.
pub(super) fn files(directory: &Path, extension: &str) -> Result<Vec<PathBuf>, PathError> {
    let mut files = list_dir(directory)?;
    files.retain(|path| path.extension() == Some(OsStr::new(extension)) && path.is_file());
    files.sort_by(|a, b| a.to_string_lossy().chars().cmp(b.to_string_lossy().chars()));
    Ok(files)
}
