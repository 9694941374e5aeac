//! The process of a link script: its shell, its variables, its directory.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use super::{Moment, Owner, ScriptHost, ScriptPlace};

/// Where programs are if the caller says nothing: only tests do not.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
const SEPARATOR: &str = if cfg!(windows) { ";" } else { ":" };

/// A command that runs a script, and the file that its shell reads, which is removed when this is dropped.
pub(super) struct ScriptCommand {
    pub(super) command: Command,
    _wrapper: Option<tempfile::TempPath>,
}

/// The command for `script`. The module above says what conda does at which moment.
pub(super) fn command(
    script: &Path,
    owner: &Owner,
    moment: Moment,
    place: ScriptPlace<'_>,
) -> io::Result<ScriptCommand> {
    // conda activates for post-link alone. Before that there are no files that could be activated, and
    // before unlinking scripts of the environment must not be able to keep a package from going.
    let wrapper = match moment {
        Moment::PostLink => Some(write_wrapper(&wrapper_text(script, place)?)?),
        Moment::PreLink | Moment::PreUnlink => None,
    };
    let mut variables = place.host.map_or_else(Vec::new, ScriptHost::variables);
    let outer_path = value_of(&variables, "PATH").unwrap_or(OsStr::new(DEFAULT_PATH));
    let mut command = shell_command(outer_path);
    let directory = script.parent().unwrap_or(script);
    // Not by `env::join_paths`, which refuses a prefix that cannot be on PATH: such a script runs anyway.
    let path = [directory.as_os_str(), outer_path].join(OsStr::new(SEPARATOR));
    set(&mut variables, "PATH", path);
    for (name, value) in own_variables(owner, place.prefix) {
        set(&mut variables, name, value.into());
    }
    if wrapper.is_none() {
        // The CEP has scripts write to `$CONDA_PREFIX/.messages.txt`; activation sets it otherwise.
        set(&mut variables, "CONDA_PREFIX", place.prefix.into());
    }
    add_script(&mut command, wrapper.as_deref().unwrap_or(script));
    command.env_clear().envs(variables).current_dir(directory);
    Ok(ScriptCommand {
        command,
        _wrapper: wrapper,
    })
}

/// What CEP 34 says that every script gets. There is no base environment, so `ROOT_PREFIX` is empty.
fn own_variables(owner: &Owner, prefix: &str) -> [(&'static str, String); 6] {
    [
        ("PREFIX", prefix.to_owned()),
        ("SOURCE_DIR", prefix.to_owned()),
        ("ROOT_PREFIX", String::new()),
        ("PKG_NAME", owner.name.clone()),
        ("PKG_VERSION", owner.version.clone()),
        ("PKG_BUILDNUM", owner.build_number.to_string()),
    ]
}

fn wrapper_text(script: &Path, place: ScriptPlace<'_>) -> io::Result<Vec<u8>> {
    if let Some(host) = place.host {
        return host.activated_script(Path::new(place.prefix), place.subdir, script);
    }
    let script = script.to_string_lossy();
    Ok(match cfg!(windows) {
        true => format!("@CALL \"{script}\"\r\n"),
        false => format!(". '{}'\n", script.replace('\'', "'\\''")),
    }
    .into_bytes())
}

/// A file for the shell: of this user alone, because it holds what activation says.
fn write_wrapper(text: &[u8]) -> io::Result<tempfile::TempPath> {
    let mut builder = tempfile::Builder::new();
    builder
        .prefix("larder-script-")
        .suffix(if cfg!(windows) { ".bat" } else { ".sh" });
    // In memory where the system has that: what is written there counts as nothing that scripts have
    // written (`bytes_written`), and does not end up on a disk.
    let in_memory = larder_fs::memory_dir().and_then(|memory| builder.tempfile_in(memory).ok());
    let mut file = match in_memory {
        Some(file) => file,
        None => builder.tempfile()?,
    };
    file.write_all(text)?;
    // Closed: on Windows cmd does not read what is open for writing.
    Ok(file.into_temp_path())
}

/// bash if there is one, as conda looks for it, else the system's shell.
fn shell_command(path: &OsStr) -> Command {
    if cfg!(windows) {
        return Command::new("cmd.exe");
    }
    let system = PathBuf::from("/bin/bash");
    let mut candidates = env::split_paths(path).map(|directory| directory.join("bash"));
    let found = match system.is_file() {
        true => Some(system),
        // An empty or relative entry means the working directory, where anybody could put a bash.
        false => candidates.find(|candidate| candidate.is_absolute() && candidate.is_file()),
    };
    Command::new(found.unwrap_or_else(|| PathBuf::from("/bin/sh")))
}

#[cfg(not(windows))]
fn add_script(command: &mut Command, script: &Path) {
    command.arg(script);
}

/// cmd reads its command line by its own rules, not by those that `arg` quotes for: with `/S` it takes off the outer
/// pair of quotes, and the inner pair keeps a `&` in the path from ending the command.
#[cfg(windows)]
fn add_script(command: &mut Command, script: &Path) {
    use std::os::windows::process::CommandExt as _;

    let mut line = OsString::from("/D /S /C \"\"");
    line.push(script);
    line.push("\"\"");
    command.raw_arg(line);
}

fn value_of<'v>(variables: &'v [(OsString, OsString)], name: &str) -> Option<&'v OsStr> {
    let mut found = variables.iter().filter(|(known, _)| is_name(known, name));
    found.next().map(|(_, value)| value.as_os_str())
}

fn set(variables: &mut Vec<(OsString, OsString)>, name: &str, value: OsString) {
    variables.retain(|(known, _)| !is_name(known, name));
    variables.push((name.into(), value));
}

/// Windows has `Path`.
fn is_name(known: &OsStr, name: &str) -> bool {
    match cfg!(windows) {
        true => known.eq_ignore_ascii_case(name),
        false => known == name,
    }
}
