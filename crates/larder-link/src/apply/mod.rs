//! [`apply`]: makes the environment that a plan describes, whole or not at all.

mod build;
mod directories;
mod durable;
mod files;
mod meta;
mod rewrite;
mod site;
mod tasks;

use std::{cell::Cell, fs, path::Path, sync::Arc, time::Instant};

use larder_event::{Event, Phase, Reporter};
use larder_fs::{PathContext as _, PathError, bytes_written};

use crate::{
    AdditionFailed, ApplyError, Held, LinkOptions, LinkPlan, Menus, ScriptMessage, ScriptPolicy,
    addition::{self, AddError},
    bytecode, menus,
    plan::{PlannedPackage, PlannedPath},
    platform_record::{self, PLATFORM_RECORD, PlatformRecorded},
    scripts::{self, Moment, ScriptPlace},
};

use build::{Build, UnlinkScripts};
pub(crate) use durable::Fresh;
pub(crate) use files::Written;
pub(crate) use meta::write_records;
pub(crate) use site::{Site, is_scratch};

/// The least that a file system makes dirty, in bytes.
const PAGE: u64 = 4096;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Files, links and directories of packages, and generated files.
    pub paths: u64,
    /// Bytes written rather than linked.
    pub bytes_written: u64,
    /// Names of packages with files in their trees that somebody touched: with the right bytes, so they
    /// were linked, but each use reads them again until their stamps are noted.
    pub touched: Vec<String>,
    /// What link scripts want the user to read, in the order in which they ran.
    pub messages: Vec<ScriptMessage>,
}

/// Makes the environment. `options` are those that the plan was made with.
///
/// Emits the phases [`Phase::Link`] and, if there are scripts, [`Phase::Scripts`], a
/// [`Event::Linked`] for each package, and at the very end an [`Event::ScriptMessage`] for each message.
///
/// # Errors
/// [`ApplyError`]; what was at the prefix before is there again.
pub fn apply(
    plan: &LinkPlan<'_>,
    options: &LinkOptions,
    reporter: &dyn Reporter,
) -> Result<Applied, ApplyError> {
    let begun = begin(Path::new(&plan.prefix), options, reporter)?;
    complete(begun, plan, None, (options, reporter))
}

/// A place that is taken: nobody else changes the prefix until this is gone.
pub(crate) struct Begun {
    pub(crate) build: Build,
    _held: Arc<Held>,
}

/// Takes the place, clears away what killed runs left there, makes an empty staging directory.
pub(crate) fn begin(
    prefix: &Path,
    options: &LinkOptions,
    reporter: &dyn Reporter,
) -> Result<Begun, ApplyError> {
    let held = hold(prefix, options, reporter)?;
    let site = Site::new(prefix, held.key());
    held.recover(reporter)
        .map_err(|source| ApplyError::Recover {
            prefix: site.prefix.clone(),
            source,
        })?;
    let build = Build::start(site, options.replace, options.durability)?;
    Ok(Begun { build, _held: held })
}

/// Makes of a staging directory the environment at its place, or puts everything back. What was
/// `written` already is not linked.
pub(crate) fn complete(
    mut begun: Begun,
    plan: &LinkPlan<'_>,
    written: Option<Written>,
    (options, reporter): (&LinkOptions, &dyn Reporter),
) -> Result<Applied, ApplyError> {
    warn_of_clobbers(plan, reporter);
    if options.menus == Menus::Nobody {
        menus::warn_of_menus(plan, reporter);
    }
    let run = Run::new(plan, options, reporter);
    let runs_scripts = options.link_scripts == ScriptPolicy::Run;
    begun.build.unlinks = runs_scripts.then(|| UnlinkScripts {
        subdir: options.subdir,
        host: options.script_host.clone(),
    });
    let applied = match run.build(&mut begun.build, written) {
        Ok(applied) => applied,
        Err(error) => {
            begun.build.abandon(reporter);
            return Err(error);
        }
    };
    begun.build.finish(options.replace, reporter)?;
    report_messages(applied.messages.clone(), reporter);
    Ok(applied)
}

/// Reports what link scripts want the user to read.
pub(crate) fn report_messages(messages: Vec<ScriptMessage>, reporter: &dyn Reporter) {
    for ScriptMessage { package, text } in messages {
        reporter.event(&Event::ScriptMessage { package, text });
    }
}

/// The prefix, held: by the caller, or from here on.
pub(crate) fn hold(
    prefix: &Path,
    options: &LinkOptions,
    reporter: &dyn Reporter,
) -> Result<Arc<Held>, ApplyError> {
    if let Some(held) = &options.held {
        return Ok(Arc::clone(held));
    }
    let held = Held::wait(
        prefix,
        &options.command_line,
        &options.journal_key,
        reporter,
    );
    held.map(Arc::new).map_err(|source| ApplyError::Place {
        prefix: prefix.to_owned(),
        source,
    })
}

