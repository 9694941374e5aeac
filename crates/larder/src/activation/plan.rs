//! What a change of environments does, step by step, whatever the shell.
//!
//! The order of steps is conda's, which packages' scripts rely on. Where conda leaves something behind
//! (`__CONDA_SHLVL_n_NAME`, `CONDA_SHLVL=0`, variables of an environment that another one replaced), this
//! does not: a shell that left all environments has the variables that it had before. Never runs anything.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use rattler_conda_types::Subdir;
use rattler_shell::environment::EnvironmentSnapshot;

use super::{
    ActivationError,
    path::{SearchPath, can_be_entry, path_entries},
    prompt::{default_name, modifier, shown_names},
    scripts::{Moment, scripts},
    session::{OWN, Session, is_own, prefix_at, saved_at, stacked_at},
    variables::all_variables,
};
use crate::Prompt;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Set the variable to this value, or unset it.
    Variable(String, Option<OsString>),
    /// Run a script of a package in this shell.
    Run(PathBuf),
}

/// All steps of one change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// What stood before the prompt, and what stands there now; equal if nothing changes.
    pub prompt: (String, String),
    /// Variables that the environment sets although they are activation's own: they stay as they are.
    pub ignored: Vec<String>,
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct Shell<'a> {
    /// The variables of the shell.
    pub outside: &'a EnvironmentSnapshot,
    /// The subdir of this machine.
    pub subdir: Subdir,
    /// What `CONDA_PROMPT_MODIFIER` is made from.
    pub prompt: &'a Prompt,
    /// The extension of the scripts that this shell runs, such as `sh`.
    pub extension: &'a str,
}

/// What happens to an environment that is active already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stacking {
    /// It is left until the new one is.
    #[default]
    Replace,
    /// It stays active behind the new one.
    Stack,
}

/// Activates an environment; if it is the active one, its variables and scripts are applied anew.
///
/// # Errors
/// See [`ActivationError`].
pub fn activation(
    prefix: &Path,
    stacking: Stacking,
    shell: &Shell<'_>,
) -> Result<Plan, ActivationError> {
    super::check(prefix)?;
    activation_of_unfinished(prefix, stacking, shell)
}

/// As [`activation`], of an environment that may still be made: link scripts run before its history is
/// written.
pub(super) fn activation_of_unfinished(
    prefix: &Path,
    stacking: Stacking,
    shell: &Shell<'_>,
) -> Result<Plan, ActivationError> {
    let session = Session::of(shell.outside);
    let mut draft = Draft::new(shell);
    if session.prefix.as_deref() == Some(prefix) {
        draft.reactivate(prefix, &session)?;
    } else {
        draft.activate(prefix, stacking, &session)?;
    }
    Ok(draft.plan())
}

/// Leaves the innermost environment for the one below, if there is any. Without an active environment
/// there is nothing to do. One that is not there any more is left as well as its traces allow.
///
/// # Errors
/// See [`ActivationError`].
pub fn deactivation(shell: &Shell<'_>) -> Result<Plan, ActivationError> {
    let session = Session::of(shell.outside);
    let mut draft = Draft::new(shell);
    if let Some(prefix) = session.prefix.clone() {
        draft.deactivate(&prefix, &session)?;
    }
    Ok(draft.plan())
}

/// A plan in the making: what runs before and after, and how variables are in the end.
struct Draft<'a> {
    shell: &'a Shell<'a>,
    variables: IndexMap<String, Option<OsString>>,
    path_comes_first: bool,
    before: Vec<PathBuf>,
    after: Vec<PathBuf>,
    ignored: Vec<String>,
}

impl<'a> Draft<'a> {
    fn new(shell: &'a Shell<'a>) -> Self {
        Self {
            shell,
            variables: IndexMap::new(),
            path_comes_first: false,
            before: Vec::new(),
            after: Vec::new(),
            ignored: Vec::new(),
        }
    }

