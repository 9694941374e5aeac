//! What bytecode depends on, and where it is in a package.

use std::fmt;

use larder_digest::Sha256;

/// A package and the Python that its bytecode is for, by the digests of their archives: the sources, and
/// everything that decides about bytecode (version, build, magic number).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The package's archive.
    pub package: Sha256,
    /// The archive of the package `python`.
    pub python: Sha256,
}

/// As a name of a file or directory: `PACKAGE-PYTHON`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.package, self.python)
    }
}

impl Key {
    /// The package of a name that [`Key`]'s `Display` has made.
    pub(crate) fn package_of(name: &str) -> Option<Sha256> {
        name.split_once('-')?.0.parse().ok()
    }
}

/// Where Python looks for the bytecode of a source, PEP 3147.
pub(crate) fn pyc_path(source: &str, tag: &str) -> String {
    let (directory, name) = match source.rsplit_once('/') {
        Some((directory, name)) => (format!("{directory}/"), name),
        None => (String::new(), source),
    };
    let stem = name.strip_suffix(".py").unwrap_or(name);
    format!("{directory}__pycache__/{stem}.{tag}.pyc")
}

/// Whether a cache tag can be part of a file name, whatever the interpreter says.
pub(crate) fn is_tag(tag: &str) -> bool {
    const LONGEST: usize = 32;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !tag.is_empty() && tag.len() <= LONGEST && tag.bytes().all(is_plain)
}
