//! `~/.conda/environments.txt`: where conda and others find environments that have no name.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use larder_fs::{Links, PathContext as _, PathError, read_control_file, rewrite};
use larder_link::MAX_SMALL;

/// Adds `prefix` to the registry in `home`, once. Other lines are left as they are.
///
/// # Errors
/// If the file cannot be read or appended to; callers warn and go on, as conda does.
pub(crate) fn register(home: &Path, prefix: &Path) -> Result<(), PathError> {
    let directory = home.join(".conda");
    let path = directory.join("environments.txt");
    let line = prefix.to_string_lossy();
    let existing = read(&path)?.unwrap_or_default();
    if existing.lines().any(|known| known == line) {
        return Ok(());
    }
    fs::create_dir_all(&directory).at("create directory", &directory)?;
    let separator = if existing.is_empty() || existing.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    // One append of one line: two processes that register at once do not lose each other's.
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(format!("{separator}{line}\n").as_bytes()))
        .at("append to", &path)
}

/// What the registry in `home` names, in its order; a registry that is not there names nothing.
///
/// # Errors
/// If the file is there and cannot be read.
pub(crate) fn registered(home: &Path) -> Result<Vec<PathBuf>, PathError> {
    let path = home.join(".conda").join("environments.txt");
    let Some(text) = read(&path)? else {
        return Ok(Vec::new());
    };
    let lines = text.lines().map(str::trim);
    let prefixes = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(prefixes.map(PathBuf::from).collect())
}

/// Takes `prefix` out of the registry in `home`. Other lines are left as they are; a registry that is not
/// there names nothing.
///
/// # Errors
/// If the file cannot be read or replaced; callers warn and go on.
pub(crate) fn unregister(home: &Path, prefix: &Path) -> Result<(), PathError> {
    let path = home.join(".conda").join("environments.txt");
    let Some(existing) = read(&path)? else {
        return Ok(());
    };
    let line = prefix.to_string_lossy();
    let is_other = |known: &&str| known.trim_end() != line;
    let kept: String = existing.split_inclusive('\n').filter(is_other).collect();
    if kept == existing {
        return Ok(());
    }
    rewrite(&path, kept.as_bytes())
}

/// The text of the registry; `None` if there is none. It is the user's own file, which may be a link to where
/// the user keeps such files, but nothing else than a file.
fn read(path: &Path) -> Result<Option<String>, PathError> {
    match read_control_file(path, MAX_SMALL, Links::Follow) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => Ok(Some(String::from_utf8_lossy(&bytes?).into_owned())),
    }
}