    fn activate(
        &mut self,
        prefix: &Path,
        stacking: Stacking,
        session: &Session<'_>,
    ) -> Result<(), ActivationError> {
        let mut shown = shown_names(session);
        let left = session.prefix.as_deref();
        match left.filter(|_| stacking == Stacking::Replace) {
            Some(old) => {
                shown.pop();
                self.path(Some(old), Some(prefix))?;
                self.before = self.scripts(old, Moment::Deactivate)?;
                self.restore(old, session)?;
            }
            None => self.path(None, Some(prefix))?,
        }
        let level = session.level;
        if level == 0 {
            OWN.iter().for_each(|name| self.save(level, name));
        }
        self.set("CONDA_SHLVL", (level + 1).to_string());
        if let Some(old) = left {
            self.set(&prefix_at(level), old);
            if stacking == Stacking::Stack {
                self.set(&stacked_at(level + 1), "true");
            }
        }
        let name = default_name(prefix, session);
        shown.push(name);
        self.name(prefix, session, &shown);
        for (name, value) in self.variables_of(prefix)? {
            self.save(level, &name);
            self.variables.insert(name, value.map(OsString::from));
        }
        self.after = self.scripts(prefix, Moment::Activate)?;
        Ok(())
    }

    fn reactivate(&mut self, prefix: &Path, session: &Session<'_>) -> Result<(), ActivationError> {
        self.path(Some(prefix), Some(prefix))?;
        self.before = self.scripts(prefix, Moment::Deactivate)?;
        self.set("CONDA_SHLVL", session.level.to_string());
        self.name(prefix, session, &shown_names(session));
        let variables = self.variables_of(prefix)?.into_iter();
        self.variables
            .extend(variables.map(|(name, value)| (name, value.map(OsString::from))));
        self.after = self.scripts(prefix, Moment::Activate)?;
        Ok(())
    }

    fn deactivate(&mut self, prefix: &Path, session: &Session<'_>) -> Result<(), ActivationError> {
        let level = session.level;
        let below = level.checked_sub(1).and_then(|level| session.below(level));
        let is_stacked = below.is_some() && session.is_stacked(level);
        self.path_comes_first = true;
        self.path(Some(prefix), below.as_deref().filter(|_| !is_stacked))?;
        self.before = self.scripts(prefix, Moment::Deactivate)?;
        self.restore(prefix, session)?;
        for name in session.saved_names(level - 1) {
            self.unset(&saved_at(level - 1, &name));
        }
        self.unset(&stacked_at(level));
        self.unset(&prefix_at(level - 1));
        let Some(below) = below else {
            for name in OWN {
                let saved = session.saved(0, name).map(OsStr::to_owned);
                self.variables.insert(name.to_owned(), saved);
            }
            return Ok(());
        };
        self.set("CONDA_SHLVL", (level - 1).to_string());
        let mut shown = shown_names(session);
        shown.pop();
        if !is_stacked {
            shown.push(default_name(&below, session));
            let variables = self.variables_of(&below)?.into_iter();
            self.variables
                .extend(variables.map(|(name, value)| (name, value.map(OsString::from))));
            self.after = self.scripts(&below, Moment::Activate)?;
        }
        self.name(&below, session, &shown);
        Ok(())
    }

    /// The variables of an environment as they are without it.
    fn restore(&mut self, prefix: &Path, session: &Session<'_>) -> Result<(), ActivationError> {
        let level = session.level.saturating_sub(1);
        let names: Vec<String> = if super::is_environment(prefix) {
            all_variables(prefix)?.into_keys().collect()
        } else {
            session.saved_names(level)
        };
        for name in names.into_iter().filter(|name| !is_own(name)) {
            let saved = session.saved(level, &name).map(OsStr::to_owned);
            self.variables.insert(name, saved);
        }
        Ok(())
    }

