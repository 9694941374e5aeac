//! Handing the process over to a command.

use std::{io, process::Command};

/// Runs `command` in place of this process where the system can (its signals and exit code are then
/// the command's own), else as a child, and returns its exit code.
///
/// # Errors
/// If the command cannot be started. Where the process is replaced there is no other return.
pub fn run_in_place(command: &mut Command) -> io::Result<i32> {
    platform::run_in_place(command)
}

#[cfg(unix)]
mod platform {
    use std::{io, os::unix::process::CommandExt as _, process::Command};

    pub(super) fn run_in_place(command: &mut Command) -> io::Result<i32> {
        Err(command.exec())
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{io, process::Command};

    /// The exit code for a child that ended without one.
    const NO_CODE: i32 = 1;

    pub(super) fn run_in_place(command: &mut Command) -> io::Result<i32> {
        Ok(command.status()?.code().unwrap_or(NO_CODE))
    }
}
