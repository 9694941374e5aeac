//! Who besides this user can change a file.

use std::{fs::File, io, path::Path};

/// Whether another user can change the bytes of an open file: it belongs to another user, or group or others may
/// write to it. The administrator is not counted: nothing can be kept from root.
///
/// The owner of a file can always change it, whatever its mode says now. Rights that POSIX access lists give
/// show in the mode of the group; those of macOS and NFSv4 do not, and are not seen here.
///
/// # Errors
/// If the system does not tell.
pub fn can_others_write(file: &File) -> io::Result<bool> {
    platform::can_others_write(file)
}

/// Whether `path` (itself, not what it links to) is a name of an open file. `false` where the system does not tell.
pub fn is_name_of(path: &Path, file: &File) -> bool {
    platform::is_name_of(path, file)
}

#[cfg(unix)]
mod platform {
    use std::{fs::File, io, os::unix::fs::MetadataExt as _, path::Path};

    pub(super) fn can_others_write(file: &File) -> io::Result<bool> {
        let metadata = file.metadata()?;
        let is_trusted = [rustix::process::geteuid().as_raw(), 0].contains(&metadata.uid());
        Ok(!is_trusted || metadata.mode() & 0o022 != 0)
    }

    pub(super) fn is_name_of(path: &Path, file: &File) -> bool {
        match (path.symlink_metadata(), file.metadata()) {
            (Ok(named), Ok(open)) => named.dev() == open.dev() && named.ino() == open.ino(),
            _ => false,
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{fs::File, io, path::Path};

    pub(super) fn can_others_write(_file: &File) -> io::Result<bool> {
        Ok(false)
    }

    #[cfg(windows)]
    pub(super) fn is_name_of(path: &Path, file: &File) -> bool {
        let id = |file: &File| crate::windows::file_id(file).ok();
        let named = crate::windows::open_to_ask(path).ok();
        let named = named.as_ref().and_then(id);
        named.is_some() && named == id(file)
    }

    #[cfg(not(windows))]
    pub(super) fn is_name_of(_path: &Path, _file: &File) -> bool {
        false
    }
}

/// A file without a name that nobody else can open, in `directory` or, where that cannot be written, in the
/// system's directory for temporary files. It is gone when it is closed.
///
/// # Errors
/// If it can be made in neither.
pub fn private_file(directory: &Path) -> io::Result<File> {
    tempfile::tempfile_in(directory).or_else(|_| tempfile::tempfile())
}

/// Has `target`, an empty file, share the blocks of `source` as they are at this moment. `false` if the file
/// system cannot; `target` is still empty then.
pub fn clone_content(source: &File, target: &File) -> bool {
    clone::clone_content(source, target)
}

#[cfg(target_os = "linux")]
mod clone {
    use std::fs::File;

    pub(super) fn clone_content(source: &File, target: &File) -> bool {
        rustix::fs::ioctl_ficlone(target, source).is_ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod clone {
    use std::fs::File;

    /// macOS clones into new names only.
    pub(super) fn clone_content(_source: &File, _target: &File) -> bool {
        false
    }
}
