//! Whether a locked package or a virtual package is what a MatchSpec asks for.
//!
//! What a lock does not say of a package (see [`Completeness::Partial`]) never makes it a mismatch.

use std::collections::HashMap;

use larder_manifest::{parse_record_spec, spec_matches_record};
use rattler_conda_types::{
    GenericVirtualPackage, MatchSpec, Matches, RepoDataRecord,
    match_spec::{condition::MatchSpecCondition, package_name_matcher::PackageNameMatcher},
};

use crate::{Closure, Completeness, LockedPackage, address, spec_channel_urls};

/// The packages of an environment and of the machine under it, with their specs parsed.
pub(crate) struct Environment<'a> {
    pub(crate) closure: &'a Closure,
    virtual_packages: &'a [GenericVirtualPackage],
    specs: HashMap<&'a str, Result<MatchSpec, String>>,
}

/// What an environment has for a spec.
pub(crate) enum Found<'a> {
    /// A package that meets it, or a virtual package.
    Met(Option<&'a LockedPackage>),
    /// A package of that name that does not meet it.
    Locked(&'a LockedPackage),
    /// A virtual package of that name that does not meet it.
    Virtual(&'a GenericVirtualPackage),
    /// Nothing of that name.
    Absent,
}

impl<'a> Environment<'a> {
    /// Parses every spec of the closure once.
    pub(crate) fn new(closure: &'a Closure, virtual_packages: &'a [GenericVirtualPackage]) -> Self {
        let mut specs: HashMap<&str, Result<MatchSpec, String>> = HashMap::new();
        for package in closure.packages() {
            let record = &package.record.package_record;
            let extras = record.extra_depends.values().flatten();
            for text in record
                .depends
                .iter()
                .chain(&record.constrains)
                .chain(extras)
            {
                specs
                    .entry(text)
                    .or_insert_with(|| parse_record_spec(text).map_err(|error| error.to_string()));
            }
        }
        Self {
            closure,
            virtual_packages,
            specs,
        }
    }

    /// The spec that a record of the closure has as `text`.
    pub(crate) fn parsed(&self, text: &str) -> Result<&MatchSpec, &str> {
        match self.specs.get(text) {
            Some(Ok(spec)) => Ok(spec),
            Some(Err(message)) => Err(message),
            None => Err("it is not a dependency of a locked package"),
        }
    }

    pub(crate) fn find(&self, spec: &MatchSpec) -> Found<'a> {
        if spec.is_virtual() {
            return self.find_virtual(spec);
        }
        let PackageNameMatcher::Exact(name) = &spec.name else {
            let mut packages = self.closure.packages().iter();
            return match packages.find(|package| meets(spec, package)) {
                Some(package) => Found::Met(Some(package)),
                None => Found::Absent,
            };
        };
        match self.closure.get(name.as_normalized()) {
            Some(package) if meets(spec, package) => Found::Met(Some(package)),
            Some(package) => Found::Locked(package),
            None => Found::Absent,
        }
    }

    fn find_virtual(&self, spec: &MatchSpec) -> Found<'a> {
        let mut of_name = None;
        for package in self.virtual_packages {
            if spec.matches(package) {
                return Found::Met(None);
            }
            if spec.name.matches(&package.name) {
                of_name = Some(package);
            }
        }
        of_name.map_or(Found::Absent, Found::Virtual)
    }

    /// Whether the `when` of a spec holds (CEP 43): some package of the environment or the machine
    /// meets it. A spec without `when` always counts.
    pub(crate) fn applies(&self, spec: &MatchSpec) -> bool {
        spec.condition
            .as_ref()
            .is_none_or(|condition| self.holds(condition))
    }

    fn holds(&self, condition: &MatchSpecCondition) -> bool {
        match condition {
            MatchSpecCondition::MatchSpec(spec) => matches!(self.find(spec), Found::Met(_)),
            MatchSpecCondition::And(one, other) => self.holds(one) && self.holds(other),
            MatchSpecCondition::Or(one, other) => self.holds(one) || self.holds(other),
        }
    }
}

/// Whether `package` is what `spec` asks for, `when` and extras aside.
fn meets(spec: &MatchSpec, package: &LockedPackage) -> bool {
    let record = &package.record;
    let wanted = match package.completeness {
        Completeness::Full => spec.clone(),
        Completeness::Partial => known_part(spec),
        Completeness::Bare => of_its_name(spec, record),
    };
    spec_matches_record(&wanted, record)
        && (of_its_channel(spec, record.channel.as_deref())
            || package.completeness == Completeness::Bare && record.channel.is_none())
}

/// Without what a partial record does not say.
fn known_part(spec: &MatchSpec) -> MatchSpec {
    MatchSpec {
        build_number: None,
        license: None,
        license_family: None,
        track_features: None,
        flags: None,
        ..spec.clone()
    }
}

/// Without what the name of an archive does not say either.
fn of_its_name(spec: &MatchSpec, record: &RepoDataRecord) -> MatchSpec {
    let record = &record.package_record;
    MatchSpec {
        md5: spec.md5.filter(|_| record.md5.is_some()),
        sha256: spec.sha256.filter(|_| record.sha256.is_some()),
        ..known_part(spec)
    }
}

fn of_its_channel(spec: &MatchSpec, channel: Option<&str>) -> bool {
    let Some(wanted) = &spec.channel else {
        return true;
    };
    if wanted.name.as_deref() == Some("*") {
        return true;
    }
    let accepted = spec_channel_urls(wanted);
    channel.is_some_and(|channel| accepted.contains(&address::clean(channel).url))
}
