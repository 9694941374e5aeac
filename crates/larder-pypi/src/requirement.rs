//! One requirement of PEP 508, as far as a lock is held against it.

use std::str::FromStr as _;

use pep440_rs::Version;
use pep508_rs::{MarkerTree, Requirement, VerbatimUrl, VersionOrUrl};

use crate::normalize;

/// A requirement that names a distribution and perhaps its versions.
#[derive(Debug, Clone)]
pub struct Plain {
    /// Normalized.
    pub name: String,
    /// As one spelling of it.
    pub text: String,
    versions: Option<pep440_rs::VersionSpecifiers>,
    is_conditional: bool,
}

impl Plain {
    /// Whether this version meets it; one that is no version of PEP 440 meets only a bare name.
    pub fn is_met_by(&self, version: &str) -> bool {
        match &self.versions {
            None => true,
            Some(versions) => {
                Version::from_str(version).is_ok_and(|version| versions.contains(&version))
            }
        }
    }

    /// Whether it has a marker: then nothing may be said of its absence.
    pub fn is_conditional(&self) -> bool {
        self.is_conditional
    }
}

/// The requirement on a line, without options behind it; nothing if that is none, or is one for a URL.
pub fn plain(line: &str) -> Option<Plain> {
    let line = line.split(" --").next()?.trim();
    // pep508_rs panics on a name that ends otherwise.
    let is_of_name =
        |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let name = line.split(|character| !is_of_name(character)).next()?;
    if !name.ends_with(|last: char| last.is_ascii_alphanumeric()) {
        return None;
    }
    let requirement = Requirement::<VerbatimUrl>::from_str(line).ok()?;
    let versions = match &requirement.version_or_url {
        None => None,
        Some(VersionOrUrl::VersionSpecifier(versions)) => Some(versions.clone()),
        Some(VersionOrUrl::Url(_)) => return None,
    };
    Some(Plain {
        name: normalize(requirement.name.as_ref()),
        text: requirement.to_string(),
        versions,
        is_conditional: requirement.marker != MarkerTree::TRUE,
    })
}
