//! `larder env config vars`: the variables that an environment sets, in `conda-meta/state` (CEP 32).
//!
//! Never touches what packages bring (`etc/conda/env_vars.d`): a variable of theirs that is unset gets
//! conda's mark on top.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use larder_event::Reporter;
use larder_fs::PathError;
use larder_link::{Held, JournalKey};

use crate::{
    Explain, Kind,
    activation::{UNSET, VariablesError, environment_variables, is_environment},
    explain,
};

/// What to change, and how.
#[derive(Debug, Clone)]
pub struct ConfigVarsOptions {
    /// The environment.
    pub prefix: PathBuf,
    /// Change it even if it is frozen (CEP 22).
    pub override_frozen: bool,
    /// The command, without anything secret, for those who wait.
    pub command_line: String,
    /// What this user's runs seal with what they leave in prefixes.
    pub journal_key: JournalKey,
}

/// Why variables are not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigVarsError {
    /// The directory has no `conda-meta/history`.
    #[error("`{}` is not a conda environment: it has no conda-meta/history", prefix.display())]
    NotAnEnvironment {
        /// The directory.
        prefix: PathBuf,
    },
    /// The environment is frozen (CEP 22).
    #[error("the environment `{}` is frozen: {message}", prefix.display())]
    Frozen {
        /// The directory.
        prefix: PathBuf,
        /// What its marker says.
        message: String,
    },
    /// No variable can have that name.
    #[error("`{text}` does not name a variable: expected {expected}")]
    Malformed {
        /// As given.
        text: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Nothing sets it.
    #[error("the environment `{}` sets no variable `{name}`", prefix.display())]
    NotSet {
        /// The directory.
        prefix: PathBuf,
        /// The variable.
        name: String,
    },
    /// The variables cannot be read.
    #[error(transparent)]
    Read(#[from] VariablesError),
    /// They cannot be written.
    #[error(transparent)]
    Write(#[from] PathError),
}

impl Explain for ConfigVarsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Read(VariablesError::Malformed { .. }) => Kind::Damage,
            Self::Read(VariablesError::Read(error)) | Self::Write(error) => {
                explain::path_kind(error)
            }
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAnEnvironment { .. } => "vars::not-an-environment",
            Self::Frozen { .. } => "vars::frozen",
            Self::Malformed { .. } => "vars::malformed",
            Self::NotSet { .. } => "vars::not-set",
            Self::Read(_) => "vars::read",
            Self::Write(_) => "vars::write",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Frozen { .. } => Some("`--override-frozen` changes it all the same".into()),
            Self::NotSet { .. } => Some("`larder env config vars list` shows those it sets".into()),
            _ => None,
        }
    }
}

/// The variables that the environment at `prefix` sets, packages' first, those of the user last.
///
/// # Errors
/// See [`ConfigVarsError`].
pub fn config_vars(prefix: &Path) -> Result<IndexMap<String, String>, ConfigVarsError> {
    if !is_environment(prefix) {
        let prefix = prefix.to_owned();
        return Err(ConfigVarsError::NotAnEnvironment { prefix });
    }
    let mut variables = environment_variables(prefix)?;
    variables.retain(|_, value| value != UNSET);
    Ok(variables)
}

/// Sets variables, each `NAME=VALUE`; those that were set stay. Waits for a run on the environment.
///
/// # Errors
/// See [`ConfigVarsError`]; nothing has changed then.
pub fn set_config_vars(
    options: &ConfigVarsOptions,
    assignments: &[String],
    reporter: &dyn Reporter,
) -> Result<(), ConfigVarsError> {
    let assignments: Vec<_> = assignments
        .iter()
        .map(|text| assignment(text))
        .collect::<Result<_, _>>()?;
    change(options, reporter, |variables| {
        variables.extend(assignments);
        Ok(())
    })
}

/// Unsets variables by name: from now on none of them is set, and activating again takes them away.
///
/// # Errors
/// See [`ConfigVarsError`]; nothing has changed then.
pub fn unset_config_vars(
    options: &ConfigVarsOptions,
    names: &[String],
    reporter: &dyn Reporter,
) -> Result<(), ConfigVarsError> {
    let known = config_vars(&options.prefix)?;
    change(options, reporter, |variables| {
        for name in names {
            let name = name.trim();
            if !known.contains_key(name) {
                return Err(ConfigVarsError::NotSet {
                    prefix: options.prefix.clone(),
                    name: name.to_owned(),
                });
            }
            variables.insert(name.to_owned(), UNSET.to_owned());
        }
        Ok(())
    })
}

fn change(
    options: &ConfigVarsOptions,
    reporter: &dyn Reporter,
    change: impl FnOnce(&mut IndexMap<String, String>) -> Result<(), ConfigVarsError>,
) -> Result<(), ConfigVarsError> {
    let prefix = &options.prefix;
    check(options)?;
    let held = Held::wait(
        prefix,
        &options.command_line,
        &options.journal_key,
        reporter,
    )?;
    held.recover(reporter)?;
    check(options)?;
    let mut variables = larder_link::state_variables(prefix)?;
    change(&mut variables)?;
    Ok(larder_link::set_state_variables(prefix, &variables)?)
}

fn check(options: &ConfigVarsOptions) -> Result<(), ConfigVarsError> {
    let prefix = options.prefix.clone();
    if !is_environment(&prefix) {
        return Err(ConfigVarsError::NotAnEnvironment { prefix });
    }
    match larder_link::frozen(&prefix)? {
        Some(message) if !options.override_frozen => {
            Err(ConfigVarsError::Frozen { prefix, message })
        }
        _ => Ok(()),
    }
}

fn assignment(text: &str) -> Result<(String, String), ConfigVarsError> {
    let parts = text.split_once('=');
    let parts = parts.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    parts
        .filter(|(name, value)| !name.is_empty() && !name.contains('\0') && !value.contains('\0'))
        .ok_or_else(|| ConfigVarsError::Malformed {
            text: text.to_owned(),
            expected: "NAME=VALUE",
        })
}
