//! Permissions: who may write. Never reads or changes the process's umask, which other threads share.

use std::path::Path;

use crate::PathError;

/// Takes the right to write from everyone. Protects against accidents, not against the owner.
///
/// # Errors
/// If the mode cannot be read or set.
pub fn make_read_only(path: &Path) -> Result<(), PathError> {
    set_writable(path, false)
}

/// Gives the owner the right to write.
///
/// # Errors
/// If the mode cannot be read or set.
pub fn make_writable(path: &Path) -> Result<(), PathError> {
    set_writable(path, true)
}

/// Lets everyone run a file who may read it. Does nothing where names say what runs (Windows).
///
/// # Errors
/// If the mode cannot be read or set.
pub fn make_executable(path: &Path) -> Result<(), PathError> {
    platform::make_executable(path)
}

/// Whether this process may make something in a directory, or make the directory where it is missing.
/// A guess for choosing among places: the disk may be full all the same.
pub fn can_write(directory: &Path) -> bool {
    let nearest = directory.ancestors().find(|path| path.exists());
    nearest.is_some_and(|path| path.is_dir() && platform::can_write(path))
}

/// Gives the owner of a directory every right to what is in it.
pub(crate) fn open_up(directory: &Path) -> Result<(), PathError> {
    platform::open_up(directory)
}

fn set_writable(path: &Path, writable: bool) -> Result<(), PathError> {
    platform::set_writable(path, writable)
}

/// Takes the right to write to an open file from everyone. Who has it open for writing keeps that.
///
/// # Errors
/// If the mode cannot be read or set.
pub fn take_write_from_all(file: &std::fs::File) -> std::io::Result<()> {
    platform::take_write_from_all(file)
}

#[cfg(unix)]
mod platform {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    use crate::{PathContext as _, PathError};

    pub(super) fn can_write(directory: &Path) -> bool {
        rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_ok()
    }

    pub(super) fn open_up(directory: &Path) -> Result<(), PathError> {
        change(directory, |mode| mode | 0o700)
    }

    pub(super) fn set_writable(path: &Path, writable: bool) -> Result<(), PathError> {
        change(path, |mode| {
            if writable {
                mode | 0o200
            } else {
                mode & !0o222
            }
        })
    }

    pub(super) fn take_write_from_all(file: &fs::File) -> std::io::Result<()> {
        let mode = file.metadata()?.permissions().mode();
        file.set_permissions(fs::Permissions::from_mode(mode & 0o7777 & !0o222))
    }

    pub(super) fn make_executable(path: &Path) -> Result<(), PathError> {
        change(path, |mode| mode | (mode & 0o444) >> 2)
    }

    fn change(path: &Path, new: impl Fn(u32) -> u32) -> Result<(), PathError> {
        let metadata = fs::symlink_metadata(path).at("read metadata of", path)?;
        if metadata.is_symlink() {
            // A link has no mode of its own, and `chmod` would change the file that it leads to.
            return Ok(());
        }
        let mode = new(metadata.permissions().mode());
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).at("set mode of", path)
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{fs, path::Path};

    use crate::{PathContext as _, PathError};

    pub(super) fn can_write(directory: &Path) -> bool {
        fs::metadata(directory).is_ok_and(|metadata| !metadata.permissions().readonly())
    }

    pub(super) fn open_up(directory: &Path) -> Result<(), PathError> {
        set_writable(directory, true)
    }

    pub(super) fn take_write_from_all(file: &fs::File) -> std::io::Result<()> {
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions)
    }

    pub(super) fn make_executable(_path: &Path) -> Result<(), PathError> {
        Ok(())
    }

    pub(super) fn set_writable(path: &Path, writable: bool) -> Result<(), PathError> {
        let metadata = fs::symlink_metadata(path).at("read metadata of", path)?;
        let mut permissions = metadata.permissions();
        permissions.set_readonly(!writable);
        fs::set_permissions(path, permissions).at("set mode of", path)
    }
}

/// Gives the owner of a file or directory the rights to use it, where they are missing: archives restore modes, and a
/// directory of mode 000 in a restored cache would fail every job. Does nothing to links, to files of other users, and
/// where the system has no such modes.
pub fn restore_owner_access(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let Ok(metadata) = path.symlink_metadata() else {
            return;
        };
        let needed = match (metadata.is_dir(), metadata.is_file()) {
            (true, _) => 0o700,
            (_, true) => 0o600,
            _ => return,
        };
        let mode = metadata.permissions().mode();
        if mode & needed != needed {
            // Of another user's it fails, and the operation that needs it names the file.
            let permissions = std::fs::Permissions::from_mode(mode | needed);
            std::fs::set_permissions(path, permissions).ok();
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
#[cfg(unix)]
mod access_tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    #[test]
    fn the_owner_gets_back_what_a_cache_took() {
        let place = tempfile::tempdir().unwrap();
        let (directory, file) = (place.path().join("d"), place.path().join("f"));
        fs::create_dir(&directory).unwrap();
        fs::write(&file, "x").unwrap();
        for (path, expected) in [(&directory, 0o700), (&file, 0o600)] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
            super::restore_owner_access(path);
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, expected);
        }
    }
}
