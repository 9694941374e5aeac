//! From host, target and overrides to virtual packages.

use rattler_conda_types::{
    GenericVirtualPackage, PackageName, Subdir, Version, package::BuildString,
};

use super::{
    Finding, Host, Overrides, archspec, defaults,
    overrides::{is_known, variable},
};

/// What the target system is taken to provide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detected {
    /// The virtual packages, sorted by name.
    pub packages: Vec<GenericVirtualPackage>,
    /// What the user may want to know, as code and text: `virtual::default` (a default stood in),
    /// `virtual::invalid-override` and `virtual::unused-override` (an override changed nothing).
    pub notes: Vec<(&'static str, String)>,
}

/// What a system of `subdir` provides: asked of `host` if it is of that subdir, else assumed.
///
/// Never fails: an override that does not qualify is none, and noted.
pub fn detect(subdir: Subdir, overrides: &Overrides, host: &Host) -> Detected {
    let mut detection = Detection {
        subdir,
        overrides,
        host: (host.subdir == Some(subdir)).then_some(host),
        used: Vec::new(),
        detected: Detected::default(),
    };
    detection.archspec();
    detection.cuda();
    detection.systems();
    detection.note_unused();
    detection.detected
}

struct Detection<'a> {
    subdir: Subdir,
    overrides: &'a Overrides,
    /// Nothing for a foreign subdir.
    host: Option<&'a Host>,
    used: Vec<&'static str>,
    detected: Detected,
}

