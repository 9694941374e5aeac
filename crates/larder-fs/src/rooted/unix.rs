//! By descriptors: `openat` with `O_NOFOLLOW` for each component.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, RawMode, RenameFlags, Timespec, Timestamps},
    io::Errno,
};

use super::{FileStatus, RootedDir, no_directory};
use crate::{PathContext as _, PathError, regular::open_at};

/// A handle on a place, where the system has that: it needs no right to list the directory.
#[cfg(target_os = "linux")]
const PLACE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const PLACE: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);
const LISTING: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
const GROUP_MAY_WRITE: RawMode = 0o020;
/// The rights of group and others, and that new files get the directory's group.
const HANDED_ON: RawMode = 0o2077;

/// The handle of the directory that holds a name.
struct Place<'p> {
    directory: OwnedFd,
    name: &'p Path,
}

impl RootedDir {
    fn open_root(&self) -> io::Result<OwnedFd> {
        Ok(rustix::fs::openat(CWD, &self.path, PLACE, Mode::empty())?)
    }

    /// Opens the directory that `path` is in.
    fn place_of<'p>(
        &self,
        operation: &'static str,
        path: &'p Path,
    ) -> Result<Place<'p>, PathError> {
        let names = self.names_to(operation, path)?;
        let mut directory = self.open_root().at(operation, path)?;
        let Some((name, parents)) = names.split_last() else {
            // The root itself.
            let name = Path::new(".");
            return Ok(Place { directory, name });
        };
        for parent in parents {
            directory = open_below(&directory, parent, PLACE).at(operation, path)?;
        }
        Ok(Place { directory, name })
    }

    /// What the file system shows of `path`.
    ///
    /// # Errors
    /// Kind `NotFound` if it is absent, `NotADirectory` if a component before it is a link or no directory.
    pub fn status(&self, path: &Path) -> Result<FileStatus, PathError> {
        let operation = "read metadata of";
        let place = self.place_of(operation, path)?;
        rustix::fs::statat(&place.directory, place.name, AtFlags::SYMLINK_NOFOLLOW)
            .map(|stat| status_of(&stat))
            .at(operation, path)
    }

    /// Opens a regular file for reading; never waits.
    ///
    /// # Errors
    /// As [`RootedDir::status`]; kind `InvalidData` if it is a link, directory, FIFO, socket or device.
    pub fn open_file(&self, path: &Path) -> Result<File, PathError> {
        let place = self.place_of("open", path)?;
        open_at(&place.directory, place.name).at("open", path)
    }

    /// The paths in a directory, in no order. None if it is absent, a link or no directory.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn list(&self, path: &Path) -> Result<Vec<PathBuf>, PathError> {
        let operation = "read directory";
        let opened = self.place_of(operation, path).and_then(|place| {
            open_below(&place.directory, place.name, LISTING).at(operation, path)
        });
        let directory = match opened {
            Err(error) if is_absence(&error) => return Ok(Vec::new()),
            opened => opened?,
        };
        let mut paths = Vec::new();
        for entry in rustix::fs::Dir::new(directory).at(operation, path)? {
            let entry = entry.at(operation, path)?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                paths.push(path.join(std::ffi::OsStr::from_bytes(name)));
            }
        }
        Ok(paths)
    }

    /// Makes a new file, open for writing, with these permissions less the umask. If a group shares the
    /// directory, those may read the file who may list the directory.
    ///
    /// # Errors
    /// Kind `AlreadyExists` if the name is taken; see also [`RootedDir::status`].
    pub fn create_file(&self, path: &Path, mode: u32) -> Result<File, PathError> {
        let operation = "create file";
        let place = self.place_of(operation, path)?;
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode((mode & 0o777) as RawMode);
        let file =
            rustix::fs::openat(&place.directory, place.name, flags, mode).at(operation, path)?;
        hand_on(&place.directory, &file, 0o044).at("set mode of", path)?;
        Ok(file.into())
    }

    /// Makes a directory and those above it, down from the root, that are missing; says whether `path` was
    /// missing. What is made in a directory that a group shares can be written by the group.
    ///
    /// # Errors
    /// Kind `NotADirectory` if one of them is a link or no directory.
    pub fn create_dirs(&self, path: &Path) -> Result<bool, PathError> {
        let operation = "create directory";
        let mut directory = self.open_root().at(operation, path)?;
        let mut is_new = false;
        for name in self.names_to(operation, path)? {
            is_new = match rustix::fs::mkdirat(&directory, name, Mode::from_raw_mode(0o777)) {
                Ok(()) => true,
                Err(Errno::EXIST) => false,
                // A store that may only be read can have the directory all the same.
                Err(error) => {
                    directory = open_below(&directory, name, PLACE)
                        .map_err(|_| error)
                        .at(operation, path)?;
                    is_new = false;
                    continue;
                }
            };
            let child = match is_new {
                true => open_below(&directory, name, LISTING),
                false => open_below(&directory, name, PLACE),
            }
            .at(operation, path)?;
            if is_new {
                hand_on(&directory, &child, HANDED_ON).at("set mode of", path)?;
            }
            directory = child;
        }
        Ok(is_new)
    }

    /// Removes a file, link, FIFO or socket.
    ///
    /// # Errors
    /// Kind `IsADirectory` if it is a directory (`PermissionDenied` on macOS); see also [`RootedDir::status`].
    pub fn remove_file(&self, path: &Path) -> Result<(), PathError> {
        let place = self.place_of("remove file", path)?;
        rustix::fs::unlinkat(&place.directory, place.name, AtFlags::empty()).at("remove file", path)
    }

    /// Removes a directory and all that is in it, links but never what they lead to; or a file. What is absent
    /// is no error.
    ///
    /// # Errors
    /// If something cannot be removed; part of it may be gone then.
    pub fn remove_tree(&self, path: &Path) -> Result<(), PathError> {
        let operation = "remove directory";
        match self.place_of(operation, path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            place => {
                let place = place?;
                remove_all(&place.directory, place.name).at(operation, path)
            }
        }
    }

    /// Renames, replacing what is at `to`.
    ///
    /// # Errors
    /// As the system reports them; see also [`RootedDir::status`].
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), PathError> {
        let operation = "rename to";
        let old = self.place_of(operation, from)?;
        let new = self.place_of(operation, to)?;
        rustix::fs::renameat(&old.directory, old.name, &new.directory, new.name).at(operation, to)
    }

    /// Renames if the new name is free.
    ///
    /// # Errors
    /// Kind `AlreadyExists` if it is taken, also by a link; see also [`RootedDir::status`].
    pub fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), PathError> {
        let operation = "rename to";
        let old = self.place_of("rename", from)?;
        let new = self.place_of(operation, to)?;
        let flags = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(&old.directory, old.name, &new.directory, new.name, flags) {
            // File systems that cannot: two steps, between which another process may take the name.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                match rustix::fs::statat(&new.directory, new.name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(_) => Err(Errno::EXIST).at(operation, to),
                    Err(_) => {
                        rustix::fs::renameat(&old.directory, old.name, &new.directory, new.name)
                            .at(operation, to)
                    }
                }
            }
            result => result.at(operation, to),
        }
    }

    /// Sets the time of `path` (a link's own) to now. That it cannot be is no harm.
    pub(super) fn mark_new(&self, path: &Path) {
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: rustix::fs::UTIME_NOW,
        };
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        if let Ok(place) = self.place_of("set time of", path) {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            rustix::fs::utimensat(&place.directory, place.name, &times, flags).ok();
        }
    }

    /// Flushes a directory, so that names made in it survive a power loss.
    ///
    /// # Errors
    /// If it cannot be opened or flushed.
    pub fn sync_dir(&self, path: &Path) -> Result<(), PathError> {
        let operation = "flush directory";
        let place = self.place_of(operation, path)?;
        let directory = open_below(&place.directory, place.name, LISTING).at(operation, path)?;
        rustix::fs::fsync(&directory).at(operation, path)
    }

    /// Takes the right to write to a regular file from everyone.
    ///
    /// # Errors
    /// As [`RootedDir::open_file`], or if the mode cannot be set.
    pub fn make_read_only(&self, path: &Path) -> Result<(), PathError> {
        // Through the handle: `chmod` by name follows a link that is put there meanwhile.
        let file = self.open_file(path)?;
        crate::mode::take_write_from_all(&file).at("set mode of", path)
    }
}

