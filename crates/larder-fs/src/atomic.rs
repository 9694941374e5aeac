//! Files that are there whole or not at all.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tempfile::NamedTempFile;

use crate::{PathContext as _, PathError, flush_file, keeps_order, settle};

const PREFIX: &str = ".larder-";
const SUFFIX: &str = ".tmp";
/// A temporary file that nobody has written to for so long belongs to nobody any more.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// What must survive a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Flush the file before and its directory after the rename: after a power loss the old or the new
    /// content is there.
    Flush,
    /// Have its bytes on the disk before its name, without waiting for the name: after a power loss the
    /// old or the new content is there. Where the file system does not keep order
    /// ([`crate::keeps_order`]) this is [`Durability::Flush`].
    Ordered,
    /// Leave it to the system: after a power loss the file may be missing, old or empty. For what is
    /// checked before use and can be made again.
    Lazy,
}

impl Durability {
    /// What has to be done for it on the file system of `directory`.
    #[must_use]
    pub fn on(self, directory: &Path) -> Self {
        match self {
            Self::Ordered if !keeps_order(directory) => Self::Flush,
            other => other,
        }
    }

    /// Before a file gets its name: what has to be done for its bytes. `self` is what [`Durability::on`] gave.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn before_naming(self, file: &fs::File) -> io::Result<()> {
        match self {
            Self::Flush => flush_file(file),
            Self::Ordered => settle(file).or_else(|_| flush_file(file)),
            Self::Lazy => Ok(()),
        }
    }
}

/// Writes `bytes` to a temporary file beside `path` and renames it into place, replacing what was there.
///
/// # Errors
/// Nothing has changed then, and no temporary file is left.
pub fn write_atomic(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), PathError> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).at("write", path)?;
    file.commit(durability)
}

/// A temporary file in a directory, with the permissions that the umask admits: whoever may see the directory may
/// read what it becomes. [`sweep_beside`] knows it by its name.
///
/// # Errors
/// If it cannot be made.
pub fn temporary_file(directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    for_everyone(&mut builder);
    builder.tempfile_in(directory)
}

/// Closes a temporary file and renames it into place, replacing what was there. tempfile's own `persist` knows neither
/// POSIX renames on Windows nor waiting for others there ([`crate::rename()`]).
///
/// # Errors
/// Nothing has changed then, and no temporary file is left.
pub fn persist_temporary(file: NamedTempFile, path: &Path) -> Result<(), PathError> {
    let temporary = file.into_temp_path().keep().map_err(|error| error.error);
    let temporary = temporary.at("rename to", path)?;
    crate::rename(&temporary, path).inspect_err(|_| {
        fs::remove_file(&temporary).ok();
    })
}

/// A file that is being written, bit by bit, and appears under its name when it is whole. Dropped before
/// that, nothing is left of it.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl AtomicFile {
    /// Makes a temporary file beside `path`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(path: &Path) -> Result<Self, PathError> {
        let directory = parent(path);
        let file = temporary_file(directory).at("create a temporary file in", directory)?;
        let path = path.to_owned();
        Ok(Self { path, file })
    }

    /// Gives the file these permissions, in place of those that the umask admits.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn set_permissions(&self, permissions: fs::Permissions) -> Result<(), PathError> {
        let file = self.file.as_file();
        file.set_permissions(permissions)
            .at("set the permissions of", &self.path)
    }

    /// Renames the file into place, replacing what was there.
    ///
    /// # Errors
    /// Nothing has changed then, and no temporary file is left.
    pub fn commit(self, durability: Durability) -> Result<(), PathError> {
        let Self { path, file } = self;
        let durability = durability.on(parent(&path));
        durability
            .before_naming(file.as_file())
            .at("flush", &path)?;
        persist_temporary(file, &path)?;
        if durability == Durability::Flush {
            sync_dir(parent(&path))?;
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

/// Removes what processes that were killed while they wrote left beside `path`, once it is a day old.
/// For writers of large files: what cannot be removed stays.
pub fn sweep_beside(path: &Path) {
    let is_old = |path: &Path| {
        let written = path.symlink_metadata().and_then(|file| file.modified());
        let age = written.map(|written| SystemTime::now().duration_since(written));
        matches!(age, Ok(Ok(age)) if age >= ABANDONED)
    };
    for entry in fs::read_dir(parent(path)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) && is_old(&entry.path()) {
            fs::remove_file(entry.path()).ok();
        }
    }
}

/// Flushes a directory, so that names made in it survive a power loss. Does nothing where the system
/// cannot open directories.
///
/// # Errors
/// If the directory cannot be opened or flushed.
pub fn sync_dir(path: &Path) -> Result<(), PathError> {
    if cfg!(unix) {
        fs::File::open(path)
            .and_then(|directory| flush_file(&directory))
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
