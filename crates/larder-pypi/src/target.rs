//! The Python and the machine that wheels are for.

use larder_lock::Closure;
use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};
use rattler_conda_types::{GenericVirtualPackage, Subdir};

/// The Python and the platform of one closure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Major, always 3, and minor version of Python: `3.11`.
    pub python: String,
    /// The version in full: `3.11.2`.
    pub python_full: String,
    pub(crate) minor: u32,
    pub(crate) subdir: Subdir,
    /// Of a Linux: wheels may need this and older ones.
    glibc: (u32, u32),
}

/// Why nothing of PyPI can be installed beside a closure.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It has no Python.
    #[error("the `pip:` section needs a Python, and {subdir} has none in its conda packages")]
    NoPython {
        /// The platform.
        subdir: Subdir,
    },
    /// Its Python is none of version 3.
    #[error("the `pip:` section cannot be resolved for Python {version}: only Python 3 is known")]
    OldPython {
        /// Its version.
        version: String,
    },
    /// A platform that PyPI has no wheels for.
    #[error("the `pip:` section cannot be resolved for {subdir}: no wheels are made for it")]
    Platform {
        /// The platform.
        subdir: Subdir,
    },
}

/// So old that about every Linux in use has it, so new that about every wheel is content.
const GLIBC: (u32, u32) = (2, 28);
/// What uv takes for granted.
const MACOS: (u32, u32) = (13, 0);

impl Target {
    /// The target of a closure. Of its C library no more is used than most machines have, so that a lock
    /// does not depend on the machine that makes it.
    ///
    /// # Errors
    /// If there is no Python 3, or nothing is known of the platform.
    pub fn new(
        closure: &Closure,
        virtual_packages: &[GenericVirtualPackage],
    ) -> Result<Self, TargetError> {
        let subdir = closure.subdir();
        let python = closure.get("python");
        let python = python.ok_or(TargetError::NoPython { subdir })?;
        let full = python.record.package_record.version.as_str().into_owned();
        let mut parts = full.split('.');
        let minor = match (parts.next(), parts.next().map(str::parse)) {
            (Some("3"), Some(Ok(minor))) => minor,
            _ => return Err(TargetError::OldPython { version: full }),
        };
        let target = Self {
            python: format!("3.{minor}"),
            python_full: full,
            minor,
            subdir,
            glibc: glibc(virtual_packages).unwrap_or(GLIBC).min(GLIBC),
        };
        match target.triple() {
            Some(_) => Ok(target),
            None => Err(TargetError::Platform { subdir }),
        }
    }

    /// Major and minor version alone.
    pub fn for_python(minor: u32, subdir: Subdir) -> Self {
        Self {
            python: format!("3.{minor}"),
            python_full: format!("3.{minor}.0"),
            minor,
            subdir,
            glibc: GLIBC,
        }
    }

