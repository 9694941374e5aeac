//! `larder ci setup`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Instant, SystemTime},
};

use larder::{
    CreateReport, make_executable,
    step::{Cold, StepReport, summary, trim},
};
use larder_event::elapsed_milliseconds;
use serde_json::{Value, json};

use crate::{
    args::{CiCleanup, CiService, CiSetupArgs, GlobalArgs, TargetArgs},
    commands::{
        context::settings_with_store,
        frame::performed,
        job::{self, Job},
        shell::{quoted, this_program},
        shell_hook,
    },
    environment::Environment,
    failure::Failure,
    output::{self, AzureCommand, github_assignment, github_path},
};

use super::{
    inputs::Inputs,
    keep::{Keeping, Left},
    making::Asked,
    service,
    state::State,
};

pub(super) fn setup(
    args: &CiSetupArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let begun = Instant::now();
    let service = service::of(&args.job, environment);
    let directory = service::directory(service, environment)?;
    let inputs = Inputs::of(args, (service, &directory), environment)?;
    let step = Step {
        args,
        service,
        directory: &directory,
        inputs: &inputs,
        begun,
        global,
        environment,
    };
    let report = step.run()?;
    if global.json {
        let mut document = json!(report);
        let outputs = report.outputs().into_iter();
        let outputs = outputs.map(|(name, value)| (name.to_owned(), Value::String(value)));
        document["outputs"] = Value::Object(outputs.collect());
        output::json(&document);
    }
    Ok(ExitCode::SUCCESS)
}

/// A step that is under way.
struct Step<'a> {
    args: &'a CiSetupArgs,
    service: CiService,
    directory: &'a Path,
    inputs: &'a Inputs,
    begun: Instant,
    global: &'a GlobalArgs,
    environment: &'a Environment,
}

