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
    let requirement = parse(line).ok()?;
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

/// Why a text is no requirement, in one line.
pub(crate) fn parse(text: &str) -> Result<Requirement<VerbatimUrl>, String> {
    if let Some(reason) = unspeakable(text) {
        return Err(reason.to_owned());
    }
    Requirement::from_str(text).map_err(|error| {
        let message = error.message.to_string();
        message.lines().next().unwrap_or_default().to_owned()
    })
}

/// Names that pep508_rs panics at: those whose last character is none of a name's end.
fn unspeakable(text: &str) -> Option<&'static str> {
    let is_of_name =
        |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let ends_well = |name: &str| name.ends_with(|last: char| last.is_ascii_alphanumeric());
    let name = text.split(|character| !is_of_name(character)).next()?;
    if !ends_well(name) {
        return Some("it begins with no name of a distribution");
    }
    let extras = text[name.len()..].trim_start().strip_prefix('[')?;
    let extras = extras.split(']').next()?;
    let mut names = extras.split(|character| !is_of_name(character));
    names
        .any(|name| !name.is_empty() && !ends_well(name))
        .then_some("the name of an extra ends in a letter or a digit")
}
