//! Reading files that somebody else made: not more than a bound, and not what never ends.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// Reads a file, a pipe or a device that the user named, to its end.
///
/// # Errors
/// [`io::ErrorKind::FileTooLarge`] once more than `limit` bytes came: `/dev/zero` has no end.
pub fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_to_limit(File::open(path)?, limit)
}

/// Reads a regular file, following links to it. Nothing that is none is waited for.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a pipe, a device, a socket or a directory;
/// [`io::ErrorKind::FileTooLarge`] for more than `limit` bytes.
pub fn read_user_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_to_limit(checked(platform::open(path)?)?, limit)
}

fn checked(file: File) -> io::Result<File> {
    // Asked of what was opened, so that nobody can exchange it in between.
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ))
    }
}

fn read_to_limit(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if read as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {limit} bytes"),
        ));
    }
    Ok(bytes)
}

#[cfg(unix)]
mod platform {
    use std::{
        fs::{File, OpenOptions},
        io,
        os::unix::fs::OpenOptionsExt as _,
        path::Path,
    };

    use rustix::fs::OFlags;

    pub(super) fn open(path: &Path) -> io::Result<File> {
        // Without O_NONBLOCK a pipe would be waited for, and a terminal become ours.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).unwrap_or(0);
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
        opened.map_err(|error| match error.raw_os_error() {
            // A socket cannot be opened at all.
            Some(code) if code == rustix::io::Errno::NXIO.raw_os_error() => {
                io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
            }
            _ => error,
        })
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{fs::File, io, path::Path};

    pub(super) fn open(path: &Path) -> io::Result<File> {
        File::open(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_to_the_byte() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        std::fs::write(&path, [7; 100]).unwrap();
        for read in [read_at_most, read_user_file] {
            assert_eq!(read(&path, 100).unwrap(), [7; 100]);
            let refused = read(&path, 99).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_not_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let pipe = place.path().join("pipe");
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
        let link = place.path().join("link");
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for path in [&pipe, &link, Path::new("/dev/zero"), place.path()] {
            assert!(read_user_file(path, 10).is_err(), "{}", path.display());
        }
        let endless = read_at_most(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(endless.kind(), io::ErrorKind::FileTooLarge);
        // A link to a file is a file to who follows links.
        let file = place.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let to_file = place.path().join("to-file");
        std::os::unix::fs::symlink(&file, &to_file).unwrap();
        assert_eq!(read_user_file(&to_file, 10).unwrap(), b"x");
    }
}
