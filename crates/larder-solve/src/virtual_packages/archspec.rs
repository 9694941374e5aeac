//! `__archspec`: the CPU that packages may expect.
//!
//! For a foreign subdir CEP 30's appendix A, which is the same on every host; a subdir that is not in
//! it gets its second component with version 0.

use rattler_conda_types::{Subdir, Version, package::BuildString};

/// Version and build string where no CPU was detected.
pub(super) fn of_subdir(subdir: Subdir) -> (Version, BuildString) {
    let cpu = subdir.as_str().split_once('-').map_or("0", |(_, cpu)| cpu);
    let known = match cpu {
        "32" => "x86",
        "64" => "x86_64",
        "aarch64" | "arm64" => "aarch64",
        "armv6l" | "armv7l" | "ppc64" | "ppc64le" | "riscv64" | "s390x" | "wasm32" | "z" => cpu,
        _ => return (Version::major(0), BuildString::new_unchecked(cpu)),
    };
    (Version::major(1), BuildString::new_unchecked(known))
}

/// Version and build string where nothing at all is known about the CPU of the machine itself.
pub(super) fn unknown(subdir: Subdir) -> (Version, BuildString) {
    let cpu = subdir.as_str().split_once('-').map_or("0", |(_, cpu)| cpu);
    (Version::major(0), BuildString::new_unchecked(cpu))
}
