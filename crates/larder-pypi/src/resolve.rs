//! A section to a lock: one call of uv or pip per target.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use larder_event::Reporter;
use larder_lock::PipLock;
use url::Url;

use crate::{
    Indexes, Provided, Section, Target, Tool, ToolError, ToolKind,
    edges::Edges,
    pip_report,
    private_file::PrivateFile,
    process::Call,
    pylock,
    resolved::{Chosen, Locking},
    stub::{self, Stubs},
    tool::NetworkUse,
};

/// What is resolved, for what, with what.
#[derive(Debug, Clone, Copy)]
pub struct ResolveRequest<'r> {
    /// What is asked for.
    pub section: &'r Section,
    /// What it is for.
    pub target: &'r Target,
    /// What is there already.
    pub provided: &'r [Provided],
    /// With what.
    pub tool: &'r Tool,
    /// For uv, where it finds no Python itself.
    pub python: Option<&'r Path>,
    /// Whether the tool's own Python is the target's: pip needs no wheels for everything then.
    pub is_native: bool,
    /// What uv ignores by its time of upload: `NAME=TIME`. pip cannot.
    pub package_cut_offs: &'r [String],
    /// Of the user's environment.
    pub indexes: &'r Indexes,
    /// An empty directory, which is the caller's to remove. Absolute, without links in it.
    pub scratch: &'r Path,
}

/// The lock of a section for one target. What conda provides is not in it, and holds the rest to its versions.
///
/// # Errors
/// [`ToolError`]; its text has what the tool said.
pub fn resolve(
    request: &ResolveRequest<'_>,
    reporter: &dyn Reporter,
) -> Result<PipLock, ToolError> {
    let stubs_directory = request.scratch.join("provided");
    fs::create_dir(&stubs_directory).map_err(ToolError::file("make", &stubs_directory))?;
    let stubs = stub::write(request.provided, &stubs_directory);
    let stubs = stubs.map_err(ToolError::file("write into", &stubs_directory))?;
    let resolving = Resolving {
        request,
        stubs: &stubs,
        reporter,
    };
    let (chosen, edges) = match request.tool.kind {
        ToolKind::Uv => resolving.with_uv()?,
        ToolKind::Pip => {
            let chosen = resolving.with_pip()?;
            let edges = Edges::of_metadata(&chosen, request.section, request.target);
            (chosen, edges)
        }
    };
    Locking {
        section: request.section,
        target: request.target,
        stubs: &stubs_directory,
        unversioned: &stubs.unversioned,
        edges: &edges,
    }
    .lock(chosen)
}

struct Resolving<'r> {
    request: &'r ResolveRequest<'r>,
    stubs: &'r Stubs,
    reporter: &'r dyn Reporter,
}

