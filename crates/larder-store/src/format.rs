//! The file `format`: whether a directory is a store, and its layout version.
//!
//! It is written first when a store is created and read first when one is opened.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_fs::{
    Durability, PathContext as _, PathError, list_dir, restore_owner_access, share_file,
    write_atomic,
};

use crate::{
    Access, ObjectKind, OpenError,
    layout::StoreLayout,
    temporary::{DAMAGED_PREFIX, unique_name},
};

/// The version of the layout that this code reads and writes.
pub(crate) const VERSION: u32 = 1;
const WORD: &str = "larder-store";
/// Largest size of `format` in bytes. Later versions may add lines to it.
pub const FORMAT_BYTES: u64 = 4096;

/// Checks that `layout` is a store with a supported version. Creates one in an empty or missing directory if `access`
/// allows it.
pub(crate) fn check_or_create(layout: &StoreLayout, access: Access) -> Result<(), OpenError> {
    if check_format_file(layout)? {
        return Ok(());
    }
    let root = layout.root().to_owned();
    if access == Access::ReadOnly {
        return Err(OpenError::NoStore { root });
    }
    fs::create_dir_all(&root).at("create directory", &root)?;
    if !is_empty_directory(&root)? {
        // Another process may have created the store since the first check; it writes `format` first.
        return match check_format_file(layout)? {
            true => Ok(()),
            false => Err(OpenError::NotAStore { root }),
        };
    }
    Ok(write_format_file(&layout.format_file())?)
}

/// Like [`check_or_create`] with write access, but also rewrites a damaged or missing `format`. Returns whether it did.
/// A damaged or poisoned cache must not make every job fail that restores it.
pub(crate) fn check_create_or_repair(layout: &StoreLayout) -> Result<bool, OpenError> {
    restore_owner_access(&layout.format_file());
    match check_or_create(layout, Access::ReadWrite) {
        Ok(()) => Ok(false),
        Err(error @ (OpenError::MalformedFormat { .. } | OpenError::NotAStore { .. })) => {
            // Report the first error: it says what is wrong with `format`.
            repair_format_file(layout).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

fn write_format_file(path: &Path) -> Result<(), PathError> {
    let text = format!("{WORD} {VERSION}\n");
    write_atomic(path, text.as_bytes(), Durability::Flush)?;
    share_file(path)
}

/// Rewrites a damaged or missing `format` if all other entries of the directory are those of a store. Returns whether
/// it did.
pub(crate) fn repair_format_file(layout: &StoreLayout) -> Result<bool, OpenError> {
    match check_format_file(layout) {
        Ok(true) => return Ok(false),
        Ok(false) | Err(OpenError::MalformedFormat { .. }) => {}
        Err(error) => return Err(error),
    }
    if !has_only_store_entries(layout)? {
        let root = layout.root().to_owned();
        return Err(OpenError::NotAStore { root });
    }
    let path = layout.format_file();
    let is_other = layout
        .dir()
        .status(&path)
        .is_ok_and(|status| !status.is_file);
    if is_other {
        let aside = unique_name(&format!("{DAMAGED_PREFIX}format-"), "");
        layout.dir().ensure_dir(&layout.temporary_dir())?;
        layout
            .dir()
            .rename_noreplace(&path, &layout.temporary_dir().join(aside))?;
    }
    write_format_file(&path)?;
    Ok(true)
}

/// Whether a directory has the directories of a store and no other entries.
fn has_only_store_entries(layout: &StoreLayout) -> Result<bool, PathError> {
    let names = list_dir(layout.root())?;
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_directory = StoreLayout::DIRECTORIES.contains(&&*name)
            || StoreLayout::LATER_DIRECTORIES.contains(&&*name);
        name == "format" || is_unfinished_write(&name) || is_directory
    };
    Ok(layout.dir().is_dir(&layout.kind_dir(ObjectKind::Conda)) && names.iter().all(is_ours))
}

/// Whether `format` exists with a supported version. Any other content is an error.
fn check_format_file(layout: &StoreLayout) -> Result<bool, OpenError> {
    let path = layout.format_file();
    let text = match layout.dir().read(&path, FORMAT_BYTES) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(_) if layout.dir().is_dir(&path) => "a directory".into(),
        // A link, a FIFO, a device, or a file larger than `FORMAT_BYTES`.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => error.source.to_string(),
        Err(error) => return Err(OpenError::Io(error)),
    };
    match parse_format_version(&text) {
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

/// Parses the version from the text of a `format` file; `None` if it has none. Ignores lines after the first.
pub(crate) fn parse_format_version(text: &str) -> Option<u32> {
    let (word, version) = text.lines().next()?.split_once(' ')?;
    (word == WORD).then(|| version.parse().ok()).flatten()
}

/// Whether a directory is empty except for temporary files of a killed [`write_atomic`].
fn is_empty_directory(root: &Path) -> Result<bool, PathError> {
    for entry in fs::read_dir(root).at("read directory", root)? {
        let name = entry.at("read directory", root)?.file_name();
        let name = name.to_string_lossy();
        if !is_unfinished_write(&name) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_unfinished_write(name: &str) -> bool {
    name.starts_with(".larder-") && name.ends_with(".tmp")
}
