//! Wheels of this machine into a directory that is laid out as an environment, by uv or pip.
//!
//! The environment's own Python runs, at its place, so that programs name it. Nothing is downloaded, but by
//! lines that were passed on.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use larder_digest::Sha256;
use larder_event::Reporter;
use larder_lock::passed_on_problem;

use crate::{
    Indexes, Tool, ToolError, ToolKind, private_file::PrivateFile, process::Call, tool::NetworkUse,
};

/// What is installed where.
#[derive(Debug, Clone)]
pub struct InstallRequest<'r> {
    /// With what.
    pub tool: &'r Tool,
    /// The environment's Python.
    pub python: &'r Path,
    /// Gets `bin`, `lib` and whatever else below it; on the file system of the wheels.
    pub root: &'r Path,
    /// For files of the tool; the caller's to remove.
    pub scratch: &'r Path,
    /// A directory with the wheels, under the names that PEP 427 gives them.
    pub wheels: &'r Path,
    /// Name, version and digest of each.
    pub packages: &'r [(String, String, Sha256)],
    /// Lines for what is not locked.
    pub passed_on: &'r [String],
    /// What their paths are relative to.
    pub directory: &'r Path,
    /// Whether nothing may be downloaded for them.
    pub offline: bool,
    /// Of the user's environment, for them.
    pub indexes: &'r Indexes,
}

/// Installs what is locked, each file held against its digest, then what is not.
///
/// # Errors
/// [`ToolError`]; what is below the root then is to be thrown away.
pub fn install(request: &InstallRequest<'_>, reporter: &dyn Reporter) -> Result<(), ToolError> {
    refuse_unsafe(request)?;
    let installing = Installing { request, reporter };
    if !request.packages.is_empty() {
        installing.locked()?;
    }
    if !request.passed_on.is_empty() {
        installing.passed_on()?;
    }
    Ok(())
}

/// Nothing from a lock, a memo or an environment becomes an option of a tool: the last place to see to that,
/// whoever wrote the texts.
fn refuse_unsafe(request: &InstallRequest<'_>) -> Result<(), ToolError> {
    let refuse = |line: &str, problem: &str| {
        Err(ToolError::Refused {
            line: line.to_owned(),
            problem: problem.to_owned(),
        })
    };
    for (name, version, _) in request.packages {
        let line = format!("{name}=={version}");
        if let Some(problem) = passed_on_problem(&line) {
            return refuse(&line, problem);
        }
    }
    for line in request.passed_on {
        if let Some(problem) = passed_on_problem(line) {
            return refuse(line, problem);
        }
    }
    Ok(())
}

/// Builds the wheel of a source archive into an empty directory, and returns it. Offline with what builds need
/// that is in the environment, and only then with what the tool has kept of earlier ones.
///
/// # Errors
/// [`ToolError`].
pub fn build_wheel(
    source: &Path,
    into: &Path,
    request: &InstallRequest<'_>,
    reporter: &dyn Reporter,
) -> Result<PathBuf, ToolError> {
    let installing = Installing { request, reporter };
    let is_built = request.offline && installing.build(source, into, Isolation::No).is_ok();
    if !is_built {
        installing.build(source, into, Isolation::Yes)?;
    }
    let entries = fs::read_dir(into).map_err(ToolError::file("read", into))?;
    let mut files = entries.flatten().map(|entry| entry.path());
    let wheel = files.find(|path| path.extension().is_some_and(|extension| extension == "whl"));
    wheel.ok_or_else(|| ToolError::Answer {
        tool: request.tool.described(),
        problem: format!("it made no wheel of `{}`", source.display()),
    })
}

/// Whether a build sees nothing but what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Isolation {
    Yes,
    No,
}

struct Installing<'r> {
    request: &'r InstallRequest<'r>,
    reporter: &'r dyn Reporter,
}

impl<'r> Installing<'r> {
    fn build(&self, source: &Path, into: &Path, isolation: Isolation) -> Result<(), ToolError> {
        let request = self.request;
        let mut command = request.tool.command(into, request.indexes, self.network());
        match request.tool.kind {
            ToolKind::Uv => {
                command.args(["build", "--wheel", "--no-sources"]);
                command.arg("--python").arg(request.python);
                command.arg("--out-dir").arg(into);
            }
            ToolKind::Pip => {
                command.args(["wheel", "--no-deps", "--wheel-dir"]);
                command.arg(into);
            }
        }
        if isolation == Isolation::No {
            command.arg("--no-build-isolation");
        }
        command.arg(source);
        self.with_network(&mut command);
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        let what = format!("build a wheel of `{name}`");
        self.call(what, "").run(command)
    }

    fn locked(&self) -> Result<(), ToolError> {
        let mut text = String::new();
        for (name, version, sha256) in self.request.packages {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}=={version} --hash=sha256:{sha256}");
        }
        let mut command = self.command(NetworkUse::Nothing);
        command.args(["--no-index", "--require-hashes", "--find-links"]);
        command.arg(self.request.wheels);
        match self.request.tool.kind {
            ToolKind::Uv => {
                command.args(["--offline", "--no-build", "--no-config"]);
                // Its cache goes with the scratch directory: no file is shared with another environment.
                command.args(["--link-mode", "hardlink", "--cache-dir"]);
                command.arg(self.request.scratch.join("cache"));
            }
            ToolKind::Pip => {
                command.args(["--isolated", "--no-cache-dir"]);
            }
        }
        self.run(command, "locked.txt", text)
    }

    fn passed_on(&self) -> Result<(), ToolError> {
        let mut command = self.command(self.network());
        if self.request.tool.kind == ToolKind::Uv {
            // The user's cache, which knows next time what building took, and no file of it in common.
            command.args(["--link-mode", "copy"]);
        }
        self.with_network(&mut command);
        self.run(command, "passed-on.txt", self.request.passed_on.join("\n"))
    }

    /// Builds of an offline run see no credentials. Others may have to: the tool downloads what they need.
    fn network(&self) -> NetworkUse {
        match self.request.offline {
            true => NetworkUse::Nothing,
            false => NetworkUse::Downloads,
        }
    }

    fn with_network(&self, command: &mut Command) {
        if self.request.offline {
            match self.request.tool.kind {
                ToolKind::Uv => command.env("UV_OFFLINE", "1"),
                ToolKind::Pip => command.env("PIP_NO_INDEX", "1"),
            };
        }
    }

    fn command(&self, network: NetworkUse) -> Command {
        let request = self.request;
        let mut command = request
            .tool
            .command(request.directory, request.indexes, network);
        command.args(
            ["pip", "install"]
                .iter()
                .skip(usize::from(request.tool.kind == ToolKind::Pip)),
        );
        command.args(["--no-deps", "--break-system-packages", "--prefix"]);
        command.arg(request.root);
        match request.tool.kind {
            ToolKind::Uv => {
                command.arg("--python").arg(request.python);
            }
            ToolKind::Pip => {
                command.args(["--ignore-installed", "--no-compile"]);
                command.arg("--no-warn-script-location");
            }
        }
        command
    }

    fn run(&self, mut command: Command, name: &str, text: String) -> Result<(), ToolError> {
        // A line that is passed on may hold a token, as `git+https://TOKEN@host/..`.
        let file = PrivateFile::create(self.request.scratch, name, &text)?;
        command.arg("--requirement").arg(file.path());
        let what = "install the `pip:` section".to_owned();
        self.call(what, "").run(command)
    }

    fn call(&self, what: String, input: &str) -> Call<'r> {
        Call {
            tool: self.request.tool,
            what,
            input: input.to_owned(),
            reporter: self.reporter,
        }
    }
}
