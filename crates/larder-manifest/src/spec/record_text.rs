//! Specs of records that rattler's solver would read as something else than conda: `foo >1.2.*` as `>=1.2`, `foo *.4` as
//! any version.
//!
//! The solver parses texts, so it is given texts that it reads right. An index has a million specs and next to none of
//! these: all others are passed by after a look at their bytes.

use super::{SpecError, bounds, brackets, parse_parts, version_text::SpecOrigin};

/// The text that rattler is to read instead of `text`; `None` if it reads `text` as conda does, or refuses it.
///
/// # Errors
/// [`SpecError::VersionGlob`] and [`SpecError::VersionRegex`]: nothing that rattler reads means the same.
pub fn mended_record_spec(text: &str) -> Result<Option<String>, SpecError> {
    if !is_suspicious(text) {
        return Ok(None);
    }
    bounds::check_spec_bounds(text)?;
    let Ok((positional, keys)) = brackets::split(text) else {
        return Ok(None);
    };
    let wanted = match parse_parts(positional, &keys, SpecOrigin::Record) {
        Ok(spec) => spec,
        Err(error @ (SpecError::VersionGlob { .. } | SpecError::VersionRegex { .. })) => {
            return Err(error);
        }
        Err(_) => return Ok(None),
    };
    if bounds::parse_as_solver(text).is_ok_and(|read| read == wanted) {
        return Ok(None);
    }
    let (name, _) = super::version_text::split_name(positional);
    let values = [
        ("version", wanted.version.as_ref().map(ToString::to_string)),
        ("build", wanted.build.as_ref().map(ToString::to_string)),
    ];
    let mut pairs = Vec::new();
    for (key, value) in values {
        let Some(value) = value else { continue };
        if value.contains(['\'', '\\']) {
            return Ok(None);
        }
        pairs.push(format!("{key}='{value}'"));
    }
    // The version and the build of the brackets are in the two values above.
    pairs.extend(keys.pairs.into_iter().filter(|pair| !is_build(pair)));
    let mended = match pairs.is_empty() {
        true => name.to_owned(),
        false => format!("{name}[{}]", pairs.join(",")),
    };
    let is_right = bounds::parse_as_solver(&mended).is_ok_and(|read| read == wanted);
    Ok(is_right.then_some(mended))
}

fn is_build(pair: &str) -> bool {
    pair.split_once('=')
        .is_some_and(|(key, _)| key.trim() == "build")
}

/// Whether rattler may misread or refuse a text that conda reads: brackets, a `*` behind an operator or inside a version,
/// `===`, `name=`, or a regular expression.
fn is_suspicious(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_sign = bytes.iter().any(|byte| matches!(byte, b'^' | b'$' | b'['));
    if has_sign || bytes.ends_with(b"=") || text.contains("===") {
        return true;
    }
    let Some(first) = bytes.iter().position(|byte| *byte == b'*') else {
        return false;
    };
    let has_operator = bytes
        .iter()
        .any(|byte| matches!(byte, b'<' | b'>' | b'!' | b'~'));
    let is_inner = |at: usize| {
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let is_version = before.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.');
        bytes[at] == b'*' && (next == b'.' || is_version && next.is_ascii_alphanumeric())
    };
    has_operator || text.contains("==") || (first..bytes.len()).any(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_record_spec;

    #[test]
    fn specs_of_records_are_mended_where_rattler_misreads_them() {
        let cases = [
            ("foo >1.2.*", Some("foo[version='>1.2']")),
            ("foo >1.2.* py_0", Some("foo[version='>1.2',build='py_0']")),
            ("foo <1.2*", Some("foo[version='<1.2,!=1.2.*']")),
            ("foo ==1.2.* *_0", Some("foo[version='1.2.*',build='*_0']")),
            ("foo ===1.2", Some("foo[version='==1.2']")),
            (
                "foo[version='>1.2.*',build='a*']",
                Some("foo[version='>1.2',build='a*']"),
            ),
            ("foo=", Some("foo")),
            ("foo[name=bar]", Some("foo")),
            ("foo[version=1.2,]", Some("foo[version='==1.2']")),
            (
                "foo[build_number='*',md5=0123456789abcdef0123456789abcdef]",
                Some("foo[md5=0123456789abcdef0123456789abcdef]"),
            ),
            // As rattler reads them.
            ("foo[version='>=1.2',when=\"python >=3\"]", None),
            ("foo >=1.2.*", None),
            ("foo 2023.*.*", None),
            ("foo >=*", None),
            ("foo <=*", None),
            ("python_abi 3.11.* *_cp311", None),
            ("foo 1.2 py3*1_0", None),
            ("foo >=1.2,<2.0a0", None),
            // Nobody reads these.
            ("foo >1.*,", None),
            ("foo[version='>1.*'", None),
        ];
        for (text, mended) in cases {
            assert_eq!(
                mended_record_spec(text),
                Ok(mended.map(str::to_owned)),
                "{text}"
            );
        }
    }

    #[test]
    fn patterns_of_versions_are_refused() {
        for text in [
            "foo *.4",
            "foo 1.*.3 py_0",
            "foo[version='^1\\.2.*$']",
            "foo ^1.*$",
        ] {
            assert!(parse_record_spec(text).is_err(), "{text}");
        }
    }
}
