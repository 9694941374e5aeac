//! The address of an artifact as a spec (CEP 29, appendix C):
//! `https://ch.test/c/linux-64/python-3.11.10-h123456_0.conda`, with `#md5` or `#sha256` behind it.
//!
//! The record comes out of the channel's index like any other; nothing is fetched from the address
//! itself, so it must have the form channel, subdir, file name.

use std::sync::Arc;

use rattler_conda_types::{
    Channel, EqualityOperator, MatchSpec, PackageName, PackageNameMatcher, StringMatcher, Version,
    VersionSpec,
};
use url::Url;

use super::SpecError;
use crate::{
    names::{parse_file_name, parse_subdir},
    scheme::leading_scheme,
};

/// If the text is the address of an artifact, by its form or its extension. A channel's address
/// with `::` behind it is none.
pub(super) fn is_artifact(text: &str) -> bool {
    if text.contains("::") || text.contains('[') {
        return false;
    }
    leading_scheme(text).is_some() || text.starts_with("file:") || is_path(text)
}

fn is_path(text: &str) -> bool {
    let drive = text.get(1..3).is_some_and(|at| matches!(at, ":\\" | ":/"));
    text.starts_with(['/', '~', '\\']) || text.starts_with("./") || text.starts_with("../") || drive
}

pub(super) fn parse(text: &str) -> Result<MatchSpec, SpecError> {
    let url = if text.starts_with('/') {
        Url::from_file_path(text).ok()
    } else {
        Url::parse(text).ok().filter(|_| !is_path(text))
    };
    let mut url = url.ok_or(SpecError::Artifact)?;
    super::check_scheme(&url)?;
    let digest = url.fragment().map(str::to_owned);
    url.set_fragment(None);
    url.set_query(None);
    let path = url.path().to_owned();
    let mut parts = path.rsplitn(3, '/');
    let file = parts.next().unwrap_or_default();
    let subdir = parts.next().unwrap_or_default();
    let channel = parts.next().ok_or(SpecError::Artifact)?;
    let subdir = parse_subdir(subdir).map_err(|_| SpecError::Artifact)?;
    let file = parse_file_name(file).map_err(|source| SpecError::FileName { source })?;
    let version: Version = file.version.parse().map_err(|_| SpecError::Artifact)?;
    url.set_path(channel);
    let mut spec = MatchSpec::from(PackageName::new_unchecked(file.name));
    debug_assert!(matches!(spec.name, PackageNameMatcher::Exact(_)));
    spec.channel = Some(Arc::new(Channel {
        name: None,
        ..Channel::from_url(url)
    }));
    spec.subdir = Some(subdir.as_str().to_owned());
    spec.version = Some(VersionSpec::Exact(EqualityOperator::Equals, version));
    spec.build = Some(StringMatcher::Exact(file.build));
    match digest {
        None => Ok(spec),
        Some(digest) => with_digest(spec, &digest),
    }
}

/// `#<md5>`, `#sha256:<hex>` and `#<sha256>`, as in `@EXPLICIT` files (CEP 23).
fn with_digest(spec: MatchSpec, digest: &str) -> Result<MatchSpec, SpecError> {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    let key = match hex.len() {
        32 => "md5",
        64 => "sha256",
        _ => return Err(SpecError::Artifact),
    };
    // rattler's parser reads the digest, so that no digest type has to be named here.
    let parsed = super::parse_spec(&format!("any[{key}={hex}]"))?;
    Ok(MatchSpec {
        md5: parsed.md5,
        sha256: parsed.sha256,
        ..spec
    })
}
