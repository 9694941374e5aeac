//! `larder run`: a command inside an environment.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    process::Command,
};

use rattler_conda_types::Subdir;
use rattler_shell::environment::EnvironmentSnapshot;

use crate::{
    Explain, Kind, Prompt,
    activation::{ActivationError, activated},
    platforms,
};

/// What to run, and where.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The environment's directory, absolute.
    pub prefix: PathBuf,
    /// The subdir of this machine.
    pub subdir: Subdir,
    /// The program and its arguments; the program is looked up on the activated PATH.
    pub command: Vec<OsString>,
    /// Where it runs; none means here.
    pub directory: Option<PathBuf>,
    /// The process environment outside.
    pub environment: EnvironmentSnapshot,
    /// What `CONDA_PROMPT_MODIFIER` is made from.
    pub prompt: Prompt,
}

/// Why a command did not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The environment cannot be activated.
    #[error(transparent)]
    Activation(#[from] ActivationError),
    /// There is no command to run.
    #[error("no command given")]
    NoCommand,
    /// No directory on the activated PATH has a program of this name.
    #[error("`{program}` is neither in `{}` nor elsewhere on PATH", prefix.display())]
    NotFound {
        /// The program.
        program: String,
        /// The environment.
        prefix: PathBuf,
        /// The environment's platform, if it is not this machine's.
        foreign: Option<Subdir>,
    },
    /// The system refused to start the program.
    #[error("cannot start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The environment's platform, if it is not this machine's.
        foreign: Option<Subdir>,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Explain for RunError {
    fn kind(&self) -> Kind {
        match self {
            Self::Start { .. } => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Activation(_) => "run::activation",
            Self::NoCommand => "run::no-command",
            Self::NotFound { .. } => "run::not-found",
            Self::Start { .. } => "run::start",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { foreign, .. } | Self::Start { foreign, .. } => {
                let text = "the environment is for";
                foreign
                    .map(|platform| format!("{text} {platform}: its programs run there, not here"))
            }
            _ => None,
        }
    }
}

/// Runs a command in an activated environment, in place of this process where the system can, so that
/// exit code and signals are the command's own.
///
/// Returns the command's exit code on systems where the process cannot be replaced.
///
/// # Errors
/// If the command did not start.
pub async fn run(options: &RunOptions) -> Result<i32, RunError> {
    let (program, arguments) = options.command.split_first().ok_or(RunError::NoCommand)?;
    let inside = activated(
        &options.prefix,
        options.subdir,
        &options.environment,
        &options.prompt,
    )
    .await?;
    let found = find_program(program, &inside).ok_or_else(|| RunError::NotFound {
        program: program.to_string_lossy().into_owned(),
        prefix: options.prefix.clone(),
        foreign: platforms::foreign(&options.prefix),
    })?;
    let mut command = Command::new(&found);
    command.args(arguments).env_clear().envs(inside.iter());
    if let Some(directory) = &options.directory {
        command.current_dir(directory);
    }
    larder_fs::run_in_place(&mut command).map_err(|source| RunError::Start {
        program: found.display().to_string(),
        foreign: platforms::foreign(&options.prefix),
        source,
    })
}

/// The activated PATH decides, not that of this process.
fn find_program(program: &OsStr, inside: &EnvironmentSnapshot) -> Option<PathBuf> {
    let extensions = cfg!(windows).then(|| startable_extensions(inside.get("PATHEXT")));
    let names = file_names(program, extensions.as_deref());
    let direct = Path::new(program);
    if direct.components().count() > 1 {
        let mut paths = names.into_iter().map(PathBuf::from);
        return paths.find(|path| path.exists());
    }
    std::env::split_paths(inside.get("PATH")?)
        .flat_map(|directory| names.iter().map(move |name| directory.join(name)))
        .find(|path| path.is_file())
}

/// The extensions of PATHEXT that a process can be started from, in its order. Others (`.JS`, `.PY`) are opened by the
/// program that is registered for them, which larder does not look for.
fn startable_extensions(pathext: Option<&OsStr>) -> Vec<String> {
    const STARTABLE: [&str; 4] = [".com", ".exe", ".bat", ".cmd"];
    let listed = pathext.map(|list| list.to_string_lossy().to_lowercase());
    let listed = listed.unwrap_or_default();
    let listed = listed.split(';').map(str::trim);
    let known: Vec<String> = listed
        .filter(|extension| STARTABLE.contains(extension))
        .map(str::to_owned)
        .collect();
    match known.is_empty() {
        true => STARTABLE.map(str::to_owned).to_vec(),
        false => known,
    }
}

/// The file names that a program may have in a directory, the preferred one first. With `extensions` a name without
/// any of them is never a program: npm's `npm` is a script for sh, beside `npm.cmd`.
fn file_names(program: &OsStr, extensions: Option<&[String]>) -> Vec<OsString> {
    let Some(extensions) = extensions else {
        return vec![program.to_owned()];
    };
    let lower = program.to_string_lossy().to_lowercase();
    let is_complete = extensions
        .iter()
        .any(|extension| lower.ends_with(extension));
    let complete = is_complete.then(|| program.to_owned());
    let extended = extensions.iter().map(|extension| {
        let mut name = program.to_owned();
        name.push(extension);
        name
    });
    complete.into_iter().chain(extended).collect()
}

#[cfg(test)]
mod tests;
