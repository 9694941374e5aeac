//! Directory handles by file descriptor.

use std::{
    fs::File,
    io::Read as _,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawMode, Timespec, Timestamps};

use crate::{
    PathContext as _, PathError, Stamp,
    control_file::{check_is_regular, explain_link},
};

/// A handle on a place, where the system has that: it is cheaper than one to list the directory with.
#[cfg(target_os = "linux")]
const HANDLE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const HANDLE: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// An open directory.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    /// Opens an existing directory; a link to one is followed.
    ///
    /// # Errors
    /// If it is not there or not a directory.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PathError> {
        let path = path.into();
        let fd =
            rustix::fs::openat(CWD, &path, HANDLE, Mode::empty()).at("open directory", &path)?;
        Ok(Self { fd, path })
    }

    /// The path it was opened by, for messages and for what has no handle-relative form.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a directory below this one. Its last component must not be a link.
    ///
    /// # Errors
    /// If it is not there, not a directory, or a link.
    pub fn open_dir(&self, name: impl AsRef<Path>) -> Result<Self, PathError> {
        let path = self.path.join(name.as_ref());
        let flags = HANDLE.union(OFlags::NOFOLLOW);
        let fd = rustix::fs::openat(&self.fd, name.as_ref(), flags, Mode::empty())
            .at("open directory", &path)?;
        Ok(Self { fd, path })
    }

    /// Makes a directory with the default mode.
    ///
    /// # Errors
    /// If the name is taken (kind `AlreadyExists`) or the directory cannot be written.
    pub fn create_dir(&self, name: impl AsRef<Path>) -> Result<(), PathError> {
        rustix::fs::mkdirat(&self.fd, name.as_ref(), Mode::from_raw_mode(0o777))
            .at_path("create directory", || self.path.join(name.as_ref()))
    }

    /// Makes a new file, 0777 or 0666 less the umask, open for writing.
    ///
    /// # Errors
    /// If the name is taken, by a link too (kind `AlreadyExists`), or the directory cannot be written.
    pub fn create_file(&self, name: impl AsRef<Path>, executable: bool) -> Result<File, PathError> {
        let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.fd, name.as_ref(), flags, mode)
            .map(File::from)
            .at_path("create file", || self.path.join(name.as_ref()))
    }

    /// Makes a new file with these permissions, less the umask, open for writing.
    ///
    /// # Errors
    /// As [`Dir::create_file`].
    pub fn create_file_as(&self, name: impl AsRef<Path>, mode: u32) -> Result<File, PathError> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode((mode & 0o777) as RawMode);
        rustix::fs::openat(&self.fd, name.as_ref(), flags, mode)
            .map(File::from)
            .at_path("create file", || self.path.join(name.as_ref()))
    }

    /// Sets the permissions of `name`, which must not be a link.
    ///
    /// # Errors
    /// If it is not there or not ours.
    pub fn set_mode(&self, name: impl AsRef<Path>, mode: u32) -> Result<(), PathError> {
        let mode = Mode::from_raw_mode((mode & 0o777) as RawMode);
        rustix::fs::chmodat(&self.fd, name.as_ref(), mode, AtFlags::empty())
            .at_path("set mode of", || self.path.join(name.as_ref()))
    }

    /// Sets when `name` was last written, in seconds and nanoseconds since 1970; of a link itself.
    ///
    /// # Errors
    /// If it is not there or not ours.
    pub fn set_modified(
        &self,
        name: impl AsRef<Path>,
        (seconds, nanoseconds): (u64, u32),
    ) -> Result<(), PathError> {
        let times = Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: rustix::fs::UTIME_OMIT,
            },
            last_modification: Timespec {
                tv_sec: seconds.try_into().unwrap_or(0),
                tv_nsec: nanoseconds.into(),
            },
        };
        rustix::fs::utimensat(&self.fd, name.as_ref(), &times, AtFlags::SYMLINK_NOFOLLOW)
            .at_path("set time of", || self.path.join(name.as_ref()))
    }

    /// Opens a file for reading. Its last component must not be a link.
    ///
    /// # Errors
    /// If it is not there, a link, or not readable.
    pub fn open_file(&self, name: impl AsRef<Path>) -> Result<File, PathError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.fd, name.as_ref(), flags, Mode::empty())
            .map(File::from)
            .at_path("open file", || self.path.join(name.as_ref()))
    }

    /// Opens the regular file `name` for reading, without waiting for a FIFO. It must not be a link.
    ///
    /// # Errors
    /// Kind `InvalidData` if it is something else.
    pub fn open_regular(&self, name: impl AsRef<Path>) -> Result<File, PathError> {
        self.open_regular_as(name.as_ref(), OFlags::RDONLY)
    }

    /// Opens the existing regular file `name` to append to it or to shorten it. It must not be a link.
    ///
    /// # Errors
    /// Kind `InvalidData` if it is something else.
    pub fn append_regular(&self, name: impl AsRef<Path>) -> Result<File, PathError> {
        self.open_regular_as(name.as_ref(), OFlags::WRONLY | OFlags::APPEND)
    }

    fn open_regular_as(&self, name: &Path, access: OFlags) -> Result<File, PathError> {
        // Opening a FIFO for one side would wait for the other.
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.fd, name, flags, Mode::empty())
            .map(File::from)
            .map_err(|error| explain_link(error.into()))
            .and_then(|file| check_is_regular(&file).map(|()| file));
        file.at_path("open file", || self.path.join(name))
    }

    /// Reads a whole file. Its last component must not be a link.
    ///
    /// # Errors
    /// As [`Dir::open_file`], or if reading fails.
    pub fn read(&self, name: impl AsRef<Path>) -> Result<Vec<u8>, PathError> {
        let mut file = self.open_file(name.as_ref())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .at_path("read file", || self.path.join(name.as_ref()))?;
        Ok(bytes)
    }

    /// What the file system shows of `name`; of a link itself, not of what it leads to.
    ///
    /// # Errors
    /// If it is not there, or this directory may not be searched.
    pub fn stamp(&self, name: impl AsRef<Path>) -> Result<Stamp, PathError> {
        let stat = rustix::fs::statat(&self.fd, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW)
            .at_path("read metadata of", || self.path.join(name.as_ref()))?;
        Ok(stamp_of(&stat))
    }

    /// Makes a symbolic link at `name` whose text is `target`, whether or not that exists.
    ///
    /// # Errors
    /// If the name is taken or the directory cannot be written.
    pub fn symlink(
        &self,
        target: impl AsRef<Path>,
        name: impl AsRef<Path>,
    ) -> Result<(), PathError> {
        rustix::fs::symlinkat(target.as_ref(), &self.fd, name.as_ref())
            .at_path("create symbolic link", || self.path.join(name.as_ref()))
    }

    /// Makes a hard link at `to`/`to_name` to the file `name` of this directory; a link is linked itself.
    ///
    /// # Errors
    /// Kind `CrossesDevices` on another file system, `TooManyLinks` past the file system's limit,
    /// `AlreadyExists` if the name is taken. The path is that of the new link.
    pub fn hard_link(
        &self,
        name: impl AsRef<Path>,
        to: &Self,
        to_name: impl AsRef<Path>,
    ) -> Result<(), PathError> {
        rustix::fs::linkat(
            &self.fd,
            name.as_ref(),
            &to.fd,
            to_name.as_ref(),
            AtFlags::empty(),
        )
        .at_path("create hard link", || to.path.join(to_name.as_ref()))
    }

    /// Renames `name` to `to_name` in `to`, replacing a file there.
    ///
    /// # Errors
    /// As the system reports them. The path is the old one.
    pub fn rename(
        &self,
        name: impl AsRef<Path>,
        to: &Self,
        to_name: impl AsRef<Path>,
    ) -> Result<(), PathError> {
        rustix::fs::renameat(&self.fd, name.as_ref(), &to.fd, to_name.as_ref())
            .at_path("move", || self.path.join(name.as_ref()))
    }

    /// Renames `name` to `to_name` in `to`, if that name is free.
    ///
    /// # Errors
    /// Kind `AlreadyExists` if it is taken. The path is the new one.
    pub fn rename_noreplace(
        &self,
        name: impl AsRef<Path>,
        to: &Self,
        to_name: impl AsRef<Path>,
    ) -> Result<(), PathError> {
        crate::rename::rename_noreplace_at(&self.fd, name.as_ref(), &to.fd, to_name.as_ref())
            .at_path("rename to", || to.path.join(to_name.as_ref()))
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// If it is not empty, not a directory, or not there.
    pub fn remove_dir(&self, name: impl AsRef<Path>) -> Result<(), PathError> {
        rustix::fs::unlinkat(&self.fd, name.as_ref(), AtFlags::REMOVEDIR)
            .at_path("remove directory", || self.path.join(name.as_ref()))
    }

    /// Removes a file or link.
    ///
    /// # Errors
    /// If it is not there, is a directory, or the directory cannot be written.
    pub fn remove_file(&self, name: impl AsRef<Path>) -> Result<(), PathError> {
        rustix::fs::unlinkat(&self.fd, name.as_ref(), AtFlags::empty())
            .at_path("remove file", || self.path.join(name.as_ref()))
    }
}

#[expect(
    clippy::unnecessary_cast,
    reason = "the fields have other types on other systems"
)]
fn stamp_of(stat: &rustix::fs::Stat) -> Stamp {
    Stamp {
        size: stat.st_size as u64,
        seconds: stat.st_mtime as i64,
        nanoseconds: stat.st_mtime_nsec as u32,
        inode: stat.st_ino as u64,
        mode: stat.st_mode as u32,
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
