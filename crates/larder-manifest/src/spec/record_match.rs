//! Whether a record meets a spec, by the rules of CEP 29 for each key.
//!
//! rattler's own comparison leaves `fn` and `subdir` out, is case-sensitive for licenses, and takes `track_features` for
//! a subset. The solver asks rattler, so larder-solve takes the records that fail here out of its choice.

use std::str::FromStr as _;

use rattler_conda_types::{MatchSpec, Matches as _, PackageRecord, RepoDataRecord, StringMatcher};

/// Whether `record` is what `spec` asks for, except for its channel: what a channel's name stands for is up to the
/// caller.
pub fn spec_matches_record(spec: &MatchSpec, record: &RepoDataRecord) -> bool {
    solver_part(spec).matches(record) && unmet_key(spec, record).is_none()
}

/// The spec without the keys that [`unmet_key`] compares.
pub fn solver_part(spec: &MatchSpec) -> MatchSpec {
    MatchSpec {
        file_name: None,
        license: None,
        license_family: None,
        track_features: None,
        ..spec.clone()
    }
}

/// The first key of a spec that rattler's solver does not compare as CEP 29 and conda do, its place not among them.
pub fn own_key(spec: &MatchSpec) -> Option<&'static str> {
    let keys = [
        ("fn", spec.file_name.is_some()),
        ("license", spec.license.is_some()),
        ("license_family", spec.license_family.is_some()),
        ("track_features", spec.track_features.is_some()),
    ];
    keys.into_iter()
        .find_map(|(key, is_set)| is_set.then_some(key))
}

/// The first key, with its value, of which `record` has another value, among those that rattler's solver does not
/// compare as CEP 29 and conda do.
pub fn unmet_key(spec: &MatchSpec, record: &RepoDataRecord) -> Option<String> {
    let package = &record.package_record;
    let file_name = || Some(record.identifier.to_file_name());
    let texts = [
        ("fn", &spec.file_name, file_name()),
        ("subdir", &spec.subdir, Some(package.subdir.clone())),
        ("license", &spec.license, package.license.clone()),
        (
            "license_family",
            &spec.license_family,
            package.license_family.clone(),
        ),
    ];
    let mut texts = texts.into_iter();
    let unmet = texts.find_map(|(key, wanted, found)| {
        let wanted = wanted.as_deref()?;
        let is_met = found.is_some_and(|found| matches_key(wanted, &found));
        (!is_met).then(|| format!("{key}={wanted}"))
    });
    unmet.or_else(|| unmet_features(spec, package))
}

/// conda compares features as sets.
fn unmet_features(spec: &MatchSpec, package: &PackageRecord) -> Option<String> {
    let wanted = spec.track_features.as_ref()?;
    let is_met = wanted.iter().all(|w| package.track_features.contains(w))
        && package.track_features.iter().all(|f| wanted.contains(f));
    (!is_met).then(|| format!("track_features={}", wanted.join(" ")))
}

/// Compares a text of a record with the value of a key: a regular expression in `^...$`, a glob, or the text itself, all
/// without case.
pub fn matches_key(wanted: &str, found: &str) -> bool {
    StringMatcher::from_str(wanted).is_ok_and(|matcher| matcher.matches(found))
}
