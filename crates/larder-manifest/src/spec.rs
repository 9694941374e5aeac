//! The one door for package specs: text to `MatchSpec` (CEP 29, 43, 44, 45).
//!
//! rattler parses; this module refuses what rattler would silently misread, mends what it reads
//! against CEP 29 and conda, and says what to write instead. Never resolves channels and never
//! looks at records.

use std::{str::FromStr as _, sync::Arc};

use rattler_conda_types::{
    Channel, MatchSpec, MatchSpecCondition, PackageName, PackageNameMatcher, ParseMatchSpecError,
    ParseMatchSpecOptions, ParseStrictness, RepodataRevision, StringMatcher, VersionSpec,
};

mod artifact;
mod bounds;
mod brackets;
mod canonical;
mod error;
mod record_match;
mod record_text;
mod version_text;

pub use bounds::{SPEC_BYTES, SPEC_CONDITIONS, SPEC_DEPTH, check_spec_bounds, parse_record_spec};
pub use canonical::canonical_text;
pub use error::SpecError;
pub use record_match::{matches_key, own_key, solver_part, spec_matches_record, unmet_key};
pub use record_text::mended_record_spec;

use url::Url;

use self::{brackets::Brackets, version_text::SpecOrigin};
use crate::{
    channel::without_credentials,
    names::{validate_package_name, validate_version, validate_virtual_package_name},
    scheme::unknown_scheme,
};

/// Parses a package spec as users write it.
///
/// - The name comes out in lower case; a namespace and a `name` keyword are dropped (CEP 29).
/// - The URL or absolute path of an artifact becomes the exact spec of its channel, subdir, name,
///   version and build (CEP 29, appendix C).
/// - `*` is a valid name (CEP 29), other patterns are not: no solver can take them.
/// - `when`, `extras` and `flags` are understood (CEP 43, 44, 45).
///
/// # Errors
/// [`SpecError`] with a suggestion where one can be given.
pub fn parse_spec(text: &str) -> Result<MatchSpec, SpecError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(SpecError::Empty);
    }
    check_spec_bounds(text)?;
    if let Some(tag) = template_tag(text) {
        return Err(SpecError::Template {
            tag: tag.to_owned(),
        });
    }
    if artifact::is_artifact(text) {
        return artifact::parse(text);
    }
    let (positional, brackets) = brackets::split(text)?;
    refuse_legacy(positional)?;
    let spec = parse_parts(positional, &brackets, SpecOrigin::User)?;
    let mut spec = normalized(spec)?;
    if let Some(channel) = &mut spec.channel {
        refuse_channel_pattern(channel)?;
        if !is_channel_name(positional, brackets.text().as_deref()) {
            // rattler gives URLs a name as well. Only a channel that was written as a name keeps one: what a
            // name stands for is up to the user's configuration, which `resolve_spec_channel` asks.
            Arc::make_mut(channel).name = None;
            check_scheme(channel.base_url.url())?;
        }
    }
    Ok(spec)
}

/// Refuses the address of a channel or package that nothing can be read from, before anything asks it.
fn check_scheme(url: &Url) -> Result<(), SpecError> {
    match unknown_scheme(url) {
        None => Ok(()),
        Some(scheme) => Err(SpecError::Scheme {
            scheme: scheme.to_owned(),
        }),
    }
}