fn open_below(directory: &OwnedFd, name: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    match rustix::fs::openat(directory, name, flags | OFlags::NOFOLLOW, Mode::empty()) {
        // Systems differ in which of these they give for a link.
        Err(Errno::LOOP | Errno::NOTDIR | Errno::MLINK | Errno::NXIO) => Err(no_directory()),
        opened => Ok(opened?),
    }
}

/// Gives `made`, which was just created in `directory`, those of the directory's `rights`, if a group may write
/// to the directory.
fn hand_on(directory: &OwnedFd, made: &OwnedFd, rights: RawMode) -> io::Result<()> {
    let parent = rustix::fs::fstat(directory)?.st_mode;
    if parent & GROUP_MAY_WRITE == 0 {
        return Ok(());
    }
    let old = rustix::fs::fstat(made)?.st_mode & 0o7777;
    let mode = old | (parent & rights);
    if mode != old {
        rustix::fs::fchmod(made, Mode::from_raw_mode(mode))?;
    }
    Ok(())
}

fn remove_all(directory: &OwnedFd, name: &Path) -> io::Result<()> {
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // Linux says the first of a directory, macOS the second.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    let child = match open_below(directory, name, LISTING) {
        // A directory that its owner may not list. `chmod` by name follows a link that is put there at just this
        // moment: that gives the owner rights to a directory of its own, and nothing is removed through it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            rustix::fs::chmodat(directory, name, Mode::RWXU, AtFlags::empty())?;
            open_below(directory, name, LISTING)?
        }
        child => child?,
    };
    // Names can only be removed from a directory that its owner may write and enter.
    let mode = rustix::fs::fstat(&child)?.st_mode & 0o7777;
    if mode & 0o300 != 0o300 {
        rustix::fs::fchmod(&child, Mode::from_raw_mode(mode | 0o700)).ok();
    }
    let names: Vec<PathBuf> = rustix::fs::Dir::read_from(&child)?
        .map(|entry| {
            let name = entry?.file_name().to_bytes().to_vec();
            Ok(PathBuf::from(std::ffi::OsString::from(
                std::ffi::OsStr::from_bytes(&name),
            )))
        })
        .collect::<io::Result<_>>()?;
    for name in names {
        if name.as_os_str() != "." && name.as_os_str() != ".." {
            remove_all(&child, &name)?;
        }
    }
    Ok(rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR)?)
}

fn is_absence(error: &PathError) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[expect(
    clippy::unnecessary_cast,
    reason = "the fields have other types on other systems"
)]
fn status_of(stat: &rustix::fs::Stat) -> FileStatus {
    let kind = FileType::from_raw_mode(stat.st_mode);
    FileStatus {
        is_file: kind == FileType::RegularFile,
        is_dir: kind == FileType::Directory,
        size: u64::try_from(stat.st_size).unwrap_or_default(),
        modified: time(stat.st_mtime as i64, stat.st_mtime_nsec as u32),
        changed: time(stat.st_ctime as i64, stat.st_ctime_nsec as u32)
            .max(time(stat.st_mtime as i64, stat.st_mtime_nsec as u32)),
        is_read_only: stat.st_mode & 0o222 == 0,
    }
}

/// Times before 1970 and those that the system cannot represent (a forged one) count as 1970.
fn time(seconds: i64, nanoseconds: u32) -> SystemTime {
    let seconds = u64::try_from(seconds).unwrap_or_default();
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::new(seconds, nanoseconds.min(999_999_999)))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
