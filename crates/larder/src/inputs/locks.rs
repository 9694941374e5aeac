//! Locks of any format, recognised by their contents.

use std::{io::ErrorKind, path::Path};

use larder_fs::PathContext as _;
use larder_lock::{LockFile, LockFormat, ParseContext};
use larder_manifest::Lookup as _;
use rattler_conda_types::Subdir;

use super::InputError;
use crate::{
    Settings,
    streams::{INPUT_BYTES, shown_name},
};

/// Reads the lock at `path`, of any format, or `None` if there is none.
///
/// # Errors
/// If it is there and cannot be read or understood.
pub(crate) fn read_lock(path: &Path, settings: &Settings) -> Result<Option<LockFile>, InputError> {
    match larder_fs::read_user_file(path, INPUT_BYTES) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        bytes => parse_lock(path, &bytes.at("read", path)?, None, settings).map(Some),
    }
}

/// Reads the text of a lock of any format. `subdir` is for an `@EXPLICIT` list that does not say its own.
pub(crate) fn parse_lock(
    path: &Path,
    bytes: &[u8],
    subdir: Option<Subdir>,
    settings: &Settings,
) -> Result<LockFile, InputError> {
    parse_one(path, bytes, (subdir, None), settings)
}

/// Reads one of the environments of a lock that has several.
fn parse_environment(
    path: &Path,
    bytes: &[u8],
    environment: &str,
    settings: &Settings,
) -> Result<LockFile, InputError> {
    parse_one(path, bytes, (None, Some(environment)), settings)
}

/// Reads all environments of a lock of any format.
pub(crate) fn environments(
    path: &Path,
    bytes: &[u8],
    settings: &Settings,
) -> Result<Vec<LockFile>, InputError> {
    let text = String::from_utf8_lossy(bytes);
    let names = LockFile::environment_names(&path.to_string_lossy(), &text);
    let names = names.map_err(|error| InputError::Lock(Box::new(error)))?;
    if names.is_empty() {
        return Ok(vec![parse_lock(path, bytes, None, settings)?]);
    }
    let parse = |name: &String| parse_environment(path, bytes, name, settings);
    names.iter().map(parse).collect()
}

fn parse_one(
    path: &Path,
    bytes: &[u8],
    (subdir, environment): (Option<Subdir>, Option<&str>),
    settings: &Settings,
) -> Result<LockFile, InputError> {
    let text = String::from_utf8_lossy(bytes);
    let lookup = |name: &str| {
        if name == "~" {
            settings.home()
        } else {
            // What stands in an address is asked for and shown; credentials are not used here at all.
            let value = settings.variable(name);
            value.filter(|value| larder_manifest::is_harmless_variable(name, value))
        }
    };
    let context = ParseContext {
        subdir: subdir.or_else(Subdir::current).unwrap_or(Subdir::Linux64),
        working_directory: &settings.working_directory,
        lookup: &lookup,
        environment,
    };
    LockFile::parse_any(&shown_name(path), &text, &context)
        .map_err(|error| InputError::Lock(Box::new(error)))
}

/// The lock that `bytes` are; `None` if they are something else.
pub(super) fn as_lock(
    path: &Path,
    bytes: &[u8],
    subdir: Option<Subdir>,
    settings: &Settings,
) -> Result<Option<LockFile>, InputError> {
    match std::str::from_utf8(bytes).ok().and_then(LockFormat::detect) {
        None => Ok(None),
        Some(_) => parse_lock(path, bytes, subdir, settings).map(Some),
    }
}
