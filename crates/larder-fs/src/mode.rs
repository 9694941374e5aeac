//! Permissions: read-only objects, and the mask that new files get.

use std::{fs, path::Path};

use crate::{PathContext as _, PathError};

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

#[cfg(unix)]
fn set_writable(path: &Path, writable: bool) -> Result<(), PathError> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = fs::symlink_metadata(path)
        .at("read metadata of", path)?
        .permissions()
        .mode();
    let mode = if writable {
        mode | 0o200
    } else {
        mode & !0o222
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).at("set mode of", path)
}

#[cfg(not(unix))]
fn set_writable(path: &Path, writable: bool) -> Result<(), PathError> {
    let mut permissions = fs::symlink_metadata(path)
        .at("read metadata of", path)?
        .permissions();
    permissions.set_readonly(!writable);
    fs::set_permissions(path, permissions).at("set mode of", path)
}

/// The process's mask. Read once: the only way to read it is to set it, which must not race with
/// files being made, so the first call sets it back at once and the answer is kept.
#[cfg(unix)]
pub(crate) fn umask() -> rustix::fs::RawMode {
    static UMASK: std::sync::OnceLock<rustix::fs::RawMode> = std::sync::OnceLock::new();
    *UMASK.get_or_init(|| {
        let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        rustix::process::umask(mask);
        mask.as_raw_mode()
    })
}
