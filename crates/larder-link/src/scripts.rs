//! Link scripts (CEP 32 and 34): `bin/.NAME-ACTION.sh` for pre-link, post-link and pre-unlink. Scripts
//! for post-unlink never run: CEP 32 has them ignored.
//!
//! They run as conda runs them: post-link is sourced by a shell in which the environment is active (so it
//! may `return`, and sees the variables of `activate.d`), the others are run by one in which nothing is
//! active. Each starts in its own directory, which is also first on `PATH`. `SOURCE_DIR` is the prefix for
//! every script, as CEP 34 says (conda gives it to pre-link alone, as the extracted package), and
//! `CONDA_PREFIX` is too, because the CEP has scripts write to `$CONDA_PREFIX/.messages.txt`.
//!
//! A script that fails fails the run. What one prints never reaches our stdout. Its variables are those that
//! the caller gives it ([`ScriptHost`]), which hold no credentials.

use std::{
    ffi::OsString,
    fmt,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::ExitStatus,
};

use larder_fs::{Links, open_control_file};
use rattler_conda_types::Subdir;

use crate::{Installed, LinkPackage};

mod output;
mod shell;

/// The most of `.messages.txt` that is shown. What is in it is meant for people.
const MESSAGE_LIMIT: u64 = 64 << 10;

/// What link scripts get from the caller: the variables of their processes, and how an environment is
/// activated in a shell.
pub trait ScriptHost: fmt::Debug + Send + Sync {
    /// All variables of a script's process, without those that it must not see.
    fn variables(&self) -> Vec<(OsString, OsString)>;

    /// A text for the shell of this machine (bash or sh, cmd on Windows), started with
    /// [`Self::variables`]: activates the environment at `prefix`, runs `script` in the same shell, then the
    /// environment's scripts for deactivation, and ends with the script's status.
    ///
    /// # Errors
    /// If the environment's variables or scripts cannot be read.
    fn activated_script(&self, prefix: &Path, subdir: Subdir, script: &Path)
    -> io::Result<Vec<u8>>;
}

/// When a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before any of the package's files is in the environment.
    PreLink,
    /// When all files of all packages are there.
    PostLink,
    /// While all files of the package are still there.
    PreUnlink,
}

/// Whose script it is.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    /// `name-version-build`.
    pub(crate) dist: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) build_number: u64,
}

impl Owner {
    pub(crate) fn of(package: LinkPackage<'_>) -> Self {
        Self {
            dist: package.dist(),
            name: package.name().to_owned(),
            version: package.record().version.to_string(),
            build_number: package.build_number(),
        }
    }

    pub(crate) fn of_installed(package: &Installed) -> Self {
        Self {
            dist: package.dist(),
            name: package.name.clone(),
            version: package.version.clone(),
            build_number: package.build_number,
        }
    }
}

/// What the scripts of one package had to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptMessage {
    /// `name-version-build`.
    pub package: String,
    /// What they wrote to `.messages.txt`.
    pub text: String,
}

/// A script that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// It could not be started, or its output could not be read.
    #[error("cannot run `{}` of {package}", script.display())]
    Start {
        /// `name-version-build`.
        package: String,
        /// The script.
        script: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended with another status than 0.
    #[error("`{}` of {package} failed ({status}); it printed:\n  {}", script.display(), indented(output))]
    Failed {
        /// `name-version-build`.
        package: String,
        /// The script.
        script: PathBuf,
        /// As the system reports it.
        status: ExitStatus,
        /// What it printed last, on either stream.
        output: String,
        /// What it wrote to `.messages.txt`, which is reported apart.
        message: Option<String>,
    },
}

impl ScriptError {
    /// What a failed script wrote to `.messages.txt`, as conda shows it too.
    pub(crate) fn message(&self) -> Option<ScriptMessage> {
        let Self::Failed {
            package, message, ..
        } = self
        else {
            return None;
        };
        message.as_ref().map(|text| ScriptMessage {
            package: package.clone(),
            text: text.clone(),
        })
    }
}