impl Detection<'_> {
    fn systems(&mut self) {
        let subdir = self.subdir;
        if subdir.is_linux() {
            self.glibc();
            let found = self.host.map(|host| host.linux.clone());
            self.system("LINUX", found, defaults::linux(), is_kernel_version);
        }
        if subdir.is_osx() {
            let found = self.host.map(|host| leading(&host.osx, 2));
            self.system("OSX", found, defaults::osx(subdir), |_| true);
        }
        if is_posix(subdir) {
            self.push("__unix", Version::major(0), "0");
        }
        if subdir.is_windows() {
            let found = self.host.map(|host| leading(&host.win, 3));
            self.system("WIN", found, defaults::win(), |_| true);
        }
    }

    /// Absent on a Linux without it; assumed for foreign ones.
    fn glibc(&mut self) {
        let default = defaults::glibc(self.subdir);
        match self.host.map(|host| leading(&host.glibc, 2)) {
            Some(Finding::Absent) => {
                if let Some(version) = self.version_override("GLIBC", |_| true) {
                    self.push("__glibc", version, "0");
                }
            }
            found => self.system("GLIBC", found, default, |_| true),
        }
    }

    /// A package that every system of this kind has: overridden, found, or assumed.
    fn system(
        &mut self,
        name: &'static str,
        found: Option<Finding>,
        default: Version,
        qualifies: fn(&str) -> bool,
    ) {
        let package = format!("__{}", name.to_ascii_lowercase());
        let version = match (self.version_override(name, qualifies), found) {
            (Some(version), _) | (None, Some(Finding::Version(version))) => version,
            _ => {
                let text = format!(
                    "{package} {default} is assumed for {}; set {} for another version",
                    self.subdir,
                    variable(name)
                );
                self.note("virtual::default", text);
                default
            }
        };
        self.push(&package, version, "0");
    }

    /// `__cuda_arch` only beside `__cuda` (CEP 46); an empty override removes either. A foreign system
    /// has neither unless told so: this machine's cards are not in it.
    fn cuda(&mut self) {
        let found = self.host.map(|host| leading(&host.cuda, 2));
        let Some(cuda) = self.optional("CUDA", found, |_| true) else {
            return;
        };
        self.push("__cuda", cuda, "0");
        let found = self.host.map(|host| leading(&host.cuda_arch, 2));
        if let Some(arch) = self.optional("CUDA_ARCH", found, is_compute_capability) {
            self.push("__cuda_arch", arch, "0");
        }
    }

    fn optional(
        &mut self,
        name: &'static str,
        found: Option<Finding>,
        qualifies: fn(&str) -> bool,
    ) -> Option<Version> {
        if self.overrides.get(name) == Some("") {
            self.used.push(name);
            return None;
        }
        let overridden = self.version_override(name, qualifies);
        overridden.or(match found {
            Some(Finding::Version(version)) => Some(version),
            _ => None,
        })
    }

    fn archspec(&mut self) {
        let (version, build) = match self.build_override("ARCHSPEC") {
            Some(build) => (Version::major(1), build),
            None => match self.host {
                None => archspec::of_subdir(self.subdir),
                Some(host) => match host.archspec.as_deref().map(str::parse) {
                    Some(Ok(build)) => (Version::major(1), build),
                    _ => archspec::unknown(self.subdir),
                },
            },
        };
        self.push("__archspec", version, build.as_str());
    }

    fn version_override(
        &mut self,
        name: &'static str,
        qualifies: fn(&str) -> bool,
    ) -> Option<Version> {
        let text = self.overrides.get(name).filter(|text| !text.is_empty())?;
        self.used.push(name);
        match text.parse() {
            Ok(version) if qualifies(text) => Some(version),
            _ => {
                self.invalid(name, text);
                None
            }
        }
    }

    fn build_override(&mut self, name: &'static str) -> Option<BuildString> {
        let text = self.overrides.get(name).filter(|text| !text.is_empty())?;
        self.used.push(name);
        let build = text.parse().ok();
        if build.is_none() {
            self.invalid(name, text);
        }
        build
    }

    fn invalid(&mut self, name: &str, text: &str) {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
        let text = format!(
            "{}=`{shown}` is ignored: expected {}",
            variable(name),
            expected(name)
        );
        self.note("virtual::invalid-override", text);
    }

    fn note_unused(&mut self) {
        let overrides = self.overrides;
        for name in overrides.names() {
            let empty = overrides.get(name) == Some("");
            if self.used.contains(&name) || (empty && is_known(name)) {
                continue;
            }
            let why = match name {
                "UNIX" => "`__unix` cannot be overridden".to_owned(),
                "CUDA_ARCH" => "there is no `__cuda` here".to_owned(),
                name if is_known(name) => format!("{} has no such package", self.subdir),
                _ => "no such virtual package is known".to_owned(),
            };
            let text = format!("{} has no effect: {why}", variable(name));
            self.detected.notes.push(("virtual::unused-override", text));
        }
    }

    fn note(&mut self, code: &'static str, text: String) {
        self.detected.notes.push((code, text));
    }

    fn push(&mut self, name: &str, version: Version, build: &str) {
        self.detected.packages.push(GenericVirtualPackage {
            name: PackageName::new_unchecked(name),
            version,
            build_string: BuildString::new_unchecked(build),
        });
        let packages = &mut self.detected.packages;
        packages.sort_by(|a, b| a.name.as_normalized().cmp(b.name.as_normalized()));
    }
}

fn expected(name: &str) -> &'static str {
    match name {
        "ARCHSPEC" => "a build string such as `x86_64_v3`",
        "LINUX" => "two to four numbers such as `5.10`",
        "CUDA_ARCH" => "a compute capability such as `8.6`",
        _ => "a version such as `12.4`",
    }
}

/// The first components of a version, as CEP 30 wants them shown.
fn leading(found: &Finding, components: usize) -> Finding {
    let Finding::Version(version) = found else {
        return found.clone();
    };
    let text = version.to_string();
    let parts: Vec<&str> = text.split('.').take(components).collect();
    match parts.join(".").parse() {
        Ok(version) => Finding::Version(version),
        Err(_) => Finding::Unreadable,
    }
}

/// `[0-9]+\.[0-9]+(\.[0-9]+)?(\.[0-9]+)?`, the whole value.
fn is_kernel_version(text: &str) -> bool {
    (2..=4).contains(&text.split('.').count()) && numeric(text)
}

fn is_compute_capability(text: &str) -> bool {
    text.split('.').count() == 2 && numeric(text)
}

fn numeric(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_posix(subdir: Subdir) -> bool {
    let name = subdir.as_str();
    subdir.is_unix() || name.starts_with("freebsd-") || name.starts_with("emscripten-")
}
