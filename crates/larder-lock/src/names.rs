//! CEP 26's rules for names, versions and build strings, so that nothing in a lock becomes a path
//! before it has been found harmless. Versions are not parsed here.

const MAX_LENGTH: usize = 64;

/// What a distributable package may be called.
pub(crate) const NAME_RULE: &str = "lower-case letters, digits and single `.`, `_`, `-`, at most \
                                    64, not starting with `.` or `-` (CEP 26)";
/// What a version may consist of.
pub(crate) const VERSION_RULE: &str = "a version: letters, digits and `._+!`, at most 64 (CEP 26)";
/// What a build string may consist of.
pub(crate) const BUILD_RULE: &str =
    "a build string: letters, digits and `._+`, at most 64 (CEP 26)";

/// Whether `name` may be the name of a package in a channel.
pub(crate) fn is_package_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let separator = |byte: &u8| matches!(byte, b'.' | b'_' | b'-');
    bytes.len() <= MAX_LENGTH
        && bytes
            .first()
            .is_some_and(|first| !matches!(first, b'.' | b'-'))
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || separator(byte))
        && !bytes.windows(2).any(|pair| pair.iter().all(separator))
}

/// Whether `version` may be a version. Upper case is accepted, as old channels have it.
pub(crate) fn is_version(version: &str) -> bool {
    consists_of(version, b"._+!")
}

/// Whether `build` may be a build string.
pub(crate) fn is_build(build: &str) -> bool {
    consists_of(build, b"._+")
}

fn consists_of(text: &str, others: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&text.len())
        && !text.starts_with('.')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}
