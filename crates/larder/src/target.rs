//! Which directory an environment has: from the command line, else from the manifest.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use larder_fs::{PathContext as _, PathError};
use larder_link::Replace;
use larder_manifest::{
    Manifest, PrefixError, PrefixRules, validate_environment_name, validate_prefix_path,
};
use larder_unpack::{NameRules, RelPathProblem};

use crate::{Explain, Kind, Settings, activation::is_environment, explain, inputs::expand};

/// What the user said on the command line about where the environment is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: Option<String>,
    /// Its directory.
    pub prefix: Option<PathBuf>,
}

/// Why there is no directory for the environment.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Neither the command line nor the manifest names one.
    #[error(
        "no environment named: neither `-n NAME` nor `-p DIR` is given, nor does the manifest have `name:` or `prefix:`"
    )]
    Unnamed,
    /// The command line names none, and only it can.
    #[error("no environment named and none active: give `-n NAME` or `-p DIR`")]
    UnnamedExisting,
    /// There is no directory for named environments.
    #[error("there is no place for named environments: neither HOME nor LARDER_ENVS is set")]
    NoHome,
    /// The name or the path may not be one.
    #[error(transparent)]
    Invalid(#[from] PrefixError),
    /// The system reads another name in it.
    #[error("`{}` cannot be an environment on this system: {problem}", prefix.display())]
    Reserved {
        /// The directory.
        prefix: PathBuf,
        /// Why.
        problem: RelPathProblem,
    },
    /// It lies in another environment.
    #[error("`{}` lies in the environment `{}`: environments cannot be nested", prefix.display(), outer.display())]
    Nested {
        /// The directory.
        prefix: PathBuf,
        /// The environment that it is in.
        outer: PathBuf,
    },
    /// There is an environment already.
    #[error("there is an environment at `{}` already", prefix.display())]
    Exists {
        /// The directory.
        prefix: PathBuf,
    },
    /// A run on it has not ended, or was killed where nobody can tell.
    #[error("the environment `{}` is unfinished: another run works on it, or was killed", prefix.display())]
    Unfinished {
        /// The directory.
        prefix: PathBuf,
    },
    /// There is a directory that is no environment, and it is not empty.
    #[error("`{}` is not an environment and not empty: larder would have to delete what is in it", prefix.display())]
    Occupied {
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
    /// The directory cannot be looked at.
    #[error(transparent)]
    Unreadable(#[from] PathError),
}

impl Explain for TargetError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unreadable(error) => explain::path_kind(error),
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unnamed | Self::UnnamedExisting => "target::unnamed",
            Self::NoHome => "target::no-home",
            Self::Invalid(_) => "target::invalid",
            Self::Reserved { .. } => "target::reserved",
            Self::Nested { .. } => "target::nested",
            Self::Exists { .. } => "target::exists",
            Self::Unfinished { .. } => "target::unfinished",
            Self::Occupied { .. } => "target::occupied",
            Self::Frozen { .. } => "target::frozen",
            Self::Unreadable(_) => "target::unreadable",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unnamed => Some("say where: `larder create -p ./env`".into()),
            Self::Exists { .. } => Some("`--yes` replaces it".into()),
            Self::Unfinished { .. } => Some(
                "wait for the other run; after a crash the next `larder create` undoes it".into(),
            ),
            Self::Reserved { .. } => Some("choose another name".into()),
            Self::Occupied { .. } => Some("choose another directory, or remove this one".into()),
            Self::Frozen { .. } => Some(
                "it is not to be changed; `--override-frozen --yes` of `create` replaces it all the same".into(),
            ),
            _ => None,
        }
    }
}

/// The directory of an environment that is to be made.
///
/// The command line wins over the manifest, and a manifest's `name` over its `prefix` (CEP 24).
///
/// # Errors
/// If there is none or it may not be one; nothing has changed.
pub(crate) fn new_prefix(
    target: &Target,
    manifest: Option<&Manifest>,
    settings: &Settings,
) -> Result<PathBuf, TargetError> {
    let name = || manifest.and_then(|manifest| manifest.name.clone());
    let path = || {
        manifest
            .and_then(|manifest| manifest.prefix.as_ref())
            .map(|prefix| expand(prefix, settings))
    };
    let prefix = match (&target.prefix, &target.name) {
        (Some(prefix), _) => normal(&settings.absolute(prefix)),
        (None, Some(name)) => new_named(name, settings)?,
        (None, None) => match name() {
            Some(name) => new_named(&name, settings)?,
            None => normal(&path().ok_or(TargetError::Unnamed)?),
        },
    };
    validate_prefix_path(
        &prefix,
        &PrefixRules {
            home: settings.home.clone(),
            ..PrefixRules::default()
        },
    )?;
    check_reserved(&prefix, NameRules::HOST)?;
    match outer_environment(&prefix) {
        Some(outer) => Err(TargetError::Nested { prefix, outer }),
        None => Ok(prefix),
    }
}

