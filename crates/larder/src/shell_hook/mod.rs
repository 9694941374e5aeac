//! Activation for others: as text for a shell, as variables, and for the later steps of a CI job.
//!
//! Where no shell reads the result, or it is one that cannot run the packages' scripts, a shell of our own
//! runs them and their effect is told. Never changes an environment.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use rattler_conda_types::Subdir;
use rattler_shell::environment::EnvironmentSnapshot;

use crate::{
    Explain, Kind, Prompt,
    activation::{
        ActivationError, Effect, Plan, Script, Shell, ShellKind, Stacking, Step, activation,
        applied, deactivation,
    },
};

mod azure;
mod github;
mod gitlab;

#[cfg(test)]
mod tests;

pub use azure::azure_commands;
pub use github::{GithubFiles, github_files};
pub use gitlab::{GITLAB_BYTES, GITLAB_VARIABLES, gitlab_dotenv};

/// A change of environments in a shell.
#[derive(Debug, Clone)]
pub struct ShellHookOptions {
    /// What to do.
    pub change: Change,
    /// The subdir of this machine.
    pub subdir: Subdir,
    /// The variables of the shell.
    pub environment: EnvironmentSnapshot,
    /// What `CONDA_PROMPT_MODIFIER` is made from.
    pub prompt: Prompt,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Activate this environment.
    Activate(PathBuf, Stacking),
    /// Leave the innermost one that is active.
    Deactivate,
}

/// A change as text for a shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellHook {
    /// What the shell has to read.
    pub script: Script,
    /// Variables that the environment sets and that are activation's own: they are not set.
    pub ignored: Vec<String>,
}

/// A change as variables, its scripts run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedVariables {
    /// What is different after it.
    pub effect: Effect,
    /// The new entries of PATH, first one first, if it has the old ones behind them.
    pub prepended: Option<Vec<PathBuf>>,
    /// Variables that the environment sets and that are activation's own: they are not set.
    pub ignored: Vec<String>,
}

/// Something that a CI system has no words for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaid {
    /// The variable.
    pub name: String,
    /// Why.
    pub why: &'static str,
}

impl Explain for ActivationError {
    fn kind(&self) -> Kind {
        use crate::activation::VariablesError;
        match self {
            Self::Scripts(_) | Self::Variables(VariablesError::Read(_)) => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAnEnvironment { .. } => "activation::not-an-environment",
            Self::Separator { .. } => "activation::separator",
            Self::Variables(_) => "activation::variables",
            Self::Scripts(_) => "activation::scripts",
            Self::Failed { .. } => "activation::failed",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotAnEnvironment { .. } => Some(
                "an environment's directory is given with `-p DIR`, its name with `-n NAME`".into(),
            ),
            _ => None,
        }
    }
}

/// The change as text for a shell.
///
/// # Errors
/// See [`ActivationError`].
pub async fn shell_hook(
    options: &ShellHookOptions,
    shell: ShellKind,
) -> Result<ShellHook, ActivationError> {
    let mut plan = plan(options, shell)?;
    let has_scripts = plan.steps.iter().any(|step| matches!(step, Step::Run(_)));
    if has_scripts && !shell.runs_scripts() {
        let inside = applied(&plan, &options.environment, subject(options)).await?;
        plan = Effect::between(&options.environment, &inside).into_plan(&plan);
    }
    Ok(ShellHook {
        script: shell.script(&plan),
        ignored: plan.ignored,
    })
}

/// The change as variables.
///
/// # Errors
/// See [`ActivationError`].
pub async fn changed_variables(
    options: &ShellHookOptions,
) -> Result<ChangedVariables, ActivationError> {
    let plan = plan(options, ShellKind::CAPTURING)?;
    let outside = &options.environment;
    let inside = applied(&plan, outside, subject(options)).await?;
    Ok(ChangedVariables {
        prepended: prepended(outside.get("PATH"), inside.get("PATH")),
        effect: Effect::between(outside, &inside),
        ignored: plan.ignored,
    })
}

fn plan(options: &ShellHookOptions, kind: ShellKind) -> Result<Plan, ActivationError> {
    let shell = Shell {
        outside: &options.environment,
        subdir: options.subdir,
        prompt: &options.prompt,
        extension: kind.extension(),
    };
    match &options.change {
        Change::Activate(prefix, stacking) => activation(prefix, *stacking, &shell),
        Change::Deactivate => deactivation(&shell),
    }
}

/// The environment that errors are about.
fn subject(options: &ShellHookOptions) -> &Path {
    match &options.change {
        Change::Activate(prefix, _) => prefix,
        Change::Deactivate => {
            let active = options.environment.get("CONDA_PREFIX");
            Path::new(active.unwrap_or_default())
        }
    }
}

fn prepended(old: Option<&OsStr>, new: Option<&OsStr>) -> Option<Vec<PathBuf>> {
    let entries = |path: Option<&OsStr>| -> Vec<PathBuf> {
        let path = path.filter(|path| !path.is_empty());
        path.map(std::env::split_paths)
            .into_iter()
            .flatten()
            .collect()
    };
    let (old, mut new) = (entries(old), entries(new));
    let added = new.len().checked_sub(old.len())?;
    let is_behind = new[added..] == old[..];
    new.truncate(added);
    is_behind.then_some(new)
}

impl ChangedVariables {
    /// The variables that later steps of a job get, without PATH, and what PATH is if more has changed
    /// than that something stands in front. No step has a prompt.
    fn for_steps(&self) -> (Vec<(&str, &str)>, Vec<Unsaid>) {
        let mut said = Vec::new();
        let mut unsaid: Vec<Unsaid> = self.effect.unset.iter().map(unset).collect();
        for (name, value) in &self.effect.set {
            let is_prepended = name.eq_ignore_ascii_case("PATH") && self.prepended.is_some();
            if is_prepended || name == "CONDA_PROMPT_MODIFIER" {
                continue;
            }
            match (name.to_str(), value.to_str()) {
                (Some(name), Some(value)) => said.push((name, value)),
                _ => unsaid.push(Unsaid::new(name, "it is not UTF-8")),
            }
        }
        (said, unsaid)
    }

    /// Entries for systems where each one that comes is put in front of all others: the last one first.
    fn entries_backwards(&self) -> impl Iterator<Item = &Path> {
        let entries = self.prepended.as_deref().unwrap_or_default();
        entries.iter().rev().map(PathBuf::as_path)
    }
}

impl Unsaid {
    fn new(name: impl AsRef<OsStr>, why: &'static str) -> Self {
        let name = name.as_ref().to_string_lossy().into_owned();
        Self { name, why }
    }
}

fn unset(name: &OsString) -> Unsaid {
    Unsaid::new(
        name,
        "it is unset in the environment, and a later step cannot be told so",
    )
}