fn warn_of_clobbers(plan: &LinkPlan<'_>, reporter: &dyn Reporter) {
    for clobber in plan.clobbers() {
        reporter.warn("link::clobbered", clobber.to_string());
    }
}

pub(crate) fn tell_of_packages(plan: &LinkPlan<'_>, reporter: &dyn Reporter) {
    for planned in &plan.packages {
        reporter.event(&Event::Linked {
            package: planned.package.dist(),
            files: planned.paths.len() as u64,
        });
    }
}

/// Which scripts run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scripts {
    pub(crate) pre_link: bool,
    pub(crate) post_link: bool,
}

impl Scripts {
    fn wanted(plan: &LinkPlan<'_>, options: &LinkOptions, reporter: &dyn Reporter) -> Self {
        let none = Self {
            pre_link: false,
            post_link: false,
        };
        let with_scripts: Vec<String> = plan
            .packages
            .iter()
            .filter(|planned| planned.has_pre_link || planned.has_post_link)
            .map(|planned| planned.package.dist())
            .collect();
        if with_scripts.is_empty() {
            return none;
        }
        let reason = if options.link_scripts == ScriptPolicy::Skip {
            "as asked"
        } else if !scripts::can_run(options.subdir) {
            "because they are for another operating system"
        } else {
            return Self {
                pre_link: plan.packages.iter().any(|planned| planned.has_pre_link),
                post_link: plan.packages.iter().any(|planned| planned.has_post_link),
            };
        };
        let text = format!(
            "link scripts are not run, {reason}: {}",
            with_scripts.join(", ")
        );
        reporter.warn("link::scripts-skipped", text);
        none
    }
}

/// Links what a plan describes and runs its scripts, wherever that is.
pub(crate) struct Run<'r, 'a> {
    plan: &'r LinkPlan<'a>,
    options: &'r LinkOptions,
    reporter: &'r dyn Reporter,
    pub(crate) scripts: Scripts,
    scripts_wrote: Cell<bool>,
}

impl<'r, 'a> Run<'r, 'a> {
    pub(crate) fn new(
        plan: &'r LinkPlan<'a>,
        options: &'r LinkOptions,
        reporter: &'r dyn Reporter,
    ) -> Self {
        Self {
            plan,
            options,
            reporter,
            scripts: Scripts::wanted(plan, options, reporter),
            scripts_wrote: Cell::new(false),
        }
    }

    fn build(&self, build: &mut Build, written: Option<Written>) -> Result<Applied, ApplyError> {
        let mut messages = Vec::new();
        if self.scripts.pre_link {
            build.move_unfinished(self.options.replace, self.reporter)?;
            self.run_scripts(Moment::PreLink, &mut messages)?;
        }
        let mut written = match written {
            Some(written) => written,
            None => self.link(build.root())?,
        };
        let added = bytecode::add(self.plan, self.options, build.root(), self.reporter)?;
        written.take(added);
        if self.scripts.post_link {
            if !build.is_in_place() {
                build.move_unfinished(self.options.replace, self.reporter)?;
            }
            self.run_scripts(Moment::PostLink, &mut messages)?;
        }
        if let Some(addition) = &self.options.addition {
            if !build.is_in_place() {
                build.move_unfinished(self.options.replace, self.reporter)?;
            }
            let added = addition::add(&**addition, &build.site.prefix, self.reporter);
            added.map_err(|error| self.add_error(error))?;
            written.has_others = true;
        }
        written.has_others |= self.scripts_wrote();
        build.fresh = Fresh::of(self.plan, &written, self.options.threads);
        build.check_still_ours()?;
        self.record_platform(build)?;
        meta::write(self.plan, self.options, &written, build.root())?;
        let durability = build.flush_before_history()?;
        meta::write_history(self.plan, self.options, (build.root(), durability))?;
        Ok(Applied {
            paths: self.count(&written),
            bytes_written: written.bytes,
            touched: self.touched(&written),
            messages,
        })
    }

    /// Records the platform in the environment if it is not this machine's.
    fn record_platform(&self, build: &mut Build) -> Result<(), ApplyError> {
        let subdir = self.options.subdir;
        let recorded = platform_record::record_platform(build.root(), subdir);
        let recorded = recorded.map_err(|error| self.add_error(AddError::Place(error)))?;
        match recorded {
            PlatformRecorded::Needless => {}
            PlatformRecorded::Written => build.fresh.add_file(PLATFORM_RECORD),
            PlatformRecorded::Occupied => {
                let text = format!(
                    "a package or script made `{PLATFORM_RECORD}` in the environment, so it is not recorded there \
                     that the environment is for {subdir}: later commands need `--platform {subdir}`"
                );
                self.reporter.warn("link::platform-not-recorded", text);
            }
        }
        Ok(())
    }

