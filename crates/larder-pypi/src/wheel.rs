//! Names of wheels (PEP 427) and which of them a Python can install, best first (PEP 425, 600).

use crate::Target;

/// The parts of a wheel's file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelName {
    /// As written.
    pub name: String,
    /// As written.
    pub version: String,
    pythons: Vec<String>,
    abis: Vec<String>,
    platforms: Vec<String>,
}

impl WheelName {
    /// Reads a file name; nothing if it is none of a wheel.
    pub fn parse(file_name: &str) -> Option<Self> {
        let stem = file_name.strip_suffix(".whl")?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, tags) = match parts[..] {
            [name, version, ref tags @ ..] if tags.len() == 3 => (name, version, tags),
            [name, version, _build, ref tags @ ..] if tags.len() == 3 => (name, version, tags),
            _ => return None,
        };
        if parts.iter().any(|part| part.is_empty()) || name.starts_with('.') {
            return None;
        }
        let list = |text: &str| text.split('.').map(str::to_owned).collect();
        Some(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            pythons: list(tags[0]),
            abis: list(tags[1]),
            platforms: list(tags[2]),
        })
    }

    /// How well it fits: the larger the better, nothing if it does not.
    pub fn rank(&self, target: &Target) -> Option<(u32, u32)> {
        let pythons = self.pythons.iter();
        let interpreters = pythons.flat_map(|python| {
            let abis = self.abis.iter();
            abis.filter_map(|abi| interpreter(python, abi, target.minor))
        });
        let platforms = self.platforms.iter();
        let platforms = platforms.filter_map(|platform| target.rank_of_platform(platform));
        Some((interpreters.max()?, platforms.max()?))
    }
}

fn interpreter(python: &str, abi: &str, minor: u32) -> Option<u32> {
    const OWN: u32 = 10_000;
    if let Some(version) = python.strip_prefix("cp3") {
        let version: u32 = version.parse().ok()?;
        return match abi {
            "abi3" if version <= minor => Some(OWN - 1_000 + version),
            "none" if version == minor => Some(OWN - 500),
            abi if version == minor && abi == format!("cp3{minor}") => Some(OWN),
            _ => None,
        };
    }
    if abi != "none" {
        return None;
    }
    match python.strip_prefix("py3")? {
        "" => Some(1_000),
        version => {
            let version: u32 = version.parse().ok()?;
            (version <= minor).then_some(1_000 + version)
        }
    }
}

#[cfg(test)]
mod tests;
