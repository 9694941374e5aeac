//! Link scripts (CEP 32 and 34): `bin/.NAME-ACTION.sh` for pre-link, post-link and pre-unlink. Scripts
//! for post-unlink never run: CEP 32 has them ignored.
//!
//! `SOURCE_DIR` is the prefix for every script, as CEP 34 says (conda gives it to pre-link alone, as
//! the extracted package). A script that fails fails the run. What one prints never reaches our stdout.

use std::{
    ffi::OsString,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use rattler_conda_types::Subdir;

use crate::{Installed, LinkPackage};

/// Whoever knows the CI's secret can forge what is sealed with it.
const CACHE_SECRET: &str = "LARDER_CACHE_SECRET";

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
    #[error("`{}` of {package} failed ({status}); it printed:\n{output}", script.display())]
    Failed {
        /// `name-version-build`.
        package: String,
        /// The script.
        script: PathBuf,
        /// As the system reports it.
        status: ExitStatus,
        /// Everything that it printed, on either stream.
        output: String,
    },
}

/// Where scripts run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScriptPlace<'a> {
    /// The prefix, at its final place.
    pub(crate) prefix: &'a str,
    pub(crate) subdir: Subdir,
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
    let (status, output) = capture(command(&script, owner, place)).map_err(start)?;
    if !status.success() {
        return Err(ScriptError::Failed {
            package: owner.dist.clone(),
            script,
            status,
            output,
        });
    }
    Ok(take_message(Path::new(place.prefix))
        .map_err(start)?
        .map(|text| ScriptMessage {
            package: owner.dist.clone(),
            text,
        }))
}

fn command(script: &Path, owner: &Owner, place: ScriptPlace<'_>) -> Command {
    let directory = script.parent().unwrap_or(script);
    let mut command = shell(script, directory, place.subdir);
    command
        .env("PREFIX", place.prefix)
        .env("SOURCE_DIR", place.prefix)
        .env("ROOT_PREFIX", "")
        .env("PKG_NAME", &owner.name)
        .env("PKG_VERSION", &owner.version)
        .env("PKG_BUILDNUM", owner.build_number.to_string())
        .env_remove(CACHE_SECRET)
        .current_dir(place.prefix)
        .stdin(Stdio::null());
    command
}

/// The shell itself puts the script's directory in front of the `PATH` that it inherits.
fn shell(script: &Path, directory: &Path, subdir: Subdir) -> Command {
    if subdir.is_windows() {
        return cmd(script, directory);
    }
    let bash = Path::new("/bin/bash");
    let shell = if bash.exists() {
        bash
    } else {
        Path::new("/bin/sh")
    };
    let mut command = Command::new("/bin/sh");
    command.arg("-c");
    command.arg("PATH=\"$1${PATH:+:$PATH}\"; export PATH; exec \"$0\" \"$2\"");
    command.args([shell, directory, script]);
    command
}

/// `!NAME!` is expanded after the line is split, so no path needs escaping; `call` splits once more and
/// needs the quotes.
fn cmd(script: &Path, directory: &Path) -> Command {
    let mut quoted = OsString::from("\"");
    quoted.push(script);
    quoted.push("\"");
    let mut command = Command::new("cmd.exe");
    command
        .env("LARDER_SCRIPT_DIRECTORY", directory)
        .env("LARDER_SCRIPT", quoted)
        .args(["/d", "/v:on", "/c"])
        .args([
            "set",
            "PATH=!LARDER_SCRIPT_DIRECTORY!;!PATH!&",
            "call",
            "!LARDER_SCRIPT!",
        ]);
    command
}

/// Both streams in one text, in the order in which they were written.
fn capture(mut command: Command) -> io::Result<(ExitStatus, String)> {
    let (mut reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // Our ends of the pipe for writing must close, or reading never ends.
    drop(command);
    let mut output = Vec::new();
    let read = reader.read_to_end(&mut output);
    let status = child.wait()?;
    read?;
    Ok((status, String::from_utf8_lossy(&output).into_owned()))
}

fn take_message(prefix: &Path) -> io::Result<Option<String>> {
    let path = prefix.join(".messages.txt");
    match std::fs::read(&path) {
        Ok(bytes) => {
            std::fs::remove_file(&path)?;
            let text = String::from_utf8_lossy(&bytes).trim().to_owned();
            Ok((!text.is_empty()).then_some(text))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