    fn add_error(&self, error: AddError) -> ApplyError {
        match error {
            AddError::Failed => ApplyError::Addition(AdditionFailed),
            AddError::Place(source) => ApplyError::Place {
                prefix: self.options.prefix.clone(),
                source,
            },
        }
    }

    /// The names of the packages whose trees somebody touched.
    pub(crate) fn touched(&self, written: &Written) -> Vec<String> {
        let packages = self.plan.packages.iter().zip(&written.touched);
        packages
            .filter(|(_, touched)| **touched)
            .map(|(planned, _)| planned.package.name().to_owned())
            .collect()
    }

    fn count(&self, written: &Written) -> u64 {
        let planned = self.plan.lines().filter(|line| !line.is_lost).count();
        let pycs: usize = written.pycs.iter().map(Vec::len).sum();
        (planned + pycs) as u64
    }

    /// Directories and files, below `root`.
    pub(crate) fn link(&self, root: &Path) -> Result<Written, ApplyError> {
        let started = self.start(Phase::Link, self.plan.packages.len());
        let written = files::link(self.plan, self.options, root, self.reporter)?;
        tell_of_packages(self.plan, self.reporter);
        self.finish(Phase::Link, started);
        Ok(written)
    }

    pub(crate) fn run_scripts(
        &self,
        moment: Moment,
        messages: &mut Vec<ScriptMessage>,
    ) -> Result<(), ApplyError> {
        let has_script = |planned: &&PlannedPackage<'_>| match moment {
            Moment::PreLink => planned.has_pre_link,
            _ => planned.has_post_link,
        };
        let packages: Vec<_> = self.plan.packages.iter().filter(has_script).collect();
        let started = self.start(Phase::Scripts, packages.len());
        let place = ScriptPlace {
            prefix: &self.plan.prefix,
            subdir: self.options.subdir,
            host: self.options.script_host.as_deref(),
        };
        for planned in packages {
            if moment == Moment::PreLink {
                self.check_script(planned)?;
            }
            let before = bytes_written();
            let message = scripts::run(planned.package, moment, place).map_err(|error| {
                // The run ends here: what scripts have said so far is shown now or never.
                messages.extend(error.message());
                report_messages(std::mem::take(messages), self.reporter);
                ApplyError::Script(error)
            })?;
            self.note_output(before, message.as_slice());
            messages.extend(message);
        }
        self.finish(Phase::Scripts, started);
        Ok(())
    }

    /// Notes whether scripts have written more than their messages, which are taken away, and make one page
    /// dirty for each page of their length. `before` is what [`bytes_written`] gave before them.
    pub(crate) fn note_output(&self, before: Option<u64>, messages: &[ScriptMessage]) {
        let pages =
            |message: &ScriptMessage| (message.text.len() as u64 + 1).next_multiple_of(PAGE);
        let messages: u64 = messages.iter().map(pages).sum();
        let has_only_messages = before
            .zip(bytes_written())
            .is_some_and(|(before, after)| after - before <= messages);
        if !has_only_messages {
            self.scripts_wrote.set(true);
        }
    }

    /// Whether scripts may have written files besides their messages.
    pub(crate) fn scripts_wrote(&self) -> bool {
        self.scripts_wrote.get()
    }

    /// A pre-link script is run where it is in the tree.
    fn check_script(&self, planned: &PlannedPackage<'_>) -> Result<(), ApplyError> {
        let package = planned.package;
        let script = scripts::script_path(package.name(), Moment::PreLink, self.options.subdir);
        let is_script = |path: &&PlannedPath<'_>| {
            path.entry
                .is_some_and(|entry| entry.path.as_str() == script)
        };
        let Some(path) = planned.paths.iter().find(is_script) else {
            return Ok(());
        };
        match files::check(package.tree_root, path) {
            Ok(Some(source)) => Err(ApplyError::Tree {
                package: package.dist(),
                source,
            }),
            Ok(None) => Ok(()),
            Err(source) => Err(ApplyError::File {
                package: package.dist(),
                source,
            }),
        }
    }

    fn start(&self, phase: Phase, total: usize) -> Instant {
        self.reporter.event(&Event::PhaseStarted {
            phase,
            total: total as u64,
            bytes: 0,
        });
        Instant::now()
    }

    fn finish(&self, phase: Phase, started: Instant) {
        let milliseconds = started.elapsed().as_millis() as u64;
        self.reporter.event(&Event::PhaseFinished {
            phase,
            milliseconds,
        });
    }
}

/// A file below an environment that is being made; only larder writes there.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    fs::write(path, bytes).at("write file", path)
}
