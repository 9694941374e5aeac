//! A directory beside an environment for what is needed only while it is made, on the same file system.
//!
//! Its owner keeps a lock on the file `in-use` in it. Where [`recover`](crate::recover()) gets that
//! lock, the owner is dead and the directory goes. The lock proves nothing to another machine or another
//! boot, nor is there one on every file system: then the directory goes when it is older than any run.

use std::{
    fs::{self, File, TryLockError},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use larder_fs::{Links, PathContext as _, PathError, boot_id, open_control_file, remove_tree};

use crate::{JournalKey, apply::Site, certainty::Certainty};

const IN_USE: &str = "in-use";
/// A boot is named by a UUID.
const MAX_BOOT_ID: u64 = 1024;
const UNCLAIMED: &str = "in-use.new";

/// A new directory beside a prefix, removed with what is in it when this is dropped, or by the next run
/// on the same prefix if the process dies first.
#[derive(Debug)]
pub struct ScratchDir {
    path: PathBuf,
    in_use: Option<File>,
}

/// Makes a directory beside `prefix` that nobody else has, and the directory that holds it if need be.
///
/// # Errors
/// If it cannot be made; nothing is left then.
pub fn scratch_beside(prefix: &Path) -> Result<ScratchDir, PathError> {
    let site = Site::new(prefix, &JournalKey::default());
    fs::create_dir_all(&site.parent).at("create directory", &site.parent)?;
    let mut scratch = ScratchDir {
        path: site.create_scratch()?,
        in_use: None,
    };
    scratch.in_use = claim(&scratch.path)?;
    Ok(scratch)
}

/// The file has its name only once it is locked: nobody finds it free while its owner lives.
fn claim(directory: &Path) -> Result<Option<File>, PathError> {
    let unclaimed = directory.join(UNCLAIMED);
    let mut file = File::create_new(&unclaimed).at("create file", &unclaimed)?;
    file.write_all(boot_id().unwrap_or_default().as_bytes())
        .at("write file", &unclaimed)?;
    if file.try_lock().is_err() {
        return Ok(None);
    }
    larder_fs::rename(&unclaimed, &directory.join(IN_USE))?;
    Ok(Some(file))
}

/// Whether the owner of a scratch directory is dead.
pub(crate) fn is_abandoned(scratch: &Path, certainty: Certainty) -> Result<bool, PathError> {
    let in_use = scratch.join(IN_USE);
    // Anything may stand there under that name: a FIFO would make opening wait, a device has no end.
    if open_control_file(&in_use, Links::Refuse).is_err() {
        return certainty.is_old(scratch);
    }
    // Some file systems lock only what is open for writing.
    let Ok(mut file) = File::options().read(true).write(true).open(in_use) else {
        return certainty.is_old(scratch);
    };
    match file.try_lock() {
        Ok(()) if is_of_this_boot(&mut file) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        _ => certainty.is_old(scratch),
    }
}

fn is_of_this_boot(in_use: &mut File) -> bool {
    let mut boot = String::new();
    let read = in_use.take(MAX_BOOT_ID).read_to_string(&mut boot);
    read.is_ok() && boot == boot_id().unwrap_or_default()
}

impl ScratchDir {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the directory, as dropping does, and says whether that went well.
    ///
    /// # Errors
    /// If something in it cannot be removed; the next run on the prefix tries again.
    pub fn close(mut self) -> Result<(), PathError> {
        self.remove()
    }

    fn remove(&mut self) -> Result<(), PathError> {
        // Not every system removes what is open.
        self.in_use = None;
        remove_tree(&self.path)
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}

#[cfg(test)]
mod tests;
