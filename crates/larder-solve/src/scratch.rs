//! The scratch directory of one session, and those that killed runs have left behind.
//!
//! Each directory holds a file that its owner keeps locked as long as it lives; where that lock can
//! be had, the owner is dead and the directory goes. A short lock on the whole cache keeps others from
//! looking while a directory has no lock yet. Where the file system knows no locks, nothing is removed.
//!
//! The gateway writes every shard there and never reads it again. So where there is room, these hundreds of small
//! files go into memory: the directory has a link to one in memory, which lives and goes with it. Plain indexes are
//! large, and stay on the disk.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use larder_fs::{LockFile, RootedDir, create_private_dir_behind, free_in_memory, open_regular};
use tempfile::TempDir;

const PREFIX: &str = "scratch-";
const LOCK: &str = "in-use";
/// Where the gateway writes shards.
const SHARDS: &str = "shards-v1";
/// Unpacked, the shards of all packages of a channel are smaller.
const ROOM: u64 = 1 << 30;

/// A directory that goes away with this value, or with the next one if the process dies first.
pub(crate) struct Scratch {
    // Before the directory: an open file can keep it from being removed.
    _in_use: File,
    _in_memory: Option<InMemory>,
    directory: TempDir,
}

/// A directory in memory that goes away with this value.
struct InMemory(PathBuf);

impl Drop for InMemory {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

impl Scratch {
    /// A new directory in `cache`, which is made if need be; shards go into a directory in `memory`, if that is one.
    pub(crate) fn new_in(cache: &Path, memory: Option<&Path>) -> io::Result<Self> {
        fs::create_dir_all(cache)?;
        let lock = cache.join("scratch.lock");
        clear_place_of_lock(cache, &lock);
        let _alone = LockFile::acquire(lock, || {
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
            _in_memory: memory.and_then(|memory| shards_in(memory, directory.path())),
            directory,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// What is no file in the lock's place (a link, a FIFO or a directory out of a restored cache) would stop every run.
fn clear_place_of_lock(cache: &Path, lock: &Path) {
    let is_other = lock.symlink_metadata().is_ok_and(|found| !found.is_file());
    if is_other && let Err(error) = RootedDir::new(cache).displace(lock) {
        tracing::debug!("cannot move {} aside: {error}", lock.display());
    }
}

/// A place for shards in memory, to which the scratch directory leads.
fn shards_in(memory: &Path, scratch: &Path) -> Option<InMemory> {
    if free_in_memory(memory).is_none_or(|free| free < ROOM) {
        return None;
    }
    let directory = memory.join(name_in_memory(scratch)?);
    match create_private_dir_behind(&scratch.join(SHARDS), &directory) {
        Ok(()) => Some(InMemory(directory)),
        Err(error) => {
            tracing::debug!("shards are unpacked on the disk: {error}");
            None
        }
    }
}

/// Removes a scratch directory whose owner does not live; anything else stays.
pub(crate) fn remove_if_dead(path: PathBuf) {
    let name = path.file_name().and_then(|name| name.to_str());
    if !name.is_some_and(|name| name.starts_with(PREFIX))
        || !path.symlink_metadata().is_ok_and(|found| found.is_dir())
    {
        return;
    }
    let is_dead = match open_regular(&path.join(LOCK)) {
        Ok(file) => file.try_lock().is_ok(),
        // A FIFO or a link is nobody's lock.
        Err(error) => matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::InvalidData
        ),
    };
    if is_dead {
        if let Ok(in_memory) = fs::read_link(path.join(SHARDS))
            && is_of(&path, &in_memory)
        {
            remove(&in_memory);
        }
        remove(&path);
    }
}

/// Whether a directory is in memory and called after this scratch directory: what else a link says is not believed.
fn is_of(scratch: &Path, in_memory: &Path) -> bool {
    in_memory.file_name() == name_in_memory(scratch).as_deref()
        && free_in_memory(in_memory).is_some()
}

fn name_in_memory(scratch: &Path) -> Option<OsString> {
    let mut name = OsString::from("larder-");
    name.push(scratch.file_name()?);
    Some(name)
}

fn remove(directory: &Path) {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::debug!("cannot remove {}: {error}", directory.display());
        }
        _ => {}
    }
}
