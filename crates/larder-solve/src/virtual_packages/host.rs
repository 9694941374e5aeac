//! What this machine says about itself.

use std::path::Path;

use rattler_conda_types::{GenericVirtualPackage, Subdir, Version};
use rattler_virtual_packages::{Archspec, Cuda, CudaArch, LibC, Linux, Osx, Windows, cuda};

/// What is there when Linux has a driver of NVIDIA: on a PC, under WSL, on Tegra.
const DRIVERS: [&str; 4] = [
    "/proc/driver/nvidia",
    "/dev/nvidiactl",
    "/dev/dxg",
    "/dev/nvmap",
];

/// One property of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Finding {
    /// It does not have it.
    #[default]
    Absent,
    /// It has it, but its version cannot be read.
    Unreadable,
    /// It has this version.
    Version(Version),
}

/// What a machine says about itself. The default knows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Its own subdir.
    pub subdir: Option<Subdir>,
    /// The kernel's version, without a distribution's parts.
    pub linux: Finding,
    /// The GNU C library's.
    pub glibc: Finding,
    /// macOS, as it calls itself (11 or later, never 10.16).
    pub osx: Finding,
    /// Windows: major, minor, build.
    pub win: Finding,
    /// What the NVIDIA driver supports.
    pub cuda: Finding,
    /// The lowest compute capability of all CUDA devices.
    pub cuda_arch: Finding,
    /// The name of the CPU in the archspec database.
    pub archspec: Option<String>,
}

impl Host {
    /// Asks this machine. Never fails: what cannot be read is [`Finding::Unreadable`].
    pub fn detect() -> Self {
        let may_have_cuda = may_have_cuda();
        let asked =
            |ask: fn() -> Option<Version>| found(Ok::<_, ()>(may_have_cuda.then(ask).flatten()));
        Self {
            subdir: Subdir::current(),
            linux: found(Linux::current().map(|linux| linux.map(|linux| linux.version))),
            glibc: found(LibC::current().map(glibc)),
            osx: found(Osx::current().map(|osx| osx.map(|osx| osx.version))),
            win: windows(Windows::current()),
            cuda: asked(|| Cuda::current(None).map(|cuda| cuda.version)),
            cuda_arch: asked(|| CudaArch::current(None).map(|arch| arch.version)),
            archspec: match Archspec::current() {
                Archspec::Microarchitecture(cpu) => Some(cpu.name().to_owned()),
                Archspec::Unknown => None,
            },
        }
    }
}

/// Rattler asks the driver's libraries and then runs `nvidia-smi`, which takes milliseconds to be found
/// missing, and has nothing to ask where the kernel has no driver.
fn may_have_cuda() -> bool {
    !cfg!(target_os = "linux")
        || DRIVERS.iter().any(|path| Path::new(path).exists())
        || cuda::detect_cuda_version_via_nvml().is_some()
        || cuda::detect_cuda_version_via_libcuda().is_some()
}

fn found<E>(result: Result<Option<Version>, E>) -> Finding {
    match result {
        Ok(Some(version)) => Finding::Version(version),
        Ok(None) => Finding::Absent,
        Err(_) => Finding::Unreadable,
    }
}

/// Other libraries are no `__glibc`.
fn glibc(libc: Option<LibC>) -> Option<Version> {
    let libc = libc?;
    libc.family
        .eq_ignore_ascii_case("glibc")
        .then(|| GenericVirtualPackage::from(libc).version)
}

fn windows(windows: Option<Windows>) -> Finding {
    match windows.map(|windows| windows.version) {
        None => Finding::Absent,
        Some(None) => Finding::Unreadable,
        Some(Some(version)) => Finding::Version(version),
    }
}
