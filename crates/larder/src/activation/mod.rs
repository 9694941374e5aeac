//! What an activated environment looks like: PATH, variables, scripts and prompt (CEP 32), in any shell.
//!
//! A plan says what changes (`plan`), a dialect says it to a shell (`dialect`), an effect is what remains
//! of it without one (`effect`). The variables of a shell are conda's, so environments that conda or mamba
//! activated are left as well. Never changes the environment it activates.

use std::path::{Path, PathBuf};

use larder_fs::PathError;
use rattler_conda_types::Subdir;
use rattler_shell::environment::EnvironmentSnapshot;

use crate::Prompt;

mod dialect;
mod effect;
mod inside;
mod path;
mod plan;
mod prompt;
mod scripts;
mod session;
mod variables;

#[cfg(test)]
mod tests;

pub use dialect::{Script, ShellKind};
pub use effect::{Effect, EffectError};
pub(crate) use inside::script_inside;
pub use path::path_entries;
pub use plan::{Plan, Shell, Stacking, Step, activation, deactivation};
pub(crate) use variables::UNSET;
pub use variables::{VariablesError, environment_variables};

/// Why an environment cannot be activated or left.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The directory has no `conda-meta/history`.
    #[error("`{}` is not a conda environment: it has no conda-meta/history", prefix.display())]
    NotAnEnvironment {
        /// The directory.
        prefix: PathBuf,
    },
    /// The directory cannot be an entry of PATH.
    #[error("`{}` cannot be on PATH: its name has the character in it that separates entries", prefix.display())]
    Separator {
        /// The directory.
        prefix: PathBuf,
    },
    /// The environment's variables cannot be read.
    #[error(transparent)]
    Variables(#[from] VariablesError),
    /// The environment's scripts cannot be found.
    #[error(transparent)]
    Scripts(PathError),
    /// A script failed or did not end.
    #[error("a script of `{}` for activation failed", prefix.display())]
    Failed {
        /// The environment.
        prefix: PathBuf,
        /// Why, with the script's output.
        #[source]
        source: EffectError,
    },
}

/// The complete process environment inside `prefix`, starting from `outside`.
///
/// Another environment that is active in `outside` is left first. Without scripts no shell is started.
///
/// # Errors
/// See [`ActivationError`].
pub async fn activated(
    prefix: &Path,
    subdir: Subdir,
    outside: &EnvironmentSnapshot,
    prompt: &Prompt,
) -> Result<EnvironmentSnapshot, ActivationError> {
    let shell = Shell {
        outside,
        subdir,
        prompt,
        extension: ShellKind::CAPTURING.extension(),
    };
    let plan = activation(prefix, Stacking::Replace, &shell)?;
    applied(&plan, outside, prefix).await
}

/// The variables after all steps of a plan for `prefix`, its scripts run in a shell of our own.
///
/// # Errors
/// If a script fails.
pub async fn applied(
    plan: &Plan,
    outside: &EnvironmentSnapshot,
    prefix: &Path,
) -> Result<EnvironmentSnapshot, ActivationError> {
    let inside = effect::applied(plan, outside).await;
    inside.map_err(|source| ActivationError::Failed {
        prefix: prefix.to_owned(),
        source,
    })
}

/// Whether a directory is a conda environment (CEP 32: it has `conda-meta/history`).
pub fn is_environment(prefix: &Path) -> bool {
    larder_link::is_environment(prefix)
}

fn check(prefix: &Path) -> Result<(), ActivationError> {
    if is_environment(prefix) {
        Ok(())
    } else {
        Err(ActivationError::NotAnEnvironment {
            prefix: prefix.to_owned(),
        })
    }
}