    /// The variables of an environment, without names that are activation's own.
    fn variables_of(
        &mut self,
        prefix: &Path,
    ) -> Result<IndexMap<String, Option<String>>, ActivationError> {
        let mut variables = all_variables(prefix)?;
        let ignored = variables.keys().filter(|name| is_own(name)).cloned();
        self.ignored.extend(ignored);
        variables.retain(|name, _| !is_own(name));
        Ok(variables)
    }

    /// Keeps the value that a variable has beneath the next level. What an earlier shell kept goes.
    fn save(&mut self, level: u32, name: &str) {
        let value = match self.variables.get(name) {
            Some(value) => value.clone(),
            None => self.shell.outside.get(name).map(OsStr::to_owned),
        };
        let kept = saved_at(level, name);
        if value.is_some() || self.shell.outside.get(&kept).is_some() {
            self.variables.insert(kept, value);
        }
    }

    fn path(&mut self, old: Option<&Path>, new: Option<&Path>) -> Result<(), ActivationError> {
        let entries = |prefix: Option<&Path>| {
            prefix.map_or_else(Vec::new, |prefix| path_entries(prefix, self.shell.subdir))
        };
        let (old, entries) = (entries(old), entries(new));
        if let Some(prefix) = new.filter(|prefix| !can_be_entry(prefix)) {
            return Err(ActivationError::Separator {
                prefix: prefix.to_owned(),
            });
        }
        let path = SearchPath::of(self.shell.outside.get("PATH"));
        let path = if old.is_empty() {
            path.with(&entries)
        } else {
            path.replaced(&old, &entries)
        };
        self.variables.insert("PATH".to_owned(), path.value());
        Ok(())
    }

    fn name(&mut self, prefix: &Path, session: &Session<'_>, shown: &[String]) {
        let name = default_name(prefix, session);
        let modifier = modifier(self.shell.prompt, prefix, &name, shown);
        self.set("CONDA_PREFIX", prefix);
        self.set("CONDA_DEFAULT_ENV", name);
        self.set("CONDA_PROMPT_MODIFIER", modifier);
    }

    fn scripts(&self, prefix: &Path, moment: Moment) -> Result<Vec<PathBuf>, ActivationError> {
        scripts(prefix, moment, self.shell.extension).map_err(ActivationError::Scripts)
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.insert(name.to_owned(), Some(value.into()));
    }

    /// Nothing is said of what is not there.
    fn unset(&mut self, name: &str) {
        if self.shell.outside.get(name).is_some() {
            self.variables.insert(name.to_owned(), None);
        }
    }

    fn plan(mut self) -> Plan {
        const MODIFIER: &str = "CONDA_PROMPT_MODIFIER";
        let outside = self.shell.outside;
        let text = |value: Option<&OsStr>| value.unwrap_or_default().to_string_lossy().into_owned();
        let shown = text(outside.get(MODIFIER));
        let shows = match self.variables.get(MODIFIER) {
            Some(value) => text(value.as_deref()),
            None => shown.clone(),
        };
        // A value that stays needs no step, unless a script that runs first may change it.
        let is_quiet = self.before.is_empty();
        let is_idle = |name: &str, value: &Option<OsString>| {
            is_quiet && outside.get(name) == value.as_deref()
        };
        self.variables.retain(|name, value| !is_idle(name, value));
        let path = self.variables.shift_remove_entry("PATH");
        let path = path.map(|(name, value)| Step::Variable(name, value));
        let (first, later) = if self.path_comes_first {
            (path, None)
        } else {
            (None, path)
        };
        let (sets, unsets): (Vec<_>, Vec<_>) = self
            .variables
            .into_iter()
            .partition(|(_, value)| value.is_some());
        let variable = |(name, value)| Step::Variable(name, value);
        let steps = first
            .into_iter()
            .chain(self.before.into_iter().map(Step::Run))
            .chain(unsets.into_iter().map(variable))
            .chain(later)
            .chain(sets.into_iter().map(variable))
            .chain(self.after.into_iter().map(Step::Run));
        Plan {
            steps: steps.collect(),
            prompt: (shown, shows),
            ignored: self.ignored,
        }
    }
}