    /// What markers of requirements are evaluated with. Nothing is known of the release of the system.
    pub(crate) fn marker_environment(&self) -> Option<MarkerEnvironment> {
        let (os_name, platform_system, sys_platform) = match self.subdir {
            subdir if subdir.is_linux() => ("posix", "Linux", "linux"),
            subdir if subdir.is_osx() => ("posix", "Darwin", "darwin"),
            _ => ("nt", "Windows", "win32"),
        };
        let platform_machine = match (self.subdir.is_windows(), self.machine()) {
            (true, "amd64") => "AMD64",
            (true, _) => "ARM64",
            (false, machine) => machine,
        };
        let with = |full: &str| {
            MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
                implementation_name: "cpython",
                implementation_version: full,
                os_name,
                platform_machine,
                platform_python_implementation: "CPython",
                platform_release: "",
                platform_system,
                platform_version: "",
                python_full_version: full,
                python_version: &self.python,
                sys_platform,
            })
            .ok()
        };
        // conda's spelling of a version need not be one of PEP 440.
        with(&self.python_full).or_else(|| with(&format!("{}.0", self.python)))
    }

    /// As uv calls it.
    pub(crate) fn triple(&self) -> Option<String> {
        let (major, minor) = self.glibc;
        let linux = |machine: &str| {
            let known = (major, minor) >= GLIBC;
            let name = if known {
                "manylinux_2_28"
            } else {
                "manylinux2014"
            };
            Some(format!("{machine}-{name}"))
        };
        match self.subdir {
            Subdir::Linux64 => linux("x86_64"),
            Subdir::LinuxAarch64 => linux("aarch64"),
            Subdir::Osx64 => Some("x86_64-apple-darwin".into()),
            Subdir::OsxArm64 => Some("aarch64-apple-darwin".into()),
            Subdir::Win64 => Some("x86_64-pc-windows-msvc".into()),
            Subdir::WinArm64 => Some("aarch64-pc-windows-msvc".into()),
            _ => None,
        }
    }

    /// Tags of platforms, best first, as pip takes them.
    pub(crate) fn pip_platforms(&self) -> Vec<String> {
        let machine = self.machine();
        match self.subdir {
            subdir if subdir.is_linux() => {
                let minors = (5..=self.glibc.1).rev();
                let mut tags: Vec<String> = minors
                    .map(|minor| format!("manylinux_2_{minor}_{machine}"))
                    .collect();
                tags.extend(
                    ["manylinux2014", "manylinux2010", "manylinux1"]
                        .map(|name| format!("{name}_{machine}")),
                );
                tags.push(format!("linux_{machine}"));
                tags
            }
            subdir if subdir.is_osx() => {
                let versions = (11..=MACOS.0)
                    .rev()
                    .map(|major| (major, 0))
                    .chain((9..=16).rev().map(|minor| (10, minor)));
                versions
                    .flat_map(|(major, minor)| {
                        [machine, "universal2"].map(|arch| format!("macosx_{major}_{minor}_{arch}"))
                    })
                    .collect()
            }
            _ => vec![format!("win_{machine}")],
        }
    }

    fn machine(&self) -> &'static str {
        match self.subdir {
            Subdir::Linux64 | Subdir::Osx64 => "x86_64",
            Subdir::LinuxAarch64 => "aarch64",
            Subdir::Win64 => "amd64",
            _ => "arm64",
        }
    }

    /// How well a platform tag of a wheel fits: newer ones better, `any` last.
    pub(crate) fn rank_of_platform(&self, tag: &str) -> Option<u32> {
        if tag == "any" {
            return Some(0);
        }
        let machine = self.machine();
        let version = match self.subdir {
            subdir if subdir.is_linux() => linux(tag.strip_suffix(machine)?.strip_suffix('_')?)?,
            subdir if subdir.is_osx() => macos(tag, machine)?,
            _ if tag == format!("win_{machine}") => (0, 0),
            _ => return None,
        };
        let newest = match self.subdir {
            subdir if subdir.is_linux() => self.glibc,
            _ => MACOS,
        };
        (version <= newest).then_some(1 + version.0 * 1_000 + version.1)
    }
}

fn linux(tag: &str) -> Option<(u32, u32)> {
    Some(match tag {
        "linux" => (0, 0),
        "manylinux1" => (2, 5),
        "manylinux2010" => (2, 12),
        "manylinux2014" => (2, 17),
        tag => {
            let (major, minor) = tag.strip_prefix("manylinux_")?.split_once('_')?;
            (major.parse().ok()?, minor.parse().ok()?)
        }
    })
}

fn macos(tag: &str, machine: &str) -> Option<(u32, u32)> {
    let mut parts = tag.strip_prefix("macosx_")?.splitn(3, '_');
    let version = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let fits = match parts.next()? {
        "universal2" => true,
        "universal" | "intel" => machine == "x86_64",
        other => other == machine,
    };
    fits.then_some(version)
}

fn glibc(virtual_packages: &[GenericVirtualPackage]) -> Option<(u32, u32)> {
    let found = virtual_packages.iter();
    let mut found = found.filter(|package| package.name.as_normalized() == "__glibc");
    let version = found.next()?.version.to_string();
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}
