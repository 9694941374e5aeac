//! How much room a disk has.

use std::path::Path;

/// How many bytes can still be written below `path` by this user; `None` where the system does not say.
pub fn free_space(path: &Path) -> Option<u64> {
    platform::free_space(path)
}

#[cfg(unix)]
mod platform {
    use std::path::Path;

    pub(super) fn free_space(path: &Path) -> Option<u64> {
        let found = rustix::fs::statvfs(path).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }
}

#[cfg(windows)]
mod platform {
    use std::path::Path;

    pub(super) fn free_space(path: &Path) -> Option<u64> {
        crate::windows::free_space(path).ok()
    }
}

#[cfg(not(any(unix, windows)))]
mod platform {
    use std::path::Path;

    pub(super) fn free_space(_path: &Path) -> Option<u64> {
        None
    }
}
