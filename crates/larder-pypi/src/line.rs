//! What one line of a `pip:` section may be, as far as nobody doubts it.
//!
//! Refuses only what uv and pip both refuse: what one of them may understand is left to it. Says what was
//! found and, where that can be guessed, what was meant. Never panics, whatever the line holds.

use crate::requirement::parse;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) problem: String,
    pub(crate) hint: Option<String>,
}

/// What pip takes in a requirements file; uv warns of those that it does not follow.
const OPTIONS: &[&str] = &[
    "--index-url",
    "--extra-index-url",
    "--no-index",
    "--find-links",
    "--requirement",
    "--constraint",
    "--editable",
    "--no-binary",
    "--only-binary",
    "--prefer-binary",
    "--require-hashes",
    "--pre",
    "--pypi-url",
    "--trusted-host",
    "--use-feature",
];
const SHORT_OPTIONS: &str = "ifrceC";
const OPERATORS: &[&str] = &["===", "==", "~=", "!=", "<=", ">=", "<", ">"];
const ARCHIVES: &[&str] = &[
    ".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar",
];

/// Why no tool can read a line, if that is sure. `line` has no comment.
pub(crate) fn fault(line: &str) -> Option<Fault> {
    if line.starts_with('-') {
        return option_fault(line);
    }
    if is_place(line) {
        return None;
    }
    let requirement = line.split(';').next().unwrap_or(line);
    let requirement = requirement
        .split(" --")
        .next()
        .unwrap_or(requirement)
        .trim();
    let name = name_of(requirement);
    let rest = without_extras(requirement[name.len()..].trim_start());
    let is_named = name.ends_with(|last: char| last.is_ascii_alphanumeric());
    if is_named && rest.is_some_and(are_versions) {
        return None;
    }
    Some(Fault {
        problem: problem(requirement),
        hint: rest.and_then(|rest| meant(name, rest)),
    })
}

fn option_fault(line: &str) -> Option<Fault> {
    let option = line.split(['=', ' ', '\t']).next().unwrap_or(line);
    let is_known = match option.strip_prefix("--") {
        Some(_) => OPTIONS.contains(&option),
        None => option[1..].starts_with(|letter| SHORT_OPTIONS.contains(letter)),
    };
    (!is_known).then(|| Fault {
        problem: format!("has the option `{option}`, which a requirements file cannot have"),
        hint: Some("expected a requirement, or an option like `--index-url`, `-r` or `-e`".into()),
    })
}

/// Whether it is an address, a path or something that only the tool can expand.
fn is_place(line: &str) -> bool {
    let requirement = line.split(';').next().unwrap_or(line);
    let first = requirement.split(' ').next().unwrap_or(requirement);
    line.contains("://")
        || requirement.contains(['@', '$', '\\', '%', '"', '\''])
        || first.contains(['/', ':'])
        || first.starts_with(['.', '~'])
        || ARCHIVES
            .iter()
            .any(|end| first.to_ascii_lowercase().ends_with(end))
}

pub(crate) fn name_of(requirement: &str) -> &str {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let end = requirement.find(|letter| !is_of_name(letter));
    &requirement[..end.unwrap_or(requirement.len())]
}

/// Nothing if a bracket is not closed.
fn without_extras(rest: &str) -> Option<&str> {
    match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map(|(_, rest)| rest.trim()),
        None => Some(rest.trim()),
    }
}

/// As lenient as the more lenient of the tools.
fn are_versions(text: &str) -> bool {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    let mut parts = inner.unwrap_or(text).split(',').map(str::trim);
    parts.all(|part| {
        let mut operators = OPERATORS.iter();
        let version = operators.find_map(|operator| part.strip_prefix(operator));
        part.is_empty()
            || version.is_some_and(|version| !version.trim().is_empty() && !version.contains('='))
    })
}

fn problem(requirement: &str) -> String {
    let reason = parse(requirement).err();
    let reason = reason.unwrap_or_else(|| "it begins with no name of a distribution".into());
    format!("is no requirement: {reason}")
}

/// conda's ways to write versions: `=1.2`, `=1.2=build`, or a blank.
fn meant(name: &str, rest: &str) -> Option<String> {
    let version = rest.trim_start_matches('=').trim();
    let (version, build) = version.split_once('=').unwrap_or((version, ""));
    let is_version = version.starts_with(|first: char| first.is_ascii_digit());
    if !is_version || version.contains([' ', ',', '<', '>', '!', '~']) {
        return None;
    }
    Some(
        match (build, rest.starts_with('=') && !version.contains('*')) {
            ("", false) => format!("write `{name}=={version}`"),
            ("", true) => format!(
                "write `{name}=={version}`, or `{name}=={version}.*` for what conda means by it"
            ),
            _ => format!(
                "a conda package belongs above `pip:`; a requirement would be `{name}=={version}`"
            ),
        },
    )
}

#[cfg(test)]
mod tests;