/// Parses name and brackets by rattler, version and build as conda reads them.
fn parse_parts(
    positional: &str,
    brackets: &Brackets,
    origin: SpecOrigin,
) -> Result<MatchSpec, SpecError> {
    let (name, rest) = version_text::split_name(positional);
    let mut parsed = version_text::parse_positional(rest, origin)?;
    if let Some(version) = &brackets.version {
        parsed.version = Some(version_text::parse_version_key(version, origin)?);
    }
    let refuse = |source: ParseMatchSpecError| SpecError::Parse {
        hint: error::hint(positional, &source),
        reason: Box::new(source),
    };
    let options = ParseMatchSpecOptions::lenient()
        .with_repodata_revision(RepodataRevision::V3)
        .with_exact_names_only(false);
    let text = format!("{name}{}", brackets.text().unwrap_or_default());
    let mut spec = bounds::parse_bounded(&text, options).map_err(refuse)?;
    if let Some(version) = parsed.version {
        let read = VersionSpec::from_str(&version, ParseStrictness::Lenient);
        // rattler's own error leaves the version out.
        let written = brackets.version.as_deref().unwrap_or(rest).trim();
        let unreadable = |_| {
            refuse(ParseMatchSpecError::InvalidVersionAndBuild(
                written.to_owned(),
            ))
        };
        spec.version = Some(read.map_err(unreadable)?);
    }
    // A key in brackets wins (CEP 29).
    if let (None, Some(build)) = (&spec.build, parsed.build) {
        let build = StringMatcher::from_str(&build);
        spec.build = Some(build.map_err(|source| refuse(source.into()))?);
    }
    Ok(spec)
}

fn refuse_channel_pattern(channel: &Channel) -> Result<(), SpecError> {
    let url = channel.base_url.as_str();
    let name = channel.name.as_deref().unwrap_or_default();
    if url.contains('*') || url.contains("%2A") || name.starts_with('^') {
        let channel = channel.name.clone();
        return Err(SpecError::ChannelPattern {
            channel: channel.unwrap_or_else(|| without_credentials(url)),
        });
    }
    Ok(())
}

/// The channel that a spec names, as text for [`resolve_channel`](crate::resolve_channel): the name as written, or
/// the URL (which may hold credentials: never print it). `None` without a channel.
pub fn spec_channel_text(spec: &MatchSpec) -> Option<String> {
    let channel = spec.channel.as_deref()?;
    let name = channel.name.clone();
    Some(name.unwrap_or_else(|| channel.base_url.as_str().to_owned()))
}

/// Whether the channel of a spec (`channel::name`, `name[channel=...]`) was written as a name, not as a URL or path.
/// A keyword in the brackets overrides the positional channel (CEP 29).
fn is_channel_name(positional: &str, brackets: Option<&str>) -> bool {
    let in_brackets = brackets.and_then(|brackets| {
        let (_, value) = brackets.split_once("channel=")?;
        let value = value.trim_start_matches(['"', '\'']);
        value.split(['"', '\'', ',', ']']).next()
    });
    let before_name = || positional.rsplit_once(':').map(|(channel, _)| channel);
    let written = in_brackets.or_else(before_name).unwrap_or_default();
    let written = written.trim().trim_end_matches(':');
    !written.contains("://") && !written.starts_with("file:") && !crate::is_local_path(written)
}

/// A jinja tag in the text.
pub(crate) fn template_tag(text: &str) -> Option<&str> {
    [("{{", "}}"), ("{%", "%}")]
        .into_iter()
        .find_map(|(open, close)| {
            let start = text.find(open)?;
            let rest = text.get(start..)?;
            let end = rest.find(close).map_or(rest.len(), |at| at + close.len());
            rest.get(..end)
        })
}

/// Forms that CEP 29 leaves out and that would be read as something else.
fn refuse_legacy(positional: &str) -> Result<(), SpecError> {
    if let Some((name, rest)) = positional.split_once('@')
        && rest.contains("://")
        && !name.contains("://")
    {
        let name = name.trim().to_owned();
        return Err(SpecError::PipUrl { name });
    }
    let behind_channel = positional.rsplit(':').next().unwrap_or(positional);
    if let Some((name, feature)) = behind_channel.split_once('@') {
        return Err(SpecError::Feature {
            name: name.trim().to_owned(),
            feature: feature.trim().to_owned(),
        });
    }
    if let Some((name, inside)) = positional.split_once('(') {
        let word = inside
            .trim_start()
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let after = word.and_then(|end| inside.trim_start().get(end..));
        let is_option = inside
            .trim_start()
            .starts_with(|c: char| c.is_ascii_alphabetic())
            && after.is_some_and(|after| after.trim_start().starts_with('='));
        if is_option {
            return Err(SpecError::Options {
                name: name.trim().to_owned(),
            });
        }
    }
    Ok(())
}

