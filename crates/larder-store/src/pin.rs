//! Pins: what a run is about to use, so that collection leaves it alone until the run has recorded its
//! root.
//!
//! A pin only ever keeps more alive. Its lock is a convenience: it tells that a run is over before its
//! pin is old. Nothing waits for it.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use larder_digest::{Checksum, Md5, Sha256};
use larder_fs::{
    Durability, Holder, LockFile, PathContext as _, PathError, boot_id, lock_holder, share_file,
};
use serde::{Deserialize, Serialize};

use crate::{
    Step, Store, StoreError, index,
    layout::Layout,
    listing::{read_if_there, with_extension},
    roots::written,
    store::is_no_object,
    temporary::{unique_name, write_whole},
};

/// A pin of 10,000 objects has 700 KB.
pub const PIN_BYTES: u64 = 16 << 20;

/// How long a pin counts where nobody can tell whether its run is still there.
const CREDIBLE: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps objects from being collected, whether they are there already or come later. Dropping it ends
/// that; the root of what was made of them should be recorded by then.
#[derive(Debug)]
pub struct Pin {
    layout: Layout,
    file: PathBuf,
    // Given up after the file is gone.
    _lock: LockFile,
}

impl Drop for Pin {
    /// A pin that cannot be removed is one without an owner.
    fn drop(&mut self) {
        self.layout.dir().remove_file(&self.file).ok();
    }
}

/// What the file of a pin says.
#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    /// The boot of the machine on which the run is; its lock says nothing elsewhere.
    boot: Option<String>,
    /// Whether the run has its lock.
    locked: bool,
    sha256: Vec<Sha256>,
    /// Of objects whose SHA-256 is not known.
    md5: Vec<Md5>,
}

impl Store {
    /// Says that this process is about to use the objects with these digests (P1). To be called before
    /// looking for them.
    ///
    /// # Errors
    /// If the store cannot be written. Going on without a pin is safe: an object that is found and then
    /// collected is one that is gone, to be fetched again.
    pub fn pin(&self, needs: impl IntoIterator<Item = Checksum>) -> Result<Pin, StoreError> {
        self.check_writable()?;
        let (mut sha256, mut md5) = (Vec::new(), Vec::new());
        for checksum in needs {
            match checksum {
                Checksum::Sha256(digest) => sha256.push(digest),
                Checksum::Md5(digest) => md5.push(digest),
            }
        }
        let layout = &self.shared.layout;
        let directory = layout.pins();
        let made = layout.dir().create_dirs(&directory);
        made.map_err(|source| self.not_writable(source))?;
        let file = directory.join(unique_name("", ".json"));
        // The lock first: a pin without one has no owner.
        let lock =
            LockFile::acquire(lock_of(&file), || {}).map_err(|source| self.not_writable(source))?;
        share_file(&lock_of(&file))?;
        let contents = Contents {
            boot: boot_id(),
            locked: lock.is_held(),
            sha256,
            md5,
        };
        let text = serde_json::to_vec(&contents)
            .map_err(std::io::Error::from)
            .at("write", &file)?;
        write_whole(layout, &file, &text, Durability::Lazy)?;
        self.shared.reached(Step::Pinned, &file)?;
        Ok(Pin {
            layout: layout.clone(),
            file,
            _lock: lock,
        })
    }
}

/// A pin that was read: what it needs, or that its run is over.
#[derive(Debug)]
pub(crate) enum Found {
    Alive(Vec<Sha256>),
    Over,
}

/// The files of all pins.
pub(crate) fn files(layout: &Layout) -> Result<Vec<PathBuf>, PathError> {
    with_extension(layout, &layout.pins(), "json")
}

/// The locks of runs that were killed before they had a pin. Others are about to write theirs: only what
/// is old counts.
pub(crate) fn idle_locks(layout: &Layout, now: SystemTime) -> Result<Vec<PathBuf>, PathError> {
    let mut idle = Vec::new();
    for lock in with_extension(layout, &layout.pins(), "lock")? {
        if layout.dir().status(&lock.with_extension("json")).is_err()
            && !is_credible(layout, &lock, now)?
        {
            idle.push(lock);
        }
    }
    Ok(idle)
}

/// Reads a pin. What is no pin counts as one that needs nothing: a pin can be done without.
pub(crate) fn read(layout: &Layout, file: &Path, now: SystemTime) -> Result<Found, PathError> {
    let bytes = match read_if_there(layout, file, PIN_BYTES) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Found::Over),
        // A link, a FIFO, a directory, a file of another size than a pin can have: no pin.
        Err(error) if is_no_object(&error) => Vec::new(),
        Err(error) => return Err(error),
    };
    let contents: Option<Contents> = serde_json::from_slice(&bytes).ok();
    let holder = match &contents {
        Some(contents) if contents.locked && contents.boot == boot_id() => {
            lock_holder(&lock_of(file))
        }
        _ => Holder::Unknown,
    };
    let is_alive = match holder {
        Holder::Somebody => true,
        Holder::Nobody => false,
        Holder::Unknown => is_credible(layout, file, now)?,
    };
    if !is_alive {
        return Ok(Found::Over);
    }
    let Some(mut contents) = contents else {
        return Ok(Found::Alive(Vec::new()));
    };
    for md5 in contents.md5 {
        contents.sha256.extend(index::look_up(layout, md5)?);
    }
    Ok(Found::Alive(contents.sha256))
}

/// A time that lies in the future (clocks of network file systems) is recent.
fn is_credible(layout: &Layout, file: &Path, now: SystemTime) -> Result<bool, PathError> {
    let is_recent = |time| now.duration_since(time).map_or(true, |age| age < CREDIBLE);
    Ok(written(layout, file)?.is_some_and(is_recent))
}

fn lock_of(file: &Path) -> PathBuf {
    file.with_extension("lock")
}

/// Removes a pin whose run is over.
pub(crate) fn remove(layout: &Layout, file: &Path) -> Result<(), PathError> {
    for path in [file.to_owned(), lock_of(file)] {
        match layout.dir().remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
