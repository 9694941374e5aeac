//! From a manifest's `pip:` section to its lock on one platform.

use std::path::{Path, PathBuf};

use larder_event::Reporter;
use larder_link::{ScratchDir, scratch_beside};
use larder_lock::{Closure, PipLock};
use larder_pypi::{
    Indexes, Provided, ResolveRequest, Section, SectionLine, Target, Tool, ToolError, provided,
    resolve, speaks_of,
};
use larder_solve::{CutOff, CutOffs};
use larder_store::Store;
use rattler_conda_types::{GenericVirtualPackage, Subdir};

use super::{
    PipError, memo,
    tool::{self, ToolRoom},
};
use crate::{Settings, inputs::ManifestInput};

/// What the `pip:` section of a manifest asks for on one platform, if it has one.
///
/// # Errors
/// If a file that it names cannot be read, or a line is none of a `pip:` section.
pub(crate) fn section(
    input: &ManifestInput,
    subdir: Subdir,
    settings: &Settings,
) -> Result<Option<Section>, PipError> {
    let lines = input.manifest.pip_lines_for(subdir);
    if lines.is_empty() {
        return Ok(None);
    }
    let lines = lines.into_iter().map(|line| SectionLine {
        text: &line.text,
        place: line.position.to_string(),
    });
    let section = Section::read(lines, input.directory(settings))?;
    Ok((!section.is_empty()).then_some(section))
}

/// What resolving needs of a run.
pub(crate) struct PipRun<'p> {
    pub(crate) settings: &'p Settings,
    pub(crate) store: &'p Store,
    /// Base URLs of the channels, for tools.
    pub(crate) channels: &'p [String],
    /// Those of packages hold for wheels of their names too.
    pub(crate) cut_offs: &'p CutOffs,
    pub(crate) reporter: &'p dyn Reporter,
}

/// One question.
struct Question<'q> {
    section: &'q Section,
    target: &'q Target,
    provided: &'q [Provided],
    subdir: Subdir,
}

/// What tools speak of in any case.
const OF_TOOLS: &[&str] = &["pip", "setuptools", "wheel"];

impl Question<'_> {
    /// A tool's failure, with the lines that it speaks of.
    fn explained(&self, error: PipError) -> PipError {
        let PipError::Tool(source @ ToolError::Failed { .. }) = error else {
            return error;
        };
        let ToolError::Failed { output, .. } = &source else {
            return PipError::Tool(source);
        };
        let named = self.section.lines_named_in(output);
        let first = named.first().map(|(place, _)| *place);
        let place = first.or(self.section.place()).unwrap_or_default();
        let is_conflict = |provided: &Provided| {
            !OF_TOOLS.contains(&provided.name.as_str()) && speaks_of(output, &provided.name)
        };
        PipError::Unresolved {
            place: place.to_owned(),
            lines: named
                .iter()
                .map(|(place, line)| format!("`{line}` ({place})"))
                .collect(),
            of_conda: self
                .provided
                .iter()
                .filter(|provided| is_conflict(provided))
                .map(|provided| format!("{} {}", provided.name, provided.version))
                .collect(),
            source,
        }
    }
}