/// On Windows `aux` is a device and `env.` is `env`.
fn check_reserved(prefix: &Path, rules: NameRules) -> Result<(), TargetError> {
    for component in prefix.components() {
        if let Component::Normal(name) = component {
            rules
                .check_reserved(&name.to_string_lossy())
                .map_err(|problem| TargetError::Reserved {
                    prefix: prefix.to_owned(),
                    problem,
                })?;
        }
    }
    Ok(())
}

/// The environment that a directory lies in. conda's own has a place for others, `base/envs`, that is
/// not part of it; conda refuses only what lies directly in an environment, but what lies deeper would go
/// with it as well.
fn outer_environment(prefix: &Path) -> Option<PathBuf> {
    let is_part = |outer: &&Path| {
        let inner = prefix.strip_prefix(outer);
        // `envs` itself belongs to the outer environment: as an environment it would hold the others.
        let is_beside = |inner: &Path| inner.starts_with("envs") && inner != Path::new("envs");
        is_environment(outer) && !inner.is_ok_and(is_beside)
    };
    prefix.ancestors().skip(1).find(is_part).map(Path::to_owned)
}

/// The directory of an environment that is there, from the command line, else the active one.
///
/// # Errors
/// If none is named. Whether it is an environment is for the operation to see.
pub fn existing_prefix(target: &Target, settings: &Settings) -> Result<PathBuf, TargetError> {
    match (&target.prefix, &target.name) {
        (Some(prefix), _) => Ok(normal(&settings.absolute(prefix))),
        (None, Some(name)) => named(name, settings),
        (None, None) => match settings.variables.get("CONDA_PREFIX") {
            Some(active) => Ok(normal(Path::new(active))),
            None => Err(TargetError::UnnamedExisting),
        },
    }
}

/// Refuses to overwrite: an environment without `replace`, a frozen one (CEP 22) unless that is overridden
/// as well, and a directory with anything else in it always.
///
/// # Errors
/// See [`TargetError`].
pub(crate) fn check_free(prefix: &Path, replace: Replace) -> Result<(), TargetError> {
    if is_environment(prefix) {
        if let Some(message) = larder_link::frozen(prefix)?
            && replace != Replace::EvenFrozen
        {
            return Err(TargetError::Frozen {
                prefix: prefix.to_owned(),
                message,
            });
        }
        return match replace {
            Replace::Never => Err(TargetError::Exists {
                prefix: prefix.to_owned(),
            }),
            Replace::Existing | Replace::EvenFrozen => Ok(()),
        };
    }
    if larder_link::is_unfinished(prefix) {
        let prefix = prefix.to_owned();
        return Err(TargetError::Unfinished { prefix });
    }
    let is_taken = match fs::read_dir(prefix) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => true,
        entries => entries.at("read directory", prefix)?.next().is_some(),
    };
    if is_taken {
        Err(TargetError::Occupied {
            prefix: prefix.to_owned(),
        })
    } else {
        Ok(())
    }
}

/// The environment of this name in the first directory that has it, else its place in the first.
fn named(name: &str, settings: &Settings) -> Result<PathBuf, TargetError> {
    validate_environment_name(name)?;
    let places = settings
        .environments
        .iter()
        .map(|directory| directory.join(name));
    let known = places.clone().find(|place| is_environment(place));
    known
        .or_else(|| places.clone().next())
        .ok_or(TargetError::NoHome)
}

/// As [`named`], but where there is none its place in the first directory that can be written.
fn new_named(name: &str, settings: &Settings) -> Result<PathBuf, TargetError> {
    let place = named(name, settings)?;
    if is_environment(&place) {
        return Ok(place);
    }
    let directories = settings.environments.iter();
    let writable = directories
        .map(PathBuf::as_path)
        .find(|path| larder_fs::can_write(path));
    Ok(writable.map_or(place, |directory| directory.join(name)))
}

/// Without `.` and `..`, as text: the prefix is written into files, and its last part is its name.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{NameRules, TargetError, check_reserved};

    #[test]
    fn names_that_windows_reserves_are_no_environments_there() {
        for name in ["aux", "con.d", "env.", "nul/env"] {
            let path = Path::new("/work").join(name);
            let error = check_reserved(&path, NameRules::Windows).unwrap_err();
            assert!(matches!(error, TargetError::Reserved { .. }), "{error}");
            assert!(error.to_string().contains(name), "{error}");
            check_reserved(&path, NameRules::Unix).unwrap();
        }
        check_reserved(Path::new("/work/env"), NameRules::Windows).unwrap();
    }
}
