//! `virtual-packages.yml` as conda-lock has it: what the target systems provide, per subdir.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use larder_fs::{PathContext as _, PathError};
use larder_manifest::yaml::{self, YamlLimits};
use rattler_conda_types::{GenericVirtualPackage, PackageName, Subdir, Version};
use serde::Deserialize;

use crate::{Explain, Kind};

/// What the target systems provide, in place of what was detected or assumed.
#[derive(Debug, Clone, Default)]
pub(crate) struct VirtualPackages(BTreeMap<Subdir, Vec<GenericVirtualPackage>>);

/// Why a file of virtual packages cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VirtualPackagesError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] PathError),
    /// It is not what it should be.
    #[error("`{}` is not a file of virtual packages: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong and what is expected.
        problem: String,
    },
}

impl Explain for VirtualPackagesError {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn code(&self) -> &'static str {
        "input::virtual-packages"
    }

    fn hint(&self) -> Option<String> {
        matches!(self, Self::Malformed { .. }).then(|| {
            "expected `subdirs: {linux-64: {packages: {__glibc: \"2.28\", __cuda: \"12.4\"}}}`"
                .into()
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    subdirs: BTreeMap<String, Packages>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Packages {
    packages: BTreeMap<String, String>,
}

impl VirtualPackages {
    /// Reads the file; none gives nothing.
    ///
    /// # Errors
    /// See [`VirtualPackagesError`].
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, VirtualPackagesError> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let limit = YamlLimits::MANIFEST.bytes as u64;
        let text = larder_fs::read_at_most(path, limit).at("read", path)?;
        let text = String::from_utf8_lossy(&text);
        parse(&text)
            .map(Self)
            .map_err(|problem| VirtualPackagesError::Malformed {
                path: path.to_owned(),
                problem,
            })
    }

    /// Those for `subdir`.
    pub(crate) fn of(&self, subdir: Subdir) -> &[GenericVirtualPackage] {
        self.0.get(&subdir).map_or(&[], Vec::as_slice)
    }
}

fn parse(text: &str) -> Result<BTreeMap<Subdir, Vec<GenericVirtualPackage>>, String> {
    yaml::check_limits(text, &YamlLimits::MANIFEST)
        .map_err(|(problem, mark)| format!("line {}: {problem}", mark.line))?;
    // The first line says what is wrong and where; the excerpt below it would show a file that is something else.
    let first_line = |error: serde_saphyr::Error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    };
    let document: Document = serde_saphyr::from_str(text).map_err(first_line)?;
    let mut subdirs = BTreeMap::new();
    for (subdir, Packages { packages }) in document.subdirs {
        let parsed = crate::platforms::parse(&subdir).map_err(|error| error.to_string())?;
        let packages = packages.iter().map(|(name, value)| package(name, value));
        subdirs.insert(parsed, packages.collect::<Result<_, _>>()?);
    }
    Ok(subdirs)
}

/// `version`, or `version build` with a space.
fn package(name: &str, value: &str) -> Result<GenericVirtualPackage, String> {
    larder_manifest::validate_virtual_package_name(name).map_err(|error| error.to_string())?;
    let (version, build) = value.split_once(' ').unwrap_or((value, "0"));
    let problem = |error: &dyn std::fmt::Display| format!("`{name}: {value}`: {error}");
    Ok(GenericVirtualPackage {
        name: PackageName::from_str(name).map_err(|error| problem(&error))?,
        version: Version::from_str(version).map_err(|error| problem(&error))?,
        build_string: build.parse().map_err(|error| problem(&error))?,
    })
}

/// Puts `over` in place of those in `packages` that have the same name, and adds the rest.
pub(crate) fn overlay(packages: &mut Vec<GenericVirtualPackage>, over: &[GenericVirtualPackage]) {
    packages.retain(|package| over.iter().all(|other| other.name != package.name));
    packages.extend_from_slice(over);
    packages.sort_by(|a, b| a.name.cmp(&b.name));
}
