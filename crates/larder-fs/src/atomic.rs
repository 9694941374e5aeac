//! Files that are there whole or not at all.

use std::{fs, io::Write as _, path::Path};

use crate::{PathContext as _, PathError};

/// What must survive a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Flush the file before and its directory after the rename: after a power loss the old or the new
    /// content is there.
    Flush,
    /// Leave it to the system: after a power loss the file may be missing, old or empty. For what is
    /// checked before use and can be made again.
    Lazy,
}

/// Writes `bytes` to a temporary file beside `path` and renames it into place, replacing what was there.
///
/// # Errors
/// Nothing has changed then, and no temporary file is left.
pub fn write_atomic(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), PathError> {
    let directory = parent(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".larder-").suffix(".tmp");
    for_everyone(&mut builder);
    let mut file = builder
        .tempfile_in(directory)
        .at("create a temporary file in", directory)?;
    file.write_all(bytes).at("write", path)?;
    if durability == Durability::Flush {
        file.as_file().sync_all().at("flush", path)?;
    }
    file.persist(path)
        .map_err(|error| error.error)
        .at("rename into place", path)?;
    if durability == Durability::Flush {
        sync_dir(directory)?;
    }
    Ok(())
}

/// Flushes a directory, so that names made in it survive a power loss. Does nothing where the system
/// cannot open directories.
///
/// # Errors
/// If the directory cannot be opened or flushed.
pub fn sync_dir(path: &Path) -> Result<(), PathError> {
    if cfg!(unix) {
        fs::File::open(path)
            .and_then(|directory| directory.sync_all())
            .at("flush directory", path)
    } else {
        Ok(())
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Temporary files are made for their owner alone; what is renamed into place is for everyone whom
/// the umask admits.
#[cfg(unix)]
fn for_everyone(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;

    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn for_everyone(_builder: &mut tempfile::Builder<'_, '_>) {}
