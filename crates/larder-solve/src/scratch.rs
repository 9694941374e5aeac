//! The scratch directory of one session, and those that killed runs have left behind.
//!
//! Each directory holds a file that its owner keeps locked as long as it lives; where that lock can
//! be had, the owner is dead and the directory goes. A short lock on the whole cache keeps others from
//! looking while a directory has no lock yet. Where the file system knows no locks, nothing is removed.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use larder_fs::LockFile;
use tempfile::TempDir;

const PREFIX: &str = "scratch-";
const LOCK: &str = "in-use";

/// A directory that goes away with this value, or with the next one if the process dies first.
pub(crate) struct Scratch {
    // Before the directory: an open file can keep it from being removed.
    _in_use: File,
    directory: TempDir,
}

impl Scratch {
    /// A new directory in `cache`, which is made if need be.
    pub(crate) fn new_in(cache: &Path) -> io::Result<Self> {
        fs::create_dir_all(cache)?;
        let _alone = LockFile::acquire(cache.join("scratch.lock"), || {
            tracing::debug!("waiting for another larder to tidy up");
        })
        .map_err(|error| error.source)?;
        for abandoned in fs::read_dir(cache)?.flatten() {
            remove_if_dead(abandoned.path());
        }
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(cache)?;
        let in_use = File::create(directory.path().join(LOCK))?;
        if let Err(error) = in_use.lock() {
            tracing::debug!("no locks in {}: {error}", cache.display());
        }
        Ok(Self {
            _in_use: in_use,
            directory,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes a scratch directory whose owner does not live; anything else stays.
pub(crate) fn remove_if_dead(path: PathBuf) {
    let name = path.file_name().and_then(|name| name.to_str());
    if !name.is_some_and(|name| name.starts_with(PREFIX)) || !path.is_dir() {
        return;
    }
    let is_dead = match File::open(path.join(LOCK)) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if is_dead && let Err(error) = fs::remove_dir_all(&path) {
        tracing::debug!("cannot remove {}: {error}", path.display());
    }
}
