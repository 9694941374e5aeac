//! What may be said of the place of an environment by looking at it: whether one may go there, whether
//! one there is frozen or unfinished. Changes nothing.

use std::{fs, io, path::Path};

use larder_fs::PathError;

use crate::{
    ApplyError,
    control_files::{MAX_SMALL, is_environment, read_control_file},
    crash,
    update::DIRECTORY,
};

const FROZEN: &str = "it has the marker conda-meta/frozen";

/// Whether an environment can be made at `prefix` as far as the path itself goes, before anything is
/// fetched for it: [`apply`](crate::apply()) refuses what this refuses.
///
/// # Errors
/// [`ApplyError::SymbolicLink`].
pub fn check_place(prefix: &Path) -> Result<(), ApplyError> {
    match fs::read_link(prefix) {
        Ok(target) => Err(ApplyError::SymbolicLink {
            prefix: prefix.to_owned(),
            target,
        }),
        Err(_) => Ok(()),
    }
}

/// Whether at `prefix` there is what a run is still making, or left behind when it was killed: no
/// environment yet, or not any more. [`recover`](crate::recover()) clears it away.
pub fn is_unfinished(prefix: &Path) -> bool {
    crash::exists(&crash::marker_path(prefix)) && !is_environment(prefix)
}

/// Whether an update of the environment at `prefix` is under way, or was when it was killed: files may be
/// old or new. [`recover`](crate::recover()) undoes or finishes what was killed.
pub fn is_updating(prefix: &Path) -> bool {
    crash::exists(&prefix.join("conda-meta").join(DIRECTORY))
}

/// CEP 22: if the environment at `prefix` is frozen, what its marker says. Presence alone freezes.
///
/// # Errors
/// If the marker cannot be read.
pub fn frozen(prefix: &Path) -> Result<Option<String>, PathError> {
    let bytes = match read_control_file(prefix, "frozen", MAX_SMALL) {
        Ok(None) => return Ok(None),
        Ok(Some(bytes)) => bytes,
        // A directory or link freezes as well: whoever put it there meant it.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Ok(Some(FROZEN.to_owned()));
        }
        Err(error) => return Err(error),
    };
    let value: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
    let message = value
        .as_ref()
        .and_then(|value| value.get("message")?.as_str())
        .filter(|text| !text.is_empty());
    Ok(Some(message.unwrap_or(FROZEN).to_owned()))
}
