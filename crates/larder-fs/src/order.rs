//! File systems that keep order: what they are told later is never on the disk without what they were
//! told before. There a power loss leaves what was there at some moment without anybody waiting for the
//! disk: it is enough that a file's bytes are on the disk before the name that counts is given.
//!
//! ext4 and xfs write names, links and sizes by way of one journal, one transaction after the other. Bytes
//! are no part of it: they are written when the system likes, unless they are [`settle`]d. Of every other
//! file system nothing is assumed (btrfs notes where a file's bytes are only after they are written).

use std::{fs::File, io, path::Path};

/// Whether the file system that `directory` is on keeps order: ext4 with a journal, or xfs. Where the
/// system does not tell, it does not.
pub fn keeps_order(directory: &Path) -> bool {
    platform::keeps_order(directory).unwrap_or(false)
}

/// Has the system begin to write the bytes of a file, so that [`settle`] has less to wait for. It may not.
pub fn begin_settling(file: &File) {
    platform::begin(file);
}

/// Waits until the bytes of a file are on the disk, but not for its name or size: on a file system that
/// [`keeps_order`] these are there before what is done after this.
///
/// # Errors
/// If the bytes cannot be written, or the system has no such call.
pub fn settle(file: &File) -> io::Result<()> {
    platform::settle(file)
}

#[cfg(target_os = "linux")]
mod platform {
    use std::{
        fs::{self, File},
        io,
        os::{fd::AsRawFd as _, unix::fs::MetadataExt as _},
        path::Path,
    };

    /// ext2, ext3 and ext4.
    const EXT: u64 = 0xEF53;
    const XFS: u64 = 0x5846_5342;

    const WRITE: libc::c_uint = libc::SYNC_FILE_RANGE_WRITE;
    const WRITE_AND_WAIT: libc::c_uint =
        libc::SYNC_FILE_RANGE_WAIT_BEFORE | WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER;

    pub(super) fn keeps_order(directory: &Path) -> Option<bool> {
        let kind = rustix::fs::statfs(directory).ok()?.f_type;
        match u64::try_from(kind).ok()? {
            XFS => Some(true),
            EXT => has_journal(fs::metadata(directory).ok()?.dev()),
            _ => Some(false),
        }
    }

    /// The process that writes its journal, or `<none>`.
    fn has_journal(device: u64) -> Option<bool> {
        let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
        let disk = fs::read_link(format!("/sys/dev/block/{major}:{minor}")).ok()?;
        let journal = Path::new("/sys/fs/ext4").join(disk.file_name()?);
        let task = fs::read_to_string(journal.join("journal_task")).ok()?;
        Some(task.trim().parse::<u32>().is_ok())
    }

    pub(super) fn begin(file: &File) {
        let _ = sync_file_range(file, WRITE);
    }

    pub(super) fn settle(file: &File) -> io::Result<()> {
        sync_file_range(file, WRITE_AND_WAIT)
    }

    #[expect(unsafe_code, reason = "neither std nor rustix has this call")]
    fn sync_file_range(file: &File, flags: libc::c_uint) -> io::Result<()> {
        // SAFETY: the descriptor is open as long as `file` is borrowed, and the call has no pointers.
        let result = unsafe { libc::sync_file_range(file.as_raw_fd(), 0, 0, flags) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::{fs::File, io, path::Path};

    pub(super) fn keeps_order(_directory: &Path) -> Option<bool> {
        None
    }

    pub(super) fn begin(_file: &File) {}

    pub(super) fn settle(_file: &File) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
