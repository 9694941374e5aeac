//! The program that resolves and installs.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::Indexes;

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolKind {
    /// uv's executable.
    Uv,
    /// A Python that has pip.
    Pip,
}

/// A program that resolves and installs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Which.
    pub kind: ToolKind,
    /// The executable: uv, or a Python.
    pub program: PathBuf,
}

/// What a call of a tool does with the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NetworkUse {
    /// It downloads from indexes, so it gets their credentials; builds that it starts see them too.
    Downloads,
    /// It only reads files of this machine, so it gets no credentials.
    Nothing,
}

/// Variables that would lead a Python astray.
const REMOVED: &[&str] = &[
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "__PYVENV_LAUNCHER__",
];

impl Tool {
    /// uv.
    pub fn uv(program: impl Into<PathBuf>) -> Self {
        Self {
            kind: ToolKind::Uv,
            program: program.into(),
        }
    }

    /// The pip of a Python.
    pub fn pip(python: impl Into<PathBuf>) -> Self {
        Self {
            kind: ToolKind::Pip,
            program: python.into(),
        }
    }

    /// `uv`, `pip`.
    pub fn name(&self) -> &'static str {
        match self.kind {
            ToolKind::Uv => "uv",
            ToolKind::Pip => "pip",
        }
    }

    /// Up to its subcommand, working in `directory`, with the user's variables as far as `network` needs them.
    pub(crate) fn command(
        &self,
        directory: &Path,
        indexes: &Indexes,
        network: NetworkUse,
    ) -> Command {
        let variables = indexes.child_variables();
        let mut command = match network {
            NetworkUse::Downloads => variables.download_command(&self.program),
            NetworkUse::Nothing => variables.script_command(&self.program),
        };
        if network == NetworkUse::Downloads {
            indexes.apply(self.kind, &mut command);
        }
        match self.kind {
            ToolKind::Uv => {
                command.args(["--no-progress", "--color", "never", "--no-config"]);
                // A Python of its own would be one more download that nobody has locked.
                command.env("UV_PYTHON_DOWNLOADS", "never");
            }
            ToolKind::Pip => {
                command.args(["-s", "-m", "pip", "--disable-pip-version-check"]);
                command.args(["--no-input", "--no-color"]);
            }
        }
        for name in REMOVED {
            command.env_remove(name);
        }
        command.current_dir(directory);
        command
    }

    /// The tool and where it is.
    pub(crate) fn described(&self) -> String {
        format!("{} ({})", self.name(), self.program.display())
    }
}
