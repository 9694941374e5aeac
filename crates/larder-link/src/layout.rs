//! Where a path of a package goes in the environment: the same place, except for `noarch: python`
//! packages, whose `site-packages` and `python-scripts` depend on the python beside them (CEP 17, 20).
//!
//! Paths are text with `/`; the disk is never asked.

use std::{borrow::Cow, path::Path, str::FromStr as _};

use larder_lock::LockedPackage;
use larder_unpack::RelPath;
use rattler::install::PythonInfo;
use rattler_conda_types::{Subdir, Version};

use crate::{Installed, LinkPackage, PlanError};

/// What the environment's python decides.
#[derive(Debug)]
pub(crate) struct PythonLayout {
    /// For entry points.
    pub(crate) info: PythonInfo,
    site_packages: String,
    scripts: String,
}

impl PythonLayout {
    /// From the package named `python`, if there is one. A site-packages path of any other package is
    /// ignored, as CEP 17 says.
    pub(crate) fn find(
        packages: &[LinkPackage<'_>],
        subdir: Subdir,
    ) -> Result<Option<Self>, PlanError> {
        let Some(python) = packages.iter().find(|package| package.name() == "python") else {
            return Ok(None);
        };
        let path = python.site_packages_path();
        Self::of(python.locked, path, subdir).map(Some)
    }

    /// Of a python whose site-packages path is known, if its record or archive names one.
    pub(crate) fn of(
        python: &LockedPackage,
        path: Option<&str>,
        subdir: Subdir,
    ) -> Result<Self, PlanError> {
        let version = python.record.package_record.version.version();
        Self::new(&python.dist(), version, path, subdir)
    }

    /// From the installed python, if its record makes sense: an update that cannot place anything by it
    /// says so when it has to.
    pub(crate) fn of_installed(
        python: &Installed,
        subdir: Subdir,
    ) -> Result<Option<Self>, PlanError> {
        let Ok(version) = Version::from_str(&python.version) else {
            return Ok(None);
        };
        let path = python.site_packages_path.as_deref();
        Self::new(&python.dist(), &version, path, subdir).map(Some)
    }

    fn new(
        dist: &str,
        version: &Version,
        path: Option<&str>,
        subdir: Subdir,
    ) -> Result<Self, PlanError> {
        if let Some(path) = path.filter(|path| !is_inside(path)) {
            return Err(PlanError::SitePackagesPath {
                package: dist.to_owned(),
                path: path.to_owned(),
            });
        }
        let info = PythonInfo::from_version(version, path, subdir).map_err(|_| {
            PlanError::PythonVersion {
                package: dist.to_owned(),
            }
        })?;
        Ok(Self {
            site_packages: slashed(&info.site_packages_path),
            scripts: slashed(&info.bin_dir),
            info,
        })
    }

    /// Whether `noarch: python` packages would be at the same places with the other one.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.site_packages == other.site_packages
            && self.scripts == other.scripts
            && self.info.path == other.info.path
    }

    /// The path in the environment of a path of a `noarch: python` package.
    pub(crate) fn place<'a>(&self, path: &'a str) -> Cow<'a, str> {
        if let Some(rest) = path.strip_prefix("site-packages/") {
            format!("{}/{rest}", self.site_packages).into()
        } else if let Some(rest) = path.strip_prefix("python-scripts/") {
            format!("{}/{rest}", self.scripts).into()
        } else {
            path.into()
        }
    }

    /// The path of an executable or script that is made for an entry point.
    pub(crate) fn script(&self, file_name: &str) -> String {
        format!("{}/{file_name}", self.scripts)
    }
}

/// Whether a path of a package can only be placed if python's place is known.
pub(crate) fn depends_on_python(path: &str) -> bool {
    path.starts_with("site-packages/") || path.starts_with("python-scripts/")
}

/// Whether text from a record is a path that stays in the environment, on every system.
fn is_inside(path: &str) -> bool {
    !path.contains(':') && RelPath::try_from(path).is_ok_and(|path| !path.is_conda_meta())
}

pub(crate) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
