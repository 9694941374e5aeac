//! What an activated environment looks like: PATH, variables and activate scripts (CEP 32).
//!
//! The shell dialects and the running of scripts are rattler's; which variables and paths there are
//! is read here, as CEP 32 has it where rattler differs (names keep their case, values that are not
//! strings are read as text, Windows paths are complete). Never changes the environment it activates.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use rattler_conda_types::Subdir;
use rattler_shell::{
    activation::{ActivationVariables, Activator, PathModificationBehavior},
    environment::EnvironmentSnapshot,
    process::ProcessLimits,
    shell::ShellEnum,
};

use crate::Prompt;

mod path;
mod variables;

#[cfg(test)]
mod tests;

pub use path::path_entries;
pub(crate) use variables::UNSET;
pub use variables::{VariablesError, environment_variables};

/// Activate scripts are small; one that takes longer than this waits for something that never comes.
const SCRIPT_LIMITS: ProcessLimits = ProcessLimits {
    timeout: std::time::Duration::from_secs(300),
    output_limit: 64 << 20,
};

/// Why an environment cannot be activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The directory has no `conda-meta/history`.
    #[error("`{}` is not a conda environment: it has no conda-meta/history", prefix.display())]
    NotAnEnvironment {
        /// The directory.
        prefix: PathBuf,
    },
    /// The environment's variables cannot be read.
    #[error(transparent)]
    Variables(#[from] VariablesError),
    /// The environment's activate scripts cannot be found or assembled.
    #[error("cannot read the activate scripts of `{}`", prefix.display())]
    Scripts {
        /// The environment.
        prefix: PathBuf,
        /// Why.
        #[source]
        source: rattler_shell::activation::ActivationError,
    },
    /// An activate script failed or did not end.
    #[error("an activate script of `{}` failed", prefix.display())]
    Failed {
        /// The environment.
        prefix: PathBuf,
        /// Why, with the script's output.
        #[source]
        source: rattler_shell::activation::BoundedActivationError,
    },
}

/// The complete process environment inside `prefix`, starting from `outside`.
///
/// Another environment that is active in `outside` is deactivated first. Without activate scripts no
/// shell is started.
///
/// # Errors
/// See [`ActivationError`].
pub async fn activated(
    prefix: &Path,
    subdir: Subdir,
    outside: &EnvironmentSnapshot,
    prompt: &Prompt,
) -> Result<EnvironmentSnapshot, ActivationError> {
    if !is_environment(prefix) {
        return Err(ActivationError::NotAnEnvironment {
            prefix: prefix.to_owned(),
        });
    }
    let activator = activator(prefix, subdir)?;
    let was_active = outside.get("CONDA_PREFIX").map(PathBuf::from);
    if activator.activation_scripts.is_empty() && was_active.is_none() {
        return Ok(without_scripts(&activator, outside, prompt));
    }
    let variables = ActivationVariables {
        conda_prefix: was_active.filter(|active| active.is_dir()),
        path: outside
            .get("PATH")
            .map(|path| std::env::split_paths(path).collect()),
        path_modification_behavior: PathModificationBehavior::Replace,
        current_env: outside.unicode_variables(),
    };
    let mut inside = activator
        .run_activation_bounded(variables, outside, SCRIPT_LIMITS)
        .await
        .map_err(|source| ActivationError::Failed {
            prefix: prefix.to_owned(),
            source,
        })?;
    name_environment(&mut inside, prefix, prompt);
    Ok(inside)
}

/// Whether a directory is a conda environment (CEP 32: it has `conda-meta/history`).
pub fn is_environment(prefix: &Path) -> bool {
    prefix.join("conda-meta/history").is_file()
}

fn activator(prefix: &Path, subdir: Subdir) -> Result<Activator<ShellEnum>, ActivationError> {
    let shell = if subdir.is_windows() {
        ShellEnum::CmdExe(Default::default())
    } else {
        ShellEnum::Bash(Default::default())
    };
    let mut activator =
        Activator::from_path(prefix, shell, subdir).map_err(|source| ActivationError::Scripts {
            prefix: prefix.to_owned(),
            source,
        })?;
    sort_by_code_points(&mut activator.activation_scripts);
    activator.env_vars = environment_variables(prefix)?;
    activator.paths = path_entries(prefix, subdir);
    Ok(activator)
}

/// CEP 32: as Python sorts, whatever the locale.
fn sort_by_code_points(scripts: &mut [PathBuf]) {
    scripts.sort_by(|a, b| a.to_string_lossy().chars().cmp(b.to_string_lossy().chars()));
}

fn without_scripts(
    activator: &Activator<ShellEnum>,
    outside: &EnvironmentSnapshot,
    prompt: &Prompt,
) -> EnvironmentSnapshot {
    let mut inside = outside.clone();
    let old_path = outside
        .get("PATH")
        .map(std::env::split_paths)
        .into_iter()
        .flatten();
    if let Ok(path) = std::env::join_paths(activator.paths.iter().cloned().chain(old_path)) {
        inside.insert("PATH", path);
    }
    let level = outside
        .get("CONDA_SHLVL")
        .and_then(|level| level.to_str()?.parse::<u32>().ok());
    inside.insert("CONDA_SHLVL", (level.unwrap_or(0) + 1).to_string());
    inside.insert("CONDA_PREFIX", activator.target_prefix.as_os_str());
    let variables: &IndexMap<String, String> = &activator.env_vars;
    for (name, value) in variables {
        inside.insert(name, value);
    }
    name_environment(&mut inside, &activator.target_prefix, prompt);
    inside
}

/// `CONDA_DEFAULT_ENV` and `CONDA_PROMPT_MODIFIER` as conda has them: the name for an environment in a directory `envs`, else the path.
fn name_environment(inside: &mut EnvironmentSnapshot, prefix: &Path, prompt: &Prompt) {
    let is_named = prefix
        .parent()
        .and_then(Path::file_name)
        .is_some_and(|parent| parent == "envs");
    let name = prefix
        .file_name()
        .filter(|_| is_named)
        .unwrap_or(prefix.as_os_str());
    inside.insert("CONDA_DEFAULT_ENV", name);
    let modifier = prompt.modifier(&name.to_string_lossy(), prefix);
    inside.insert("CONDA_PROMPT_MODIFIER", modifier);
}
