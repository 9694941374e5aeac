//! One requirement of PEP 508, as far as a lock is held against it.

use std::str::FromStr as _;

use pep440_rs::Version;
use pep508_rs::{ExtraName, MarkerEnvironment, MarkerTree, Requirement, VerbatimUrl, VersionOrUrl};

use crate::normalize;

/// A requirement that names a distribution and perhaps its versions.
#[derive(Debug, Clone)]
pub struct Plain {
    /// Normalized.
    pub name: String,
    /// As one spelling of it.
    pub text: String,
    /// Normalized and sorted.
    pub extras: Vec<String>,
    versions: Option<pep440_rs::VersionSpecifiers>,
    marker: MarkerTree,
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

    /// Whether its marker holds, for a distribution that was asked for with these extras.
    pub(crate) fn applies<'e>(
        &self,
        environment: &MarkerEnvironment,
        extras: impl IntoIterator<Item = &'e String>,
    ) -> bool {
        if self.marker == MarkerTree::TRUE {
            return true;
        }
        let extras = extras.into_iter();
        let extras: Vec<ExtraName> = extras
            .filter_map(|extra| ExtraName::from_str(extra).ok())
            .collect();
        self.marker.evaluate(environment, &extras)
    }

    /// Its versions, as a requirement has them; empty for any.
    pub(crate) fn specifier(&self) -> String {
        let text = self.versions.as_ref().map(ToString::to_string);
        text.unwrap_or_default().replace(' ', "")
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
    let extras = requirement.extras.iter();
    let mut extras: Vec<String> = extras.map(|extra| normalize(extra.as_ref())).collect();
    extras.sort();
    Some(Plain {
        name: normalize(requirement.name.as_ref()),
        text: requirement.to_string(),
        extras,
        versions,
        marker: requirement.marker,
    })
}

/// Whether the marker of a line that names a place holds; one without a marker counts.
pub(crate) fn applies_here(line: &str, environment: &MarkerEnvironment) -> bool {
    let line = line.split(" --").next().unwrap_or(line);
    let Some((_, marker)) = line.split_once(" ;") else {
        return true;
    };
    let requirement = parse(&format!("x ;{marker}"));
    requirement.map_or(true, |requirement| {
        requirement.marker.evaluate(environment, &[])
    })
}

/// The extras of a line, if it is a requirement with some, normalized.
pub(crate) fn extras_of(line: &str) -> Vec<String> {
    let line = line.split(" --").next().unwrap_or(line);
    let extras = parse(line.trim()).map(|requirement| requirement.extras);
    let extras = extras.unwrap_or_default();
    extras
        .iter()
        .map(|extra| normalize(extra.as_ref()))
        .collect()
}

/// Why a text is no requirement, in one line.
pub(crate) fn parse(text: &str) -> Result<Requirement<VerbatimUrl>, String> {
    if let Some(reason) = unspeakable(text) {
        return Err(reason.to_owned());
    }
    larder_lock::check_requirement(text)?;
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
