//! Pins: the objects that a process is about to use. A collection keeps them until the process has recorded its root.
//!
//! Pins only keep objects, they never cause a removal. The lock file beside a pin shows that its process has ended;
//! without it a pin counts for [`UNKNOWN_OWNER_LIFETIME`]. No process waits for that lock.

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
    Store, StoreError, StoreStep, index,
    layout::StoreLayout,
    listing::{list_with_extension, read_if_present},
    roots::modification_time,
    store::is_no_object,
    temporary::{replace_whole_file, unique_name},
};

/// Largest size of a pin in bytes. A pin of 10,000 objects has 700 KB.
pub const PIN_BYTES: u64 = 16 << 20;

/// How long a pin counts if it is unknown whether its process still runs.
const UNKNOWN_OWNER_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps objects from being collected, whether they exist already or are written later. Record the root that needs them
/// before dropping the pin.
#[derive(Debug)]
pub struct Pin {
    layout: StoreLayout,
    file: PathBuf,
    // Released after the pin's file is removed.
    _lock: LockFile,
}

impl Drop for Pin {
    /// Ignores errors: a collection removes pins whose process has ended.
    fn drop(&mut self) {
        self.layout.dir().remove_file(&self.file).ok();
    }
}

/// Content of a pin's file.
#[derive(Debug, Serialize, Deserialize)]
struct PinContents {
    /// Boot id of the machine that the process runs on. On other machines its lock has no meaning.
    boot: Option<String>,
    /// Whether the process holds the lock file beside the pin.
    locked: bool,
    sha256: Vec<Sha256>,
    /// MD5 of the objects whose SHA-256 is unknown.
    md5: Vec<Md5>,
}

impl Store {
    /// Pins the objects with these checksums for this process (P1). Call it before looking the objects up.
    ///
    /// # Errors
    /// If the store is not writable. Continuing without a pin is safe: an object that is collected after it was found
    /// is downloaded again.
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
        let directory = layout.pins_dir();
        let made = layout.dir().create_dirs(&directory);
        made.map_err(|source| self.to_write_error(source))?;
        let file = directory.join(unique_name("", ".json"));
        // Lock before writing the pin: a pin whose lock is free counts as abandoned.
        let lock = LockFile::acquire(lock_path(&file), || {})
            .map_err(|source| self.to_write_error(source))?;
        share_file(&lock_path(&file))?;
        let contents = PinContents {
            boot: boot_id(),
            locked: lock.is_held(),
            sha256,
            md5,
        };
        let text = serde_json::to_vec(&contents)
            .map_err(std::io::Error::from)
            .at("write", &file)?;
        replace_whole_file(layout, &file, &text, Durability::Lazy)?;
        self.shared.report_step(StoreStep::Pinned, &file)?;
        Ok(Pin {
            layout: layout.clone(),
            file,
            _lock: lock,
        })
    }
}

/// State of a pin: the objects that it keeps, or that its process has ended.
#[derive(Debug)]
pub(crate) enum PinState {
    Alive(Vec<Sha256>),
    Over,
}

/// Lists the files of all pins.
pub(crate) fn list_pin_files(layout: &StoreLayout) -> Result<Vec<PathBuf>, PathError> {
    list_with_extension(layout, &layout.pins_dir(), "json")
}

/// Lists old lock files without a pin: their processes were killed before they wrote it. A recent one may belong to a
/// process that is about to write its pin.
pub(crate) fn list_abandoned_locks(
    layout: &StoreLayout,
    now: SystemTime,
) -> Result<Vec<PathBuf>, PathError> {
    let mut idle = Vec::new();
    for lock in list_with_extension(layout, &layout.pins_dir(), "lock")? {
        if layout.dir().status(&lock.with_extension("json")).is_err()
            && !is_recent_pin(layout, &lock, now)?
        {
            idle.push(lock);
        }
    }
    Ok(idle)
}

/// Reads a pin. Anything that is not a valid pin counts as one without objects: pins are optional.
pub(crate) fn read_pin(
    layout: &StoreLayout,
    file: &Path,
    now: SystemTime,
) -> Result<PinState, PathError> {
    let bytes = match read_if_present(layout, file, PIN_BYTES) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(PinState::Over),
        // A link, a FIFO, a directory, or a file larger than `PIN_BYTES`.
        Err(error) if is_no_object(&error) => Vec::new(),
        Err(error) => return Err(error),
    };
    let contents: Option<PinContents> = serde_json::from_slice(&bytes).ok();
    let holder = match &contents {
        Some(contents) if contents.locked && contents.boot == boot_id() => {
            lock_holder(&lock_path(file))
        }
        _ => Holder::Unknown,
    };
    let is_alive = match holder {
        Holder::Somebody => true,
        Holder::Nobody => false,
        Holder::Unknown => is_recent_pin(layout, file, now)?,
    };
    if !is_alive {
        return Ok(PinState::Over);
    }
    let Some(mut contents) = contents else {
        return Ok(PinState::Alive(Vec::new()));
    };
    for md5 in contents.md5 {
        contents.sha256.extend(index::lookup_md5(layout, md5)?);
    }
    Ok(PinState::Alive(contents.sha256))
}

/// Whether a file is recent. A time in the future (clocks of network file systems) counts as recent.
fn is_recent_pin(layout: &StoreLayout, file: &Path, now: SystemTime) -> Result<bool, PathError> {
    let is_recent = |time| {
        now.duration_since(time)
            .map_or(true, |age| age < UNKNOWN_OWNER_LIFETIME)
    };
    Ok(modification_time(layout, file)?.is_some_and(is_recent))
}

fn lock_path(file: &Path) -> PathBuf {
    file.with_extension("lock")
}

/// Removes a pin and its lock file.
pub(crate) fn remove_pin(layout: &StoreLayout, file: &Path) -> Result<(), PathError> {
    for path in [file.to_owned(), lock_path(file)] {
        match layout.dir().remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
