//! Which file an object is.
//!
//! A component longer than file systems take is cut: each piece but the last is a directory whose name
//! ends with `~`, which no component has.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::ObjectName;

/// Below the 255 bytes of most file systems, so that a `~` fits.
const LONGEST: usize = 200;
const CUT: char = '~';

/// The path of an object.
pub(super) fn path(root: &Path, name: &ObjectName) -> PathBuf {
    let mut path = root.to_owned();
    for component in name.as_str().split('/') {
        let mut rest = component;
        // ASCII: every place is a border between characters.
        while rest.len() > LONGEST {
            let (piece, after) = rest.split_at(LONGEST);
            path.push(format!("{piece}{CUT}"));
            rest = after;
        }
        path.push(rest);
    }
    path
}

/// Every object whose name starts with `prefix`.
pub(super) fn walk(root: &Path, prefix: &str) -> io::Result<Vec<(ObjectName, fs::Metadata)>> {
    let mut found = Vec::new();
    let mut directories = vec![(root.to_owned(), String::new())];
    while let Some((directory, above)) = directories.pop() {
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let Some(file_name) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            let name = format!("{above}{file_name}");
            if entry.file_type()?.is_dir() {
                let inside = match name.strip_suffix(CUT) {
                    Some(piece) => piece.to_owned(),
                    None => format!("{name}/"),
                };
                if inside.starts_with(prefix) || prefix.starts_with(&inside) {
                    directories.push((entry.path(), inside));
                }
            } else if name.starts_with(prefix) {
                add(&mut found, name, &entry)?;
            }
        }
    }
    Ok(found)
}

/// What has no object's name is none; what is gone meanwhile is gone.
fn add(
    found: &mut Vec<(ObjectName, fs::Metadata)>,
    name: String,
    entry: &fs::DirEntry,
) -> io::Result<()> {
    let Ok(name) = ObjectName::new(name) else {
        return Ok(());
    };
    match entry.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        metadata => found.push((name, metadata?)),
    }
    Ok(())
}
