//! The program that resolves and installs.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

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

/// Whoever knows the CI's secret can forge what is sealed with it; the others would lead a Python astray.
const REMOVED: &[&str] = &[
    "LARDER_CACHE_SECRET",
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

    /// Up to its subcommand, working in `directory`.
    pub(crate) fn command(&self, directory: &Path) -> Command {
        let mut command = Command::new(&self.program);
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