impl PipRun<'_> {
    /// The lock of a section beside the conda packages of `closure`.
    ///
    /// # Errors
    /// See [`PipError`].
    pub(crate) async fn lock(
        &self,
        section: &Section,
        closure: &Closure,
        virtual_packages: &[GenericVirtualPackage],
    ) -> Result<PipLock, PipError> {
        let target = Target::new(closure, virtual_packages)?;
        let provided = provided(closure);
        let question = Question {
            section,
            target: &target,
            provided: &provided,
            subdir: closure.subdir(),
        };
        let indexes = Indexes::new(
            &self.settings.variables,
            self.settings.child_variables.clone(),
        );
        let cut_offs = package_cut_offs(self.cut_offs);
        let file = memo::path(self.store, section, (&provided, &target), &cut_offs);
        if self.settings.offline {
            let remembered = memo::read(&file, &self.settings.machine_records());
            return remembered.ok_or(PipError::Offline);
        }
        let answer = self.ask(&question, &indexes).await;
        let lock = answer.map_err(|error| question.explained(error))?;
        self.tell_of_passed_on(&lock);
        memo::write(&file, &lock, &self.settings.machine_records());
        Ok(lock)
    }

    async fn ask(&self, question: &Question<'_>, indexes: &Indexes) -> Result<PipLock, PipError> {
        let room = ToolRoom {
            settings: self.settings,
            channels: self.channels,
            reporter: self.reporter,
        };
        if let Some(uv) = self.uv(&room).await {
            let tool = (&uv, None);
            match self.resolve(question, tool, indexes) {
                Err(PipError::Tool(ToolError::Failed { output, .. })) if wants_python(&output) => {
                    let python = self.python(&room, question).await?;
                    return self.resolve(question, (&uv, Some(&python)), indexes);
                }
                other => return other,
            }
        }
        let python = self.python(&room, question).await?;
        let text = format!("there is no uv: pip resolves, that of {}", python.display());
        self.reporter.note(text);
        if !package_cut_offs(self.cut_offs).is_empty() {
            let text = "pip knows no cut-offs for single packages, so `exclude_newer_package` does not hold for wheels: \
                        LARDER_UV names a uv, which does";
            self.reporter.warn("pip::exclude-newer", text.to_owned());
        }
        self.resolve(question, (&Tool::pip(&python), None), indexes)
    }

    async fn uv(&self, room: &ToolRoom<'_>) -> Option<Tool> {
        if let Some(found) = tool::uv(self.settings) {
            self.reporter
                .note(format!("uv is {}", found.program.display()));
            return Some(found);
        }
        if tool::is_without_uv(self.settings) {
            return None;
        }
        match room.uv().await {
            Ok(made) => {
                let place = made.program.display();
                self.reporter
                    .note(format!("uv is that of the channels, {place}"));
                Some(made)
            }
            Err(error) => {
                self.reporter
                    .note(format!("no uv from the channels: {error}"));
                None
            }
        }
    }

    async fn python(
        &self,
        room: &ToolRoom<'_>,
        question: &Question<'_>,
    ) -> Result<PathBuf, PipError> {
        let made = room.python(&question.target.python).await;
        made.map_err(|error| PipError::NoTool {
            source: Box::new(error),
        })
    }

    fn resolve(
        &self,
        question: &Question<'_>,
        (tool, python): (&Tool, Option<&Path>),
        indexes: &Indexes,
    ) -> Result<PipLock, PipError> {
        let scratch = scratch(self.settings, self.reporter)?;
        let directory = scratch.path().join("pip");
        larder_fs::create_shared_dir(&directory)?;
        let request = ResolveRequest {
            section: question.section,
            target: question.target,
            provided: question.provided,
            tool,
            python,
            is_native: Subdir::current() == Some(question.subdir),
            package_cut_offs: &package_cut_offs(self.cut_offs),
            indexes,
            scratch: &directory,
        };
        Ok(resolve(&request, self.reporter)?)
    }

    fn tell_of_passed_on(&self, lock: &PipLock) {
        if !lock.passed_on().is_empty() {
            let lines = lock.passed_on().join("`, `");
            let text = format!("not locked to bytes, passed on as they are: `{lines}`");
            self.reporter.warn("pip::passed-on", text);
        }
    }
}

/// uv resolves without the target's Python, but not without any.
/// The cut-offs of packages, as uv takes them. Names of conda packages that no wheel has do no harm there.
fn package_cut_offs(cut_offs: &CutOffs) -> Vec<String> {
    let packages = cut_offs.packages.iter();
    packages
        .filter_map(|(name, cut_off)| match cut_off {
            CutOff::Exempt => None,
            CutOff::At(time) => {
                let time = jiff::Timestamp::try_from(*time).ok()?;
                Some(format!("{name}={time}"))
            }
        })
        .collect()
}

fn wants_python(output: &str) -> bool {
    output.contains("No interpreter found") || output.contains("No Python interpreter")
}

/// A directory for files of tools, on the file system of the trees. Those of killed runs are removed: there may
/// be credentials in them.
fn scratch(settings: &Settings, reporter: &dyn Reporter) -> Result<ScratchDir, PipError> {
    let place = settings.trees.join("pip");
    if let Err(error) = larder_link::recover(&place, &settings.journal_key, reporter) {
        reporter.note(format!("{error}: {}", error.source));
    }
    Ok(scratch_beside(&place)?)
}
