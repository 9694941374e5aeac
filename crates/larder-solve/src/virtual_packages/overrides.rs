//! `CONDA_OVERRIDE_*`, as a snapshot that the caller took.

use std::collections::BTreeMap;

/// What all names begin with.
const PREFIX: &str = "CONDA_OVERRIDE_";

/// The virtual packages that an override can change, without their underscores.
const KNOWN: [&str; 7] = [
    "ARCHSPEC",
    "CUDA",
    "CUDA_ARCH",
    "GLIBC",
    "LINUX",
    "OSX",
    "WIN",
];

/// A snapshot of `CONDA_OVERRIDE_*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides(BTreeMap<String, String>);

impl Overrides {
    /// Keeps the variables whose name begins with `CONDA_OVERRIDE_`.
    pub fn new<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let ours = |(name, value): (N, V)| {
            let name: String = name.into();
            let name = name.strip_prefix(PREFIX)?;
            Some((name.to_owned(), value.into()))
        };
        Self(variables.into_iter().filter_map(ours).collect())
    }

    /// The value for `CUDA`, `GLIBC`, ...; an empty one is a value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All names, without `CONDA_OVERRIDE_`.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The variable that overrides a virtual package: `CONDA_OVERRIDE_CUDA` for `__cuda`; nothing for
/// those that cannot be overridden, such as `__unix`.
pub fn override_name(package: &str) -> Option<String> {
    let name = package.strip_prefix("__")?.to_ascii_uppercase();
    is_known(&name).then(|| variable(&name))
}

/// Whether an override of this name can ever have an effect.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// The variable's whole name.
pub(super) fn variable(name: &str) -> String {
    format!("{PREFIX}{name}")
}
