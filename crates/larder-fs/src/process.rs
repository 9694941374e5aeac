//! Handing the process over to a command, and who started it.

use std::{io, path::PathBuf, process::Command};

/// Runs `command` in place of this process where the system can (its signals and exit code are then
/// the command's own), else as a child, and returns its exit code.
///
/// # Errors
/// If the command cannot be started. Where the process is replaced there is no other return.
pub fn run_in_place(command: &mut Command) -> io::Result<i32> {
    platform::run_in_place(command)
}

/// The name of the program that started this one, such as the shell; `None` where the system does not say.
pub fn parent_program() -> Option<PathBuf> {
    platform::parent_program()
}

#[cfg(unix)]
mod platform {
    use std::{
        fs, io,
        os::unix::process::{CommandExt as _, parent_id},
        path::PathBuf,
        process::Command,
    };

    pub(super) fn run_in_place(command: &mut Command) -> io::Result<i32> {
        Err(command.exec())
    }

    pub(super) fn parent_program() -> Option<PathBuf> {
        let parent = parent_id();
        let name = fs::read_to_string(format!("/proc/{parent}/comm")).or_else(|_| {
            let mut ps = Command::new("/bin/ps");
            ps.args(["-o", "comm=", "-p", &parent.to_string()]);
            let said = ps.output()?.stdout;
            Ok::<_, io::Error>(String::from_utf8_lossy(&said).into_owned())
        });
        let name = name.ok()?;
        let name = name.trim();
        (!name.is_empty()).then(|| PathBuf::from(name))
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{io, path::PathBuf, process::Command};

    /// The exit code for a child that ended without one.
    const NO_CODE: i32 = 1;

    pub(super) fn run_in_place(command: &mut Command) -> io::Result<i32> {
        Ok(command.status()?.code().unwrap_or(NO_CODE))
    }

    pub(super) fn parent_program() -> Option<PathBuf> {
        None
    }
}