impl Resolving<'_> {
    fn with_uv(&self) -> Result<(Vec<Chosen>, Edges), ToolError> {
        let answer = self.request.scratch.join("pylock.toml");
        self.compile(&["--format", "pylock.toml", "--no-annotate"], &answer)?;
        // uv's answer says what was chosen and not what for; the other form of it says that. The second
        // call finds everything in uv's cache.
        let reasons = self.request.scratch.join("via.txt");
        self.compile(&["--annotation-style", "line"], &reasons)?;
        let text = fs::read_to_string(&answer).map_err(ToolError::file("read", &answer))?;
        let chosen = pylock::parse(&text, self.request.scratch);
        let chosen = chosen.map_err(|problem| self.answer(problem))?;
        let text = fs::read_to_string(&reasons).map_err(ToolError::file("read", &reasons))?;
        Ok((chosen, Edges::of_annotations(&text)))
    }

    fn compile(&self, form: &[&str], answer: &Path) -> Result<(), ToolError> {
        let request = self.request;
        let directory = &request.section.directory;
        let mut command = request
            .tool
            .command(directory, request.indexes, NetworkUse::Downloads);
        command.args(["--quiet", "pip", "compile", "-"]).args(form);
        command.args(["--no-header", "--no-sources"]);
        command.arg("--output-file").arg(answer);
        command.args(["--python-version", &request.target.python_full]);
        let triple = request.target.triple().unwrap_or_default();
        command.args(["--python-platform", &triple]);
        if let Some(python) = request.python {
            command.arg("--python").arg(python);
        }
        for cut_off in request.package_cut_offs {
            command.args(["--exclude-newer-package", cut_off]);
        }
        command.arg("--constraints").arg(self.constraints()?);
        if !self.stubs.unversioned.is_empty() {
            let excludes = self.file("excludes.txt", &self.stubs.unversioned.join("\n"))?;
            command.arg("--excludes").arg(excludes);
        }
        let text = without_editable_repositories(request.section.text());
        self.call(&text).run(command)
    }

    fn with_pip(&self) -> Result<Vec<Chosen>, ToolError> {
        let request = self.request;
        let answer = request.scratch.join("report.json");
        let directory = &request.section.directory;
        let mut command = request
            .tool
            .command(directory, request.indexes, NetworkUse::Downloads);
        command.args(["install", "--dry-run", "--ignore-installed", "--quiet"]);
        command.arg("--report").arg(&answer);
        command.arg("--constraint").arg(self.constraints()?);
        // uv reads it from its standard input; pip must have a file, and lines may hold credentials.
        let requirements =
            PrivateFile::create(request.scratch, "requirements.txt", request.section.text())?;
        command.arg("--requirement").arg(requirements.path());
        if !request.is_native {
            // For another machine pip takes wheels alone, and wants to be told where they would go.
            command.args(["--only-binary", ":all:", "--implementation", "cp"]);
            command.args(["--python-version", &request.target.python_full]);
            for platform in request.target.pip_platforms() {
                command.args(["--platform", &platform]);
            }
            command.arg("--target").arg(request.scratch.join("nowhere"));
        }
        self.call("").run(command)?;
        let text = fs::read(&answer).map_err(ToolError::file("read", &answer))?;
        pip_report::parse(&text).map_err(|problem| self.answer(problem))
    }

    fn call<'c>(&'c self, input: &str) -> Call<'c> {
        Call {
            tool: self.request.tool,
            what: "resolve the `pip:` section".to_owned(),
            input: input.to_owned(),
            reporter: self.reporter,
        }
    }

    fn answer(&self, problem: String) -> ToolError {
        ToolError::Answer {
            tool: self.request.tool.described(),
            problem,
        }
    }

    /// Whoever asks for what conda provides gets the stand-in, or no answer.
    fn constraints(&self) -> Result<PathBuf, ToolError> {
        let mut text = String::new();
        for (name, path) in &self.stubs.wheels {
            if let Ok(url) = Url::from_file_path(path) {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{name} @ {url}");
            }
        }
        self.file("constraints.txt", &text)
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf, ToolError> {
        let path = self.request.scratch.join(name);
        fs::write(&path, text).map_err(ToolError::file("write", &path))?;
        Ok(path)
    }
}

/// uv takes repositories, but none as editable: what is passed on in the end is a commit of one either way.
fn without_editable_repositories(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let editable = line
            .strip_prefix("--editable")
            .or_else(|| line.strip_prefix("-e"));
        let place = editable.map(|rest| rest.trim_start_matches([' ', '=']));
        match place.filter(|place| is_repository(place)) {
            Some(place) => named(place),
            None => line.to_owned(),
        }
    });
    lines.map(|line| line + "\n").collect()
}

fn is_repository(place: &str) -> bool {
    let tools = ["git+", "hg+", "svn+", "bzr+"];
    tools.iter().any(|tool| place.starts_with(tool))
}

/// `name @ url` for `url#egg=name`.
fn named(place: &str) -> String {
    let Some((url, fragment)) = place.split_once('#') else {
        return place.to_owned();
    };
    let parts = fragment.split('&');
    let (egg, rest): (Vec<&str>, Vec<&str>) = parts.partition(|part| part.starts_with("egg="));
    let rest = match rest.join("&") {
        rest if rest.is_empty() => rest,
        rest => format!("#{rest}"),
    };
    match egg.first().and_then(|egg| egg.strip_prefix("egg=")) {
        Some(name) => format!("{name} @ {url}{rest}"),
        None => format!("{url}{rest}"),
    }
}

#[cfg(test)]
mod tests;
