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

/// The names of the programs that started this one, nearest first: the shell is among them. Empty where the system
/// does not say. On Unix only the nearest; on Windows a shim of a package manager may stand in between.
pub fn calling_programs() -> Vec<PathBuf> {
    platform::calling_programs()
}

/// A process as the system lists it.
#[cfg(any(windows, test))]
#[derive(Debug, Clone)]
pub(crate) struct RunningProcess {
    pub(crate) id: u32,
    pub(crate) parent: u32,
    /// Its name, such as `cmd.exe`.
    pub(crate) program: PathBuf,
}

/// The programs above process `id`. Windows does not clear the parent's number when the parent has ended and gives it
/// to a new process some day, so there may be a circle.
#[cfg(any(windows, test))]
fn programs_above(id: u32, processes: &[RunningProcess]) -> Vec<PathBuf> {
    const LEVELS: usize = 8;
    let find = |id: u32| processes.iter().find(|process| process.id == id);
    let mut seen = vec![id];
    let mut programs = Vec::new();
    let mut current = find(id);
    while let Some(parent) = current.and_then(|process| find(process.parent)) {
        if seen.contains(&parent.id) || programs.len() == LEVELS {
            break;
        }
        seen.push(parent.id);
        programs.push(parent.program.clone());
        current = Some(parent);
    }
    programs
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

    pub(super) fn calling_programs() -> Vec<PathBuf> {
        parent_program().into_iter().collect()
    }

    fn parent_program() -> Option<PathBuf> {
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

    #[cfg(windows)]
    pub(super) fn calling_programs() -> Vec<PathBuf> {
        let processes = crate::windows::processes().unwrap_or_default();
        super::programs_above(std::process::id(), &processes)
    }

    #[cfg(not(windows))]
    pub(super) fn calling_programs() -> Vec<PathBuf> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{RunningProcess, programs_above};

    fn process(id: u32, parent: u32, program: &str) -> RunningProcess {
        let program = program.into();
        RunningProcess {
            id,
            parent,
            program,
        }
    }

    #[test]
    fn the_programs_above_a_process_come_nearest_first() {
        let processes = [
            process(4, 0, "System"),
            process(10, 4, "explorer.exe"),
            process(20, 10, "pwsh.exe"),
            process(30, 20, "larder.exe"),
            process(40, 30, "larder.exe"),
            process(50, 10, "cmd.exe"),
        ];
        let expected = ["larder.exe", "pwsh.exe", "explorer.exe", "System"].map(PathBuf::from);
        assert_eq!(programs_above(40, &processes), expected);
        assert_eq!(programs_above(99, &processes), Vec::<PathBuf>::new());
    }

    #[test]
    fn numbers_that_were_given_again_make_no_endless_circle() {
        let processes = [process(1, 2, "a"), process(2, 3, "b"), process(3, 1, "c")];
        assert_eq!(programs_above(1, &processes), ["b", "c"].map(PathBuf::from));
        let own = [process(1, 1, "a")];
        assert_eq!(programs_above(1, &own), Vec::<PathBuf>::new());
    }

    #[cfg(windows)]
    #[test]
    fn this_process_is_one_of_those_that_the_system_lists() {
        let processes = crate::windows::processes().unwrap();
        let own = processes
            .iter()
            .find(|process| process.id == std::process::id());
        let program = std::env::current_exe().unwrap();
        assert_eq!(own.unwrap().program.file_name(), program.file_name());
    }
}
