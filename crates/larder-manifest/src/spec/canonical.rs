//! The canonical text of a spec (CEP 29, appendix A), which conda, mamba and rattler read alike.
//!
//! Never prints credentials, and never the namespace. Values in brackets stand in single quotes,
//! but `subdir` stays bare, as in the CEP's own examples.

use rattler_conda_types::{
    EqualityOperator, MatchSpec, MatchSpecCondition, PackageNameMatcher, StrictRangeOperator,
    StringMatcher, VersionSpec,
};

use crate::channel::without_credentials;

/// The canonical text of a spec: `conda-forge/linux-64::foo==1.0=py27_0`,
/// `foo[version='>=1.0']`. [`parse_spec`](super::parse_spec) reads it back as an equal spec.
pub fn canonical_text(spec: &MatchSpec) -> String {
    let mut pairs = Vec::new();
    let mut text = channel(spec, &mut pairs);
    text.push_str(&name(&spec.name));
    let exact = match &spec.version {
        None => false,
        Some(version) => push_version(version, &mut text, &mut pairs),
    };
    match &spec.build {
        None => {}
        Some(StringMatcher::Exact(build)) if exact => {
            text.push('=');
            text.push_str(build);
        }
        Some(build) => pairs.push(pair("build", &build.to_string())),
    }
    other_pairs(spec, &mut pairs);
    if !pairs.is_empty() {
        text.push_str(&format!("[{}]", pairs.join(",")));
    }
    text
}

fn name(name: &PackageNameMatcher) -> String {
    match name {
        PackageNameMatcher::Exact(name) => name.as_normalized().to_owned(),
        PackageNameMatcher::Glob(glob) => glob.as_str().to_lowercase(),
        PackageNameMatcher::Regex(regex) => regex.as_str().to_lowercase(),
    }
}

/// `channel/subdir::`; a subdir without channel goes into the brackets.
fn channel(spec: &MatchSpec, pairs: &mut Vec<String>) -> String {
    let subdir = spec.subdir.as_deref();
    let Some(channel) = &spec.channel else {
        pairs.extend(subdir.map(|subdir| format!("subdir={subdir}")));
        return String::new();
    };
    let url = without_credentials(channel.base_url.url().as_str());
    let url = url.trim_end_matches('/');
    // rattler resolves names in specs against this alias.
    let channel = url
        .strip_prefix("https://conda.anaconda.org/")
        .unwrap_or(url);
    match subdir {
        Some(subdir) => format!("{channel}/{subdir}::"),
        None => format!("{channel}::"),
    }
}

/// True if the version is exact.
fn push_version(version: &VersionSpec, text: &mut String, pairs: &mut Vec<String>) -> bool {
    match version {
        VersionSpec::Exact(EqualityOperator::Equals, version) => {
            text.push_str(&format!("=={version}"));
            return true;
        }
        VersionSpec::StrictRange(StrictRangeOperator::StartsWith, version) => {
            text.push_str(&format!("={version}"));
        }
        VersionSpec::Any => {}
        other => pairs.push(pair("version", &other.to_string())),
    }
    false
}

fn other_pairs(spec: &MatchSpec, pairs: &mut Vec<String>) {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let list = |values: Vec<String>| format!("[{}]", values.join(","));
    if let Some(number) = &spec.build_number {
        let number = number.to_string();
        pairs.push(pair("build_number", number.trim_start_matches("==")));
    }
    if let Some(file) = &spec.file_name {
        pairs.push(pair("fn", file));
    }
    if let Some(extras) = &spec.extras {
        pairs.push(format!("extras={}", list(extras.clone())));
    }
    if let Some(flags) = &spec.flags {
        let quoted = flags.iter().map(|flag| format!("\"{flag}\"")).collect();
        pairs.push(format!("flags={}", list(quoted)));
    }
    if let Some(md5) = &spec.md5 {
        pairs.push(pair("md5", &hex(md5)));
    }
    if let Some(sha256) = &spec.sha256 {
        pairs.push(pair("sha256", &hex(sha256)));
    }
    if let Some(url) = &spec.url {
        pairs.push(pair("url", &without_credentials(url.as_str())));
    }
    if let Some(license) = &spec.license {
        pairs.push(pair("license", license));
    }
    if let Some(family) = &spec.license_family {
        pairs.push(pair("license_family", family));
    }
    if let Some(features) = &spec.track_features {
        pairs.push(pair("track_features", &features.join(" ")));
    }
    if let Some(condition) = &spec.condition {
        pairs.push(pair("when", &condition_text(condition, false)));
    }
}

/// Single quotes unless the value holds one.
fn pair(key: &str, value: &str) -> String {
    if !value.contains(['\'', '\\']) {
        return format!("{key}='{value}'");
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{key}=\"{escaped}\"")
}

fn condition_text(condition: &MatchSpecCondition, inner: bool) -> String {
    let text = match condition {
        MatchSpecCondition::MatchSpec(spec) => return canonical_text(spec),
        MatchSpecCondition::And(a, b) => {
            format!(
                "{} and {}",
                condition_text(a, true),
                condition_text(b, true)
            )
        }
        MatchSpecCondition::Or(a, b) => {
            format!("{} or {}", condition_text(a, true), condition_text(b, true))
        }
    };
    if inner { format!("({text})") } else { text }
}
