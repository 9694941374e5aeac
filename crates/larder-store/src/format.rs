//! The file `format`: is this directory a store, and of which version.
//!
//! It is written before anything else and read before anything else.

use std::{fs, io, path::Path};

use larder_fs::{Durability, PathContext as _, PathError, write_atomic};

use crate::{Access, OpenError, layout::Layout};

/// The version of the layout that this code reads and writes.
pub(crate) const VERSION: u32 = 1;
const WORD: &str = "larder-store";

/// Checks that `layout` is a store of a version that this code knows; makes it one if it is an empty
/// or missing directory and may be written.
pub(crate) fn check_or_create(layout: &Layout, access: Access) -> Result<(), OpenError> {
    if check(layout)? {
        return Ok(());
    }
    let root = layout.root().to_owned();
    if access == Access::ReadOnly {
        return Err(OpenError::NoStore { root });
    }
    fs::create_dir_all(&root).at("create directory", &root)?;
    if !is_vacant(&root)? {
        // Another process may have made the store since the first look; it wrote `format` first.
        return match check(layout)? {
            true => Ok(()),
            false => Err(OpenError::NotAStore { root }),
        };
    }
    let text = format!("{WORD} {VERSION}\n");
    write_atomic(&layout.format(), text.as_bytes(), Durability::Flush)?;
    Ok(())
}

/// Whether there is a `format` of a known version; an unknown one is an error.
fn check(layout: &Layout) -> Result<bool, OpenError> {
    let path = layout.format();
    let text = match fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).at("read", &path).map_err(OpenError::Io),
    };
    match parse(&text) {
        Some(VERSION) => Ok(true),
        Some(found) if found > VERSION => Err(OpenError::NewerFormat {
            root: layout.root().to_owned(),
            found,
            supported: VERSION,
        }),
        _ => Err(OpenError::MalformedFormat {
            path,
            text: text.chars().take(40).collect(),
        }),
    }
}

/// The version that the text of a `format` file states. Later versions may add lines.
pub(crate) fn parse(text: &str) -> Option<u32> {
    let (word, version) = text.lines().next()?.split_once(' ')?;
    (word == WORD).then(|| version.parse().ok()).flatten()
}

/// Whether a directory holds nothing but what a killed [`write_atomic`] leaves.
fn is_vacant(root: &Path) -> Result<bool, PathError> {
    for entry in fs::read_dir(root).at("read directory", root)? {
        let name = entry.at("read directory", root)?.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with(".larder-") && name.ends_with(".tmp")) {
            return Ok(false);
        }
    }
    Ok(true)
}
