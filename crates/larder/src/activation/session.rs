//! What is active in a shell, read from its variables: conda's protocol, so that environments which
//! conda or mamba activated are left as they were entered.
//!
//! `CONDA_SHLVL` counts, `CONDA_PREFIX` is the innermost environment, `CONDA_PREFIX_n` one below it,
//! `CONDA_STACKED_n` says that level n left the one below on PATH, and `__CONDA_SHLVL_n_NAME` keeps the
//! value that NAME has when level n + 1 is taken away. Never changes anything.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use rattler_shell::environment::EnvironmentSnapshot;

/// The environments that are active.
#[derive(Debug)]
pub(super) struct Session<'a> {
    outside: &'a EnvironmentSnapshot,
    /// How many levels there are; 0 if nothing is active.
    pub(super) level: u32,
    /// The innermost environment.
    pub(super) prefix: Option<PathBuf>,
}

impl<'a> Session<'a> {
    pub(super) fn of(outside: &'a EnvironmentSnapshot) -> Self {
        let prefix = path(outside, "CONDA_PREFIX");
        let level = outside
            .get("CONDA_SHLVL")
            .and_then(|level| level.to_str()?.trim().parse::<u32>().ok());
        // A prefix without a level comes from a Dockerfile's ENV, for example.
        let level = prefix.as_ref().map_or(0, |_| level.unwrap_or(1).max(1));
        Self {
            outside,
            level,
            prefix,
        }
    }

    /// The environment of a level that is not the innermost.
    pub(super) fn below(&self, level: u32) -> Option<PathBuf> {
        path(self.outside, &prefix_at(level))
    }

    pub(super) fn is_stacked(&self, level: u32) -> bool {
        let stacked = self.outside.get(stacked_at(level));
        stacked.is_some_and(|stacked| !stacked.is_empty())
    }

    /// What NAME is when the level above is taken away.
    pub(super) fn saved(&self, level: u32, name: &str) -> Option<&'a OsStr> {
        self.outside.get(saved_at(level, name))
    }

    /// The names whose values below a level are kept.
    pub(super) fn saved_names(&self, level: u32) -> Vec<String> {
        let start = saved_at(level, "");
        let names = self
            .outside
            .iter()
            .filter_map(|(name, _)| name.to_str()?.strip_prefix(&start).map(str::to_owned));
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// Whether a path is where conda or mamba itself lives, which they call `base`.
    pub(super) fn is_base(&self, prefix: &Path) -> bool {
        let of_hook = || {
            Some(
                path(self.outside, "CONDA_EXE")?
                    .parent()?
                    .parent()?
                    .to_owned(),
            )
        };
        let root = ["CONDA_ROOT", "MAMBA_ROOT_PREFIX"].map(|name| path(self.outside, name));
        let mut roots = root.into_iter().flatten().chain(of_hook());
        roots.any(|root| root == prefix)
    }
}

/// Names that are activation's own: as in conda, an environment cannot set them.
pub(super) fn is_own(name: &str) -> bool {
    let numbered = ["CONDA_PREFIX_", "CONDA_STACKED_", "__CONDA_SHLVL_"];
    let is_path = name == "PATH" || cfg!(windows) && name.eq_ignore_ascii_case("PATH");
    is_path || OWN.contains(&name) || numbered.iter().any(|start| name.starts_with(start))
}

/// What each active environment sets besides its own variables.
pub(super) const OWN: [&str; 4] = [
    "CONDA_PREFIX",
    "CONDA_SHLVL",
    "CONDA_DEFAULT_ENV",
    "CONDA_PROMPT_MODIFIER",
];

pub(super) fn prefix_at(level: u32) -> String {
    format!("CONDA_PREFIX_{level}")
}

pub(super) fn stacked_at(level: u32) -> String {
    format!("CONDA_STACKED_{level}")
}

pub(super) fn saved_at(level: u32, name: &str) -> String {
    format!("__CONDA_SHLVL_{level}_{name}")
}

fn path(outside: &EnvironmentSnapshot, name: &str) -> Option<PathBuf> {
    let value: Option<OsString> = outside.get(name).map(OsStr::to_owned);
    value.filter(|value| !value.is_empty()).map(PathBuf::from)
}