/// Where scripts run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScriptPlace<'a> {
    /// The prefix, at its final place.
    pub(crate) prefix: &'a str,
    pub(crate) subdir: Subdir,
    /// Without it scripts get no variables but their own, and nothing is activated.
    pub(crate) host: Option<&'a dyn ScriptHost>,
}

/// The path of a script in its package.
pub(crate) fn script_path(name: &str, moment: Moment, subdir: Subdir) -> String {
    let (directory, extension) = if subdir.is_windows() {
        ("Scripts", "bat")
    } else {
        ("bin", "sh")
    };
    let action = match moment {
        Moment::PreLink => "pre-link",
        Moment::PostLink => "post-link",
        Moment::PreUnlink => "pre-unlink",
    };
    format!("{directory}/.{name}-{action}.{extension}")
}

/// Whether scripts for `subdir` can run on this machine: on its operating system only.
pub(crate) fn can_run(subdir: Subdir) -> bool {
    Subdir::current().is_some_and(|host| host.only_platform() == subdir.only_platform())
}

/// Runs one script and returns what it left in `.messages.txt`, which is removed.
pub(crate) fn run(
    package: LinkPackage<'_>,
    moment: Moment,
    place: ScriptPlace<'_>,
) -> Result<Option<ScriptMessage>, ScriptError> {
    let root = match moment {
        // It is not in the environment yet.
        Moment::PreLink => package.tree_root,
        _ => Path::new(place.prefix),
    };
    run_at(root, &Owner::of(package), moment, place)
}

/// Runs a script of an installed package, as [`run`].
pub(crate) fn run_installed(
    package: &Installed,
    moment: Moment,
    place: ScriptPlace<'_>,
) -> Result<Option<ScriptMessage>, ScriptError> {
    let owner = Owner::of_installed(package);
    run_at(Path::new(place.prefix), &owner, moment, place)
}

fn run_at(
    root: &Path,
    owner: &Owner,
    moment: Moment,
    place: ScriptPlace<'_>,
) -> Result<Option<ScriptMessage>, ScriptError> {
    let script = root.join(script_path(&owner.name, moment, place.subdir));
    let start = |source| ScriptError::Start {
        package: owner.dist.clone(),
        script: script.clone(),
        source,
    };
    let command = shell::command(&script, owner, moment, place).map_err(start)?;
    let (status, output) = output::capture(command).map_err(start)?;
    // Read also after a failure: it is where scripts say why.
    let message = take_message(Path::new(place.prefix));
    if !status.success() {
        return Err(ScriptError::Failed {
            package: owner.dist.clone(),
            script,
            status,
            output,
            message: message.ok().flatten(),
        });
    }
    Ok(message.map_err(start)?.map(|text| ScriptMessage {
        package: owner.dist.clone(),
        text,
    }))
}

/// Text of several lines in an error: a line break and two spaces are the layout that is printed as such.
fn indented(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.join("\n  ")
}

/// Reads and removes `.messages.txt`.
fn take_message(prefix: &Path) -> io::Result<Option<String>> {
    let path = prefix.join(".messages.txt");
    // A script, or whoever made the prefix, may have put anything there.
    match open_control_file(&path, Links::Refuse) {
        Ok(file) => {
            let mut bytes = Vec::new();
            file.take(MESSAGE_LIMIT).read_to_end(&mut bytes)?;
            std::fs::remove_file(&path)?;
            let text = String::from_utf8_lossy(&bytes).trim().to_owned();
            Ok((!text.is_empty()).then_some(text))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // A link could show another file, and a FIFO would be waited for: neither is a message.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => match path.is_dir() {
            true => Ok(None),
            false => std::fs::remove_file(&path).map(|()| None),
        },
        Err(error) => Err(error.source),
    }
}
