//! [`BytecodeKey`]: what bytecode depends on; and the paths of pyc files in a package.

use std::fmt;

use larder_digest::Sha256;

/// Identifies the bytecode of a package for a Python, by the SHA-256 of both archives. The package decides the sources,
/// the Python everything else that bytecode depends on (version, build, magic number).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BytecodeKey {
    /// The package's archive.
    pub package: Sha256,
    /// The archive of the package `python`.
    pub python: Sha256,
}

/// Formats the key as a file name: `PACKAGE-PYTHON`.
impl fmt::Display for BytecodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.package, self.python)
    }
}

impl BytecodeKey {
    /// Parses the package's digest from a file name that `Display` has formatted.
    pub(crate) fn package_from_name(name: &str) -> Option<Sha256> {
        name.split_once('-')?.0.parse().ok()
    }
}

/// The path of a source's pyc file (PEP 3147).
pub(crate) fn pyc_path(source: &str, tag: &str) -> String {
    let (directory, name) = match source.rsplit_once('/') {
        Some((directory, name)) => (format!("{directory}/"), name),
        None => (String::new(), source),
    };
    let stem = name.strip_suffix(".py").unwrap_or(name);
    format!("{directory}__pycache__/{stem}.{tag}.pyc")
}

/// Whether a cache tag is safe as part of a file name. The interpreter that reports it is not trusted.
pub(crate) fn is_valid_cache_tag(tag: &str) -> bool {
    const LONGEST: usize = 32;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !tag.is_empty() && tag.len() <= LONGEST && tag.bytes().all(is_plain)
}
