//! Regular files, opened so that nothing else in their place can do harm.
//!
//! What lies below a store or a directory of trees may come from a restored cache or from another member of a
//! group. Opening a FIFO waits for a writer, a device may act when it is opened, and a link reads a file of
//! somebody else's choice. All of them are refused at once.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// Opens a regular file for reading. Never follows a link in the last component and never waits.
///
/// # Errors
/// Kind `NotFound` if it is absent, `InvalidData` if it is a link, directory, FIFO, socket or device.
pub fn open_regular(path: &Path) -> io::Result<File> {
    platform::open(path)
}

/// Reads a regular file of at most `limit` bytes. Never follows a link in the last component and never waits.
///
/// # Errors
/// As [`open_regular`]; kind `InvalidData` if the file is larger.
pub fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_at_most(&mut open_regular(path)?, limit)
}

/// Reads a file to its end, unless it has more than `limit` bytes.
pub(crate) fn read_at_most(file: &mut File, limit: u64) -> io::Result<Vec<u8>> {
    // A sparse file is refused by its size, before a byte is read. One that grows meanwhile is cut off.
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    if size <= limit {
        bytes.reserve(usize::try_from(size).unwrap_or_default());
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    if size > limit || bytes.len() as u64 > limit {
        let text = format!("it is larger than {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    Ok(bytes)
}

pub(crate) fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is not a regular file")
}

#[cfg(unix)]
mod platform {
    use std::{fs::File, io, path::Path};

    use rustix::fs::CWD;

    pub(super) fn open(path: &Path) -> io::Result<File> {
        open_at(CWD, path)
    }

    /// Opens a regular file relative to a directory handle.
    pub(crate) fn open_at(directory: impl std::os::fd::AsFd, name: &Path) -> io::Result<File> {
        use rustix::{
            fs::{AtFlags, FileType, Mode, OFlags},
            io::Errno,
        };

        let is_regular = |stat: &rustix::fs::Stat| {
            FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        };
        // Looked at first: merely opening a device can act (a tape rewinds, a watchdog starts).
        let found = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if !is_regular(&found) {
            return Err(super::not_regular());
        }
        // Another process may have put a link or a FIFO in its place since: the flags refuse the first and do
        // not wait for a writer of the second. On a regular file NONBLOCK has no effect.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&directory, name, flags, Mode::empty());
        let file = match opened {
            Err(Errno::LOOP | Errno::NXIO) => return Err(super::not_regular()),
            opened => opened?,
        };
        if !is_regular(&rustix::fs::fstat(&file)?) {
            return Err(super::not_regular());
        }
        Ok(file.into())
    }
}

#[cfg(unix)]
pub(crate) use platform::open_at;

#[cfg(windows)]
mod platform {
    use std::{fs::File, io, os::windows::fs::OpenOptionsExt as _, path::Path};

    use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_OPEN_REPARSE_POINT;

    /// Opens a link itself instead of what it leads to, so that the kind of what is open decides.
    pub(super) fn open(path: &Path) -> io::Result<File> {
        let mut options = File::options();
        options
            .read(true)
            .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
        let file = match options.open(path) {
            // Windows opens neither a directory nor a link to one as a file.
            Err(_) if !path.symlink_metadata()?.is_file() => return Err(super::not_regular()),
            file => file?,
        };
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(super::not_regular()),
        }
    }
}

#[cfg(not(any(unix, windows)))]
mod platform {
    use std::{fs, fs::File, io, path::Path};

    pub(super) fn open(path: &Path) -> io::Result<File> {
        if !fs::symlink_metadata(path)?.is_file() {
            return Err(super::not_regular());
        }
        File::open(path)
    }
}

/// Whether a large file consists of holes for the most part: reading it takes hours though it costs whoever made
/// it nothing. Nothing that larder writes does. `false` where the system does not tell.
///
/// # Errors
/// If the system refuses to tell.
pub fn is_mostly_holes(file: &File) -> io::Result<bool> {
    holes::is_mostly_holes(file)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod holes {
    use std::{fs::File, io, os::unix::fs::MetadataExt as _};

    use rustix::fs::SeekFrom;

    /// Smaller files are read in a moment, whatever they are.
    const SMALL: u64 = 64 << 20;
    const BLOCK: u64 = 512;
    /// Files of a file system that compresses, or that a tool wrote with some holes, have more than this share.
    const SHARE: u64 = 8;

    pub(super) fn is_mostly_holes(file: &File) -> io::Result<bool> {
        let metadata = file.metadata()?;
        let size = metadata.len();
        // Some network file systems count no blocks, others know no holes: both have to say so.
        if size <= SMALL || metadata.blocks().saturating_mul(BLOCK) >= size / SHARE {
            return Ok(false);
        }
        let position = rustix::fs::seek(file, SeekFrom::Current(0))?;
        let hole = rustix::fs::seek(file, SeekFrom::Hole(0));
        rustix::fs::seek(file, SeekFrom::Start(position))?;
        Ok(hole.is_ok_and(|hole| hole < size))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod holes {
    use std::{fs::File, io};

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(super) fn is_mostly_holes(_file: &File) -> io::Result<bool> {
        Ok(false)
    }
}
