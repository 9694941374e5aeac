//! `larder env remove`: an environment goes, whole.

use std::path::{Path, PathBuf};

use larder_event::{Reporter, SilentReporter};
use larder_fs::PathError;
use larder_link::{Held, VerifyOptions};
use serde::Serialize;

use crate::{
    Explain, Kind, ListedPackage, Settings, activation::is_environment, explain,
    link_scripts::LinkScriptHost, list::list, menus, registry, roots::is_root,
};

/// What to remove, and how.
#[derive(Debug, Clone)]
pub struct RemoveOptions {
    /// The environment.
    pub prefix: PathBuf,
    /// Remove it even if it is frozen (CEP 22).
    pub override_frozen: bool,
    /// Change nothing.
    pub dry_run: bool,
    /// The command, without anything secret, for those who wait.
    pub command_line: String,
}

/// What was removed, with the keys that `conda env remove --json` has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemoveReport {
    /// Always true: what fails is an error.
    pub success: bool,
    /// The environment.
    pub prefix: PathBuf,
    /// What conda calls them.
    pub actions: RemoveActions,
    /// Files that no package owns, below the prefix, sorted: they go as well.
    pub extra: Vec<String>,
    /// Nothing was changed.
    pub dry_run: bool,
}

/// The packages that went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemoveActions {
    /// Every package of the environment.
    #[serde(rename = "UNLINK")]
    pub unlink: Vec<ListedPackage>,
}

/// Why an environment cannot be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The directory has no `conda-meta/history`.
    #[error("`{}` is not a conda environment: it has no conda-meta/history", prefix.display())]
    NotAnEnvironment {
        /// The directory.
        prefix: PathBuf,
    },
    /// It is where conda or mamba itself lives.
    #[error("`{}` is the root environment, which other environments live off", prefix.display())]
    Root {
        /// The directory.
        prefix: PathBuf,
    },
    /// It is active in this shell.
    #[error("`{}` is the active environment", prefix.display())]
    Active {
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
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] PathError),
}

impl Explain for RemoveError {
    fn kind(&self) -> Kind {
        match self {
            Self::Io(error) => explain::path_kind(error),
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAnEnvironment { .. } => "remove::not-an-environment",
            Self::Root { .. } => "remove::root",
            Self::Active { .. } => "remove::active",
            Self::Frozen { .. } => "remove::frozen",
            Self::Io(_) => "remove::io",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Active { .. } => Some("deactivate it first".into()),
            Self::Frozen { .. } => Some("`--override-frozen` removes it all the same".into()),
            _ => None,
        }
    }
}

/// Removes the environment in one step, and its line in conda's registry. Waits for a run on it.
///
/// # Errors
/// See [`RemoveError`]; the environment is whole then.
pub fn remove(
    options: &RemoveOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<RemoveReport, RemoveError> {
    let prefix = &options.prefix;
    check(options, settings)?;
    let report = RemoveReport {
        success: true,
        prefix: prefix.clone(),
        // Records that cannot be read are no reason to keep the environment.
        actions: RemoveActions {
            unlink: list(prefix).unwrap_or_default(),
        },
        extra: extra(prefix, settings),
        dry_run: options.dry_run,
    };
    if options.dry_run {
        return Ok(report);
    }
    let key = &settings.journal_key;
    let held = Held::wait(prefix, &options.command_line, key, reporter)?;
    match held.recover(reporter) {
        // What cannot be trusted goes with the environment: nothing of it is followed.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            reporter.note(format!("{error}: {}", error.source));
        }
        recovered => drop(recovered?),
    }
    check(options, settings)?;
    // CEP 34: while everything is still there.
    if let Ok(subdir) = crate::platforms::environment_subdir(prefix, settings) {
        let host = LinkScriptHost::new(settings);
        larder_link::run_unlink_scripts(prefix, subdir, Some(&*host), reporter);
    }
    let had_menus = menus::recorded(prefix, settings, reporter);
    larder_link::remove(&held)?;
    had_menus.remove_gone(prefix, settings, reporter);
    if let Some(home) = &settings.home
        && let Err(error) = registry::unregister(home, prefix)
    {
        let text = format!("the environment is still in conda's registry: {error}");
        reporter.warn("remove::registered", text);
    }
    Ok(report)
}

/// What cannot be looked at is no reason to keep the environment.
fn extra(prefix: &Path, settings: &Settings) -> Vec<String> {
    let options = VerifyOptions {
        threads: settings.threads,
        quick: true,
    };
    let found = larder_link::verify(prefix, options, &SilentReporter);
    found.map(|found| found.extra).unwrap_or_default()
}

fn check(options: &RemoveOptions, settings: &Settings) -> Result<(), RemoveError> {
    let prefix = options.prefix.clone();
    if !is_environment(&prefix) {
        return Err(RemoveError::NotAnEnvironment { prefix });
    }
    if is_root(&prefix, settings) {
        return Err(RemoveError::Root { prefix });
    }
    let active = settings.variables.get("CONDA_PREFIX");
    if active.is_some_and(|active| Path::new(active) == prefix) {
        return Err(RemoveError::Active { prefix });
    }
    match larder_link::frozen(&prefix)? {
        Some(message) if !options.override_frozen => Err(RemoveError::Frozen { prefix, message }),
        _ => Ok(()),
    }
}
