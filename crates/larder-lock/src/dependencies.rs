//! `depends` of a record, a list of MatchSpecs, against `dependencies` of CEP 37, a map from name to
//! constraint. A map has room for one spec per name, so several are merged into one.

use indexmap::IndexMap;

/// Package name to constraint, in the order of the record.
pub(crate) type Dependencies = IndexMap<String, String>;

/// The map for a record's `depends`.
///
/// Loses what a map cannot say (a channel, a second build string or a second `when` for one name):
/// [`from_map`] tells whether anything was lost.
pub(crate) fn to_map(depends: &[String]) -> Dependencies {
    let mut map = Dependencies::with_capacity(depends.len());
    for spec in depends {
        let (name, constraint) = split(spec);
        match map.get_mut(&name) {
            Some(existing) => *existing = merge(existing, constraint),
            None => {
                map.insert(name, constraint.to_owned());
            }
        }
    }
    map
}

/// The MatchSpecs that a map stands for.
pub(crate) fn from_map(map: &Dependencies) -> Vec<String> {
    map.iter()
        .map(|(name, constraint)| {
            if constraint.is_empty() {
                name.clone()
            } else {
                format!("{name} {constraint}")
            }
        })
        .collect()
}

fn split(spec: &str) -> (String, &str) {
    let spec = spec.trim();
    let bracket = spec.find('[').unwrap_or(spec.len());
    let start = spec[..bracket].rfind("::").map_or(0, |colons| colons + 2);
    let rest = &spec[start..];
    let end = rest
        .find(|character: char| {
            character.is_whitespace() || matches!(character, '<' | '>' | '=' | '!' | '~' | '[')
        })
        .unwrap_or(rest.len());
    (rest[..end].to_ascii_lowercase(), rest[end..].trim())
}

/// A constraint of which every package that meets it meets both; the first one where the grammar
/// cannot say that.
fn merge(first: &str, second: &str) -> String {
    if first == second || second.is_empty() {
        return first.to_owned();
    }
    if first.is_empty() {
        return second.to_owned();
    }
    let (Some(one), Some(other)) = (Plain::of(first), Plain::of(second)) else {
        return first.to_owned();
    };
    let build = match (one.build, other.build) {
        (Some(one), Some(other)) if one != other => return first.to_owned(),
        (one, other) => one.or(other),
    };
    let version = match (one.version, other.version) {
        ("*", version) | (version, "*") => version.to_owned(),
        (one, other) => format!("{},{}", grouped(one), grouped(other)),
    };
    match build {
        Some(build) => format!("{version} {build}"),
        None => version,
    }
}

/// `|` binds less than `,`.
fn grouped(version: &str) -> String {
    if version.contains('|') {
        format!("({version})")
    } else {
        version.to_owned()
    }
}

/// A constraint without brackets: a version and perhaps a build string.
struct Plain<'a> {
    version: &'a str,
    build: Option<&'a str>,
}

impl<'a> Plain<'a> {
    fn of(constraint: &'a str) -> Option<Self> {
        let mut words = constraint.split_whitespace();
        let version = words.next()?;
        let build = words.next();
        let simple = !constraint.contains('[')
            && !version.ends_with([',', '|', '<', '>', '=', '!', '~'])
            && words.next().is_none()
            && build.is_none_or(|build| !build.contains([',', '|', '<', '>', '=']));
        simple.then_some(Self { version, build })
    }
}

#[cfg(test)]
mod tests;