/// What the parsed spec should be, or why it cannot be used.
fn normalized(mut spec: MatchSpec) -> Result<MatchSpec, SpecError> {
    spec.name = normalized_name(spec.name)?;
    spec.namespace = None;
    if spec
        .channel
        .as_ref()
        .is_some_and(|channel| channel.name.as_deref() == Some("*"))
    {
        spec.channel = None;
    }
    match &spec.version {
        Some(VersionSpec::Any) => spec.version = None,
        Some(version) => check_version(version)?,
        None => {}
    }
    if let Some(build) = &spec.build {
        check_build(build)?;
    }
    if let Some(condition) = spec.condition.take() {
        refuse_own_keys(&spec)?;
        spec.condition = Some(normalized_condition(condition)?);
    }
    Ok(spec)
}

fn normalized_name(name: PackageNameMatcher) -> Result<PackageNameMatcher, SpecError> {
    match name {
        PackageNameMatcher::Exact(name) => {
            let name = name.as_normalized();
            let check = if name.starts_with("__") {
                validate_virtual_package_name(name)
            } else {
                validate_package_name(name)
            };
            check.map_err(|source| SpecError::Name { source })?;
            Ok(PackageNameMatcher::Exact(PackageName::new_unchecked(name)))
        }
        PackageNameMatcher::Glob(glob) if glob.as_str() == "*" => {
            Ok(PackageNameMatcher::Glob(glob))
        }
        PackageNameMatcher::Glob(glob) => Err(SpecError::NamePattern {
            pattern: glob.as_str().to_owned(),
        }),
        PackageNameMatcher::Regex(regex) => Err(SpecError::NamePattern {
            pattern: regex.as_str().to_owned(),
        }),
    }
}

/// What rattler's solver does not compare is compared before it runs, which no condition can change.
fn refuse_own_keys(spec: &MatchSpec) -> Result<(), SpecError> {
    match own_key(spec) {
        Some(key) => Err(SpecError::KeyWithCondition { key }),
        None => Ok(()),
    }
}

fn normalized_condition(condition: MatchSpecCondition) -> Result<MatchSpecCondition, SpecError> {
    let boxed = |condition: Box<MatchSpecCondition>| normalized_condition(*condition).map(Box::new);
    Ok(match condition {
        MatchSpecCondition::MatchSpec(spec) => {
            refuse_own_keys(&spec)?;
            MatchSpecCondition::MatchSpec(Box::new(normalized(*spec)?))
        }
        MatchSpecCondition::And(a, b) => MatchSpecCondition::And(boxed(a)?, boxed(b)?),
        MatchSpecCondition::Or(a, b) => MatchSpecCondition::Or(boxed(a)?, boxed(b)?),
    })
}

/// The length that CEP 26 allows.
fn check_version(version: &VersionSpec) -> Result<(), SpecError> {
    let text = match version {
        VersionSpec::None | VersionSpec::Any => return Ok(()),
        VersionSpec::Range(_, version) | VersionSpec::Exact(_, version) => version.to_string(),
        VersionSpec::StrictRange(_, version) => version.to_string(),
        VersionSpec::Group(_, clauses) => return clauses.iter().try_for_each(check_version),
    };
    validate_version(&text).map_err(|source| SpecError::Name { source })
}

/// Whatever rattler could not read as a version ends up as a build string.
fn check_build(build: &StringMatcher) -> Result<(), SpecError> {
    match build {
        StringMatcher::Regex(regex) => {
            let pattern = regex.as_str();
            if pattern.contains("(?") || has_back_reference(pattern) {
                return Err(SpecError::Regex {
                    pattern: pattern.to_owned(),
                });
            }
            Ok(())
        }
        other => {
            let text = other.to_string();
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '*');
            match text.chars().find(|c| !allowed(*c)) {
                Some(character) => Err(SpecError::Build {
                    build: text,
                    character,
                }),
                None => Ok(()),
            }
        }
    }
}

fn has_back_reference(pattern: &str) -> bool {
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character == '\\'
            && characters
                .next()
                .is_some_and(|next| next.is_ascii_digit() || next == 'k')
        {
            return true;
        }
    }
    false
}
