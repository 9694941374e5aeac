//! Which shell is meant, and what is said to it.

use std::path::Path;

use larder::activation::ShellKind;

use crate::{args::ShellName, environment::Environment, failure::Failure};

impl From<ShellName> for ShellKind {
    fn from(name: ShellName) -> Self {
        match name {
            ShellName::Bash => Self::Bash,
            ShellName::Zsh => Self::Zsh,
            ShellName::Posix => Self::Posix,
            ShellName::Fish => Self::Fish,
            ShellName::Xonsh => Self::Xonsh,
            ShellName::Nushell => Self::Nushell,
            ShellName::PowerShell => Self::PowerShell,
            ShellName::Cmd => Self::Cmd,
            ShellName::Tcsh => Self::Tcsh,
        }
    }
}

/// The shell of the command line, else the program that started larder, else the user's login shell.
pub(super) fn shell(
    given: Option<ShellName>,
    environment: &Environment,
) -> Result<ShellKind, Failure> {
    let parent = || {
        let programs = larder::calling_programs();
        programs
            .iter()
            .find_map(|program| ShellKind::of_program(program))
    };
    let login = || ShellKind::of_program(&environment.path("SHELL")?);
    let found = given.map(ShellKind::from).or_else(parent).or_else(login);
    found.ok_or_else(|| {
        let text = "cannot tell which shell this is: neither the program that started larder nor SHELL is one that it knows";
        Failure::refused("usage::shell", text).with_hint("name it, as in `--shell bash`")
    })
}

/// The shells that have a program on PATH.
pub(super) fn shells_on_path(environment: &Environment) -> Vec<ShellKind> {
    let path = environment.path("PATH").unwrap_or_default();
    let has = |program: &str| {
        std::env::split_paths(&path).any(|directory| {
            let plain = directory.join(program);
            plain.is_file() || plain.with_extension("exe").is_file()
        })
    };
    let programs = ["bash", "zsh", "fish", "xonsh", "nu", "pwsh"];
    let found = programs.into_iter().filter(|program| has(program));
    found
        .filter_map(|program| ShellKind::of_program(Path::new(program)))
        .collect()
}

/// This program's path, for others to call.
pub(super) fn this_program() -> Result<std::path::PathBuf, Failure> {
    std::env::current_exe().map_err(|error| {
        Failure::refused(
            "internal::program",
            format!("cannot find this program's path: {error}"),
        )
    })
}

/// A path as bash and its kin take it.
pub(super) fn quoted(path: &Path) -> String {
    let quoted = ShellKind::Posix.quoted(path.as_os_str());
    String::from_utf8_lossy(&quoted.unwrap_or_default()).into_owned()
}
