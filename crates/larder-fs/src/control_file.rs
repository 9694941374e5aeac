//! Reading control files of a prefix, which somebody else may have put there: only regular files, never through a
//! link in the last component, and never more bytes than the caller expects.
//!
//! A FIFO would block the process for ever, a device has no end, a sparse file of a terabyte is read as a
//! terabyte of zeros, and a link shows a file from elsewhere. Every control file of a prefix is opened here.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use crate::{Dir, PathContext as _, PathError};

/// Whether a symbolic link in the last component of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// A link is refused.
    Refuse,
    /// A link is followed: for files in the user's home, which dotfile managers link to.
    Follow,
}

/// Opens a regular file for reading, without waiting for anything.
///
/// # Errors
/// Kind `InvalidData` if there is something else than a regular file, or a link that is not followed.
pub fn open_control_file(path: &Path, links: Links) -> Result<File, PathError> {
    let file = platform::open(path, links).at("open file", path)?;
    check_is_regular(&file).at("open file", path)?;
    Ok(file)
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// Kind `InvalidData` if there is something else than a regular file, a link that is not followed, or a
/// file that is larger.
pub fn read_control_file(path: &Path, limit: u64, links: Links) -> Result<Vec<u8>, PathError> {
    let file = open_control_file(path, links)?;
    read_at_most(file, limit).at("read file", path)
}

impl Dir {
    /// Reads the regular file `name` of at most `limit` bytes. It must not be a link.
    ///
    /// # Errors
    /// Kind `InvalidData` if it is a link, a directory, a FIFO, a device, or larger.
    pub fn read_regular(&self, name: impl AsRef<Path>, limit: u64) -> Result<Vec<u8>, PathError> {
        let name = name.as_ref();
        let file = self.open_regular(name)?;
        read_at_most(file, limit).at_path("read file", || self.path().join(name))
    }
}

pub(crate) fn check_is_regular(file: &File) -> io::Result<()> {
    match file.metadata()?.is_file() {
        true => Ok(()),
        false => Err(refusal("it is not a regular file")),
    }
}

/// An error about what is at a path, rather than about the system's reading of it.
pub(crate) fn refusal(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

pub(crate) fn read_at_most(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    let too_large = |length: u64| {
        let text =
            format!("it has {length} bytes, and larder reads at most {limit} of such a file");
        Err(refusal(text))
    };
    if length > limit {
        return too_large(length);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // It may grow while it is read.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        length if length > limit => too_large(length),
        _ => Ok(bytes),
    }
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

    use super::{Links, refusal};

    pub(super) fn open(path: &Path, links: Links) -> io::Result<File> {
        match links {
            Links::Refuse => crate::open_regular(path),
            Links::Follow => {
                // Non-blocking: opening a FIFO without a writer would wait for one. It means nothing to regular files.
                let mut options = OpenOptions::new();
                options
                    .read(true)
                    .custom_flags(OFlags::NONBLOCK.bits() as i32);
                options.open(path).map_err(explain_link)
            }
        }
    }

    /// The system says `Too many levels of symbolic links` of a link that is not to be followed, and `No such
    /// device or address` of a socket.
    pub(crate) fn explain_link(error: io::Error) -> io::Error {
        match rustix::io::Errno::from_io_error(&error) {
            Some(rustix::io::Errno::LOOP | rustix::io::Errno::MLINK) => {
                refusal("it is a symbolic link")
            }
            Some(rustix::io::Errno::NXIO) => refusal("it is not a regular file"),
            _ => error,
        }
    }
}

#[cfg(unix)]
pub(crate) use platform::explain_link;

#[cfg(not(unix))]
mod platform {
    use std::{fs::File, io, path::Path};

    use super::{Links, refusal};

    pub(super) fn open(path: &Path, links: Links) -> io::Result<File> {
        match links {
            Links::Refuse => crate::open_regular(path),
            Links::Follow if path.metadata()?.is_file() => File::open(path),
            Links::Follow => Err(refusal("it is not a regular file")),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs, io, os::unix::fs::symlink, path::PathBuf};

    use super::{Links, read_control_file};

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| -> PathBuf { directory.path().join(name) };
        fs::write(at("file"), "12345").unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("nothing"), at("dangling")).unwrap();
        fs::create_dir(at("directory")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        fs::File::create(at("sparse"))
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
        assert_eq!(
            read_control_file(&at("file"), 5, Links::Refuse).unwrap(),
            b"12345"
        );
        assert_eq!(
            read_control_file(&at("link"), 5, Links::Follow).unwrap(),
            b"12345"
        );
        for name in ["link", "dangling", "directory", "fifo", "sparse"] {
            let error = read_control_file(&at(name), 5, Links::Refuse).unwrap_err();
            assert_eq!(
                error.kind(),
                io::ErrorKind::InvalidData,
                "{name}: {error:?}"
            );
        }
        let error = read_control_file(&at("file"), 4, Links::Refuse).unwrap_err();
        assert!(error.source.to_string().contains("at most 4"), "{error:?}");
        let error = read_control_file("/dev/zero".as_ref(), 4, Links::Refuse).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
