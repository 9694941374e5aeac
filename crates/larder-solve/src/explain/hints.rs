//! What would let a solve pass: `CONDA_OVERRIDE_*` for virtual packages that the specs or the account
//! name and that an override can change, and pins that could be given up.

use larder_manifest::parse_record_spec;
use rattler_conda_types::{GenericVirtualPackage, MatchSpec, Matches as _, Subdir};

use crate::{Requested, virtual_packages::override_name};

/// What to do about a package of which a channel has only a wheel.
pub(super) const WHEEL_HINT: &str =
    "name it under `pip:` in environment.yml: pip installs it from its package index";

/// Hints for every unmet virtual package in an account.
pub(super) fn for_account(
    account: &str,
    subdir: Subdir,
    present: &[GenericVirtualPackage],
) -> Vec<String> {
    let mut hints: Vec<String> = account
        .lines()
        .filter_map(virtual_spec)
        .filter_map(|spec| for_spec(&spec, subdir, present))
        .collect();
    hints.sort();
    hints.dedup();
    hints
}

/// A hint for every pin of a package that an account names.
pub(super) fn for_pins(pinned: &[Requested], account: &str) -> Vec<String> {
    let is_named = |pin: &&Requested| {
        let name = pin.spec.name.as_exact().map(|name| name.as_normalized());
        name.is_some_and(|name| account.contains(name))
    };
    let hint = |pin: &Requested| {
        let place = pin.location.as_deref().unwrap_or("the configuration");
        format!("`{}` is pinned at {place}", pin.text)
    };
    pinned.iter().filter(is_named).map(hint).collect()
}

/// A hint for one spec on a virtual package, unless it is met.
pub(super) fn for_spec(
    spec: &MatchSpec,
    subdir: Subdir,
    present: &[GenericVirtualPackage],
) -> Option<String> {
    let name = spec.name.as_exact()?.as_normalized();
    if !can_have(subdir, name) {
        return None;
    }
    let here = present
        .iter()
        .find(|package| package.name.as_normalized() == name);
    if here.is_some_and(|package| spec.matches(package)) {
        return None;
    }
    let found = match here {
        Some(package) => format!(
            "the target system is taken to have {name} {}",
            value(package)
        ),
        None => format!("the target system is taken to have no {name}"),
    };
    let variable = override_name(name)?;
    Some(format!(
        "`{spec}` is needed, but {found}; if the machine that will run this has it, set {variable}={}",
        wanted_value(spec)
    ))
}

/// Whether a system of this subdir can have it: no override puts macOS into Linux.
fn can_have(subdir: Subdir, name: &str) -> bool {
    match name {
        "__linux" | "__glibc" => subdir.is_linux(),
        "__osx" => subdir.is_osx(),
        "__win" => subdir.is_windows(),
        _ => true,
    }
}

/// The spec on a virtual package in a line of the account.
fn virtual_spec(line: &str) -> Option<MatchSpec> {
    let start = line.find("__")?;
    let before = line[..start].chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || c == '-') {
        return None;
    }
    let rest = &line[start..];
    let end = rest.find(", which").or_else(|| rest.find(", for which"));
    let text = rest[..end.unwrap_or(rest.len())].trim_end_matches([',', '.', ';']);
    let text = text.split(" cannot be").next()?.trim();
    parse_record_spec(text).ok()
}

fn value(package: &GenericVirtualPackage) -> String {
    if package.name.as_normalized() == "__archspec" {
        return package.build_string.to_string();
    }
    package.version.to_string()
}

/// The smallest value that looks as if it would do; the bare word where it is not plain.
fn wanted_value(spec: &MatchSpec) -> String {
    let text = match (&spec.build, &spec.version) {
        (Some(build), _) => build.to_string(),
        (None, Some(version)) => version.to_string(),
        (None, None) => return "VERSION".to_owned(),
    };
    let first = text.split([',', '|']).next().unwrap_or_default();
    let plain = first.trim_start_matches(['>', '=', '~', '<', '!']);
    let plain = plain.trim_end_matches(".*").trim_end_matches('*');
    if plain.is_empty() || first.starts_with(['<', '!']) {
        return "VERSION".to_owned();
    }
    plain.to_owned()
}