impl Step<'_> {
    fn run(&self) -> Result<StepReport, Failure> {
        let mut asked = Asked::of(self.inputs, self.global, self.environment)?;
        let file = State::new_file(
            &self.args.job,
            (self.service, self.directory),
            self.environment,
        );
        // For the end of a job that fails right here: what this step has made so far is to go as well.
        let begun = State {
            remove: self.removed_directories(),
            ..State::default()
        };
        begun.write(&file)?;
        State::hand_on(&file, (self.service, self.environment))?;
        let mut report = match &mut asked {
            Some(asked) => self.make(asked, &file)?,
            None => StepReport::default(),
        };
        report.success = true;
        report.milliseconds = elapsed_milliseconds(self.begun);
        self.tell(&report)?;
        Ok(report)
    }

    /// The environment; what is left for the job's end is in `state`.
    fn make(&self, asked: &mut Asked, state: &Path) -> Result<StepReport, Failure> {
        let files = asked.files(self.environment);
        let place = (self.service, self.directory);
        let keeping = Keeping::of(self.inputs, &files, place, (self.global, self.environment))?;
        let has = keeping.variables(self.variables());
        let made = asked.make(&has)?;
        let prefix = made.prefix.clone();
        let (cache, left) = keeping.after(&made, self.args.trim);
        let report = StepReport {
            success: true,
            name: asked.name(&prefix, &has),
            cache,
            environment: Some(made),
            cold: keeping.cold(),
            milliseconds: elapsed_milliseconds(self.begun),
        };
        // Whatever fails from here on, the environment is there and may have to go.
        self.state(left, prefix.clone()).write(state)?;
        if report.is_cold() {
            keeping.note(cold(&report));
        }
        self.trim(&has)?;
        self.for_later_steps(&prefix, &has)?;
        Ok(report)
    }

    /// The variables of this step: the machine goes with the job, unless somebody says otherwise.
    fn variables(&self) -> Environment {
        let mut has = self.environment.clone();
        if has.path("CI").is_none() {
            has = has.with("CI", "true");
        }
        match &self.inputs.condarc {
            Some(condarc) => has.with("CONDARC", condarc),
            None => has,
        }
    }

    /// Takes out of a store that the service will save what this environment does not need.
    fn trim(&self, has: &Environment) -> Result<(), Failure> {
        if !self.args.trim {
            return Ok(());
        }
        let settings = settings_with_store(self.global, has)?;
        let trimmed = performed(self.global, |reporter| {
            trim(&settings, SystemTime::now(), reporter)
        });
        // The store came out of a cache: a root that nobody can read costs its trimming, never the job, which has its
        // environment already.
        if let Err(failure) = trimmed {
            output::tell(format!(
                "warning: the store is not trimmed: {}",
                failure.text()
            ));
        }
        Ok(())
    }

    fn for_later_steps(&self, prefix: &Path, has: &Environment) -> Result<(), Failure> {
        if let (CiService::Github, Some(condarc), Some(file)) =
            (self.service, &self.inputs.condarc, has.path("GITHUB_ENV"))
        {
            service::append(
                &file,
                &github_assignment("CONDARC", &condarc.display().to_string()),
            )?;
        }
        if self.inputs.has_run_shell {
            self.run_shell(prefix)?;
        }
        let job = match self.service {
            _ if !self.inputs.is_activated => None,
            CiService::Github => Some(Job::github(has)?),
            CiService::Azure => Some(Job::Azure),
            CiService::Gitlab | CiService::None => None,
        };
        let Some(job) = job else {
            return Ok(());
        };
        let target = TargetArgs {
            name: None,
            prefix: Some(prefix.to_owned()),
        };
        let variables = shell_hook::changed(&target, self.global, has)?;
        let stream = service::command_stream(self.global.json);
        job::say(&job, &variables, stream).map(drop)
    }

    /// A program that runs scripts in the environment, as `shell:` of a step wants it.
    fn run_shell(&self, prefix: &Path) -> Result<(), Failure> {
        if cfg!(windows) {
            output::tell(
                "warning: there is no larder-shell on Windows: later steps have the environment anyway",
            );
            return Ok(());
        }
        let larder = quoted(&this_program()?);
        let prefix = quoted(prefix);
        let text = format!(
            "#!/usr/bin/env bash\nexec {larder} run -p {prefix} -- bash -eo pipefail \"$@\"\n"
        );
        let bin = self.directory.join("bin");
        let file = bin.join("larder-shell");
        service::write(&file, &text)?;
        make_executable(&file).map_err(|error| Failure::world("ci::write", error.to_string()))?;
        match self.service {
            CiService::Github => match self.environment.path("GITHUB_PATH") {
                Some(path) => service::append(&path, &path_line(&bin)?),
                None => Ok(()),
            },
            CiService::Azure => {
                let bin = bin.display().to_string();
                let command = AzureCommand::new("task.prependpath", &[], &bin);
                service::print_command(&command, self.global.json);
                Ok(())
            }
            CiService::Gitlab | CiService::None => Ok(()),
        }
    }

    fn state(&self, left: Option<Left>, prefix: PathBuf) -> State {
        let is_kept = self.inputs.cleanup == CiCleanup::None;
        State {
            left,
            environment: (!is_kept).then_some(prefix),
            remove: self.removed_directories(),
        }
    }

    /// What the job's end removes beside the environment.
    fn removed_directories(&self) -> Vec<PathBuf> {
        match self.inputs.cleanup {
            CiCleanup::All => vec![self.directory.to_owned()],
            CiCleanup::None | CiCleanup::Environment => Vec::new(),
        }
    }

    /// Outputs and summary.
    fn tell(&self, report: &StepReport) -> Result<(), Failure> {
        let outputs = report.outputs();
        service::tell_outputs(self.service, &outputs, (self.global.json, self.environment))?;
        if let Some(file) = &self.args.dotenv {
            let file = self.environment.working_directory.join(file);
            service::append(&file, &service::dotenv(&outputs))?;
        }
        let place = (self.directory, self.environment);
        let file = service::summary_file(self.service, self.args.summary.as_ref(), place);
        if let Some(file) = file.filter(|_| self.inputs.has_summary) {
            self.summary(&file, report)?;
        }
        let cache = report.cache.as_ref();
        if let Some(cache) = cache.filter(|_| !self.global.json && !self.global.quiet) {
            let matched = cache.matched_key.as_deref();
            let matched = matched.map(|key| format!(": {key}")).unwrap_or_default();
            output::tell(format!("cache-hit {}{matched}", cache.hit.as_str()));
        }
        Ok(())
    }

    fn summary(&self, file: &Path, report: &StepReport) -> Result<(), Failure> {
        let text = format!("### larder\n\n{}\n", summary(report));
        if self.service != CiService::Azure || self.args.summary.is_some() {
            return service::append(file, &text);
        }
        service::write(file, &text)?;
        let file = file.display().to_string();
        let command = AzureCommand::new("task.uploadsummary", &[], &file);
        service::print_command(&command, self.global.json);
        Ok(())
    }
}

/// The line of GITHUB_PATH for a directory.
fn path_line(directory: &Path) -> Result<String, Failure> {
    github_path(directory).ok_or_else(|| {
        let text = format!(
            "`{}` is not a line of text, as GITHUB_PATH needs it",
            directory.display()
        );
        Failure::refused("ci::path", text)
    })
}

fn cold(report: &StepReport) -> Cold {
    let bytes = |made: &CreateReport| made.fetched_bytes;
    Cold {
        milliseconds: report.milliseconds,
        bytes: report.environment.as_ref().map_or(0, bytes),
    }
}
