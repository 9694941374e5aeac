//! What is assumed of a system that cannot be asked: another subdir's, or one that does not answer.
//!
//! The same on every host, so that locks for foreign subdirs are too. The values are rattler's
//! (RHEL 8: glibc 2.28, kernel 4.18; Windows 10.0; macOS 13.0). CEP 30 wants `__osx 0` there, which
//! makes every osx-arm64 package of conda-forge (`__osx >=11.0`) uninstallable in a lock made on
//! Linux: a departure, on purpose.

use rattler_conda_types::{Subdir, Version};
use rattler_virtual_packages::defaults;

/// `__linux`.
pub(super) fn linux() -> Version {
    defaults::default_linux_version()
}

/// `__glibc`.
pub(super) fn glibc(subdir: Subdir) -> Version {
    defaults::default_glibc_version(subdir)
}

/// `__osx`.
pub(super) fn osx(subdir: Subdir) -> Version {
    defaults::default_mac_os_version(subdir).unwrap_or_else(|| Version::major(0))
}

/// `__win`.
pub(super) fn win() -> Version {
    defaults::default_windows_version()
}
