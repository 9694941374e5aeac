//! Hermetic runs of the `larder` binary: own home, system configuration, store, trees and working
//! directory, and no variable of the outer environment.
//!
//! The directory is removed when the sandbox is dropped. Nothing outside it is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::must;

/// A temporary world for one test.
#[derive(Debug)]
pub struct Sandbox {
    exe: PathBuf,
    root: TempDir,
}

/// What one run of the binary did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The exit code; -1 if a signal ended it.
    pub status: i32,
    /// Everything that went to standard output.
    pub stdout: String,
    /// Everything that went to standard error.
    pub stderr: String,
}

impl Sandbox {
    /// A sandbox with empty `home/`, `store/`, `trees/` and `work/` for this binary.
    pub fn new(larder_exe: &Path) -> Self {
        // On macOS the temporary directory is behind a link, which a test would see in every path.
        let base = must(
            std::env::temp_dir().canonicalize(),
            "find the temporary directory",
        );
        Self::new_in(larder_exe, &base)
    }

    /// A sandbox below a directory, which may be on a file system of its own.
    pub fn new_in(larder_exe: &Path, base: &Path) -> Self {
        let created = tempfile::Builder::new().prefix("larder-").tempdir_in(base);
        let root = must(created, "create a sandbox");
        for name in ["home", "store", "trees", "work"] {
            must(
                fs::create_dir(root.path().join(name)),
                format_args!("create {name}/"),
            );
        }
        Self {
            exe: larder_exe.to_owned(),
            root,
        }
    }

    /// A path under `work/`.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.work().join(relative)
    }

    /// Writes a text file under `work/`, with its directories, and returns its path.
    pub fn write(&self, relative: &str, text: &str) -> PathBuf {
        let path = self.path(relative);
        if let Some(parent) = path.parent() {
            must(
                fs::create_dir_all(parent),
                format_args!("create {}", parent.display()),
            );
        }
        must(
            fs::write(&path, text),
            format_args!("write {}", path.display()),
        );
        path
    }

    /// Runs larder to its end.
    pub fn larder(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// The command that [`Sandbox::larder`] runs, to be changed first.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.exe);
        command
            .args(args)
            .current_dir(self.work())
            .env_clear()
            .env("HOME", self.home())
            .env("LARDER_SYSTEM_CONFIG", self.system_config())
            .env("LARDER_STORE", self.store())
            .env("LARDER_TREES", self.trees())
            // Flushing a whole file system waits for what everybody else has written to it.
            .env("LARDER_DURABLE", "false")
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8");
        command
    }

    /// The home directory of the runs.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The directory of the machine's configuration in the runs; there is none at first.
    pub fn system_config(&self) -> PathBuf {
        self.root.path().join("etc")
    }

    /// The store of the runs.
    pub fn store(&self) -> PathBuf {
        self.root.path().join("store")
    }

    /// The trees of the runs.
    pub fn trees(&self) -> PathBuf {
        self.root.path().join("trees")
    }

    /// The working directory of the runs.
    pub fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }
}

impl Run {
    /// Runs any command to its end.
    pub fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = must(
            command.output(),
            format_args!("run {:?}", command.get_program()),
        );
        Self {
            status: status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// Panics with the whole output unless the exit code is 0.
    #[track_caller]
    pub fn success(self) -> Self {
        self.fails_with(0)
    }

    /// Panics with the whole output unless the exit code is `code`.
    #[track_caller]
    pub fn fails_with(self, code: i32) -> Self {
        let Self {
            status,
            stdout,
            stderr,
        } = &self;
        assert!(
            *status == code,
            "exit code {status}, expected {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        );
        self
    }
}
