//! `larder ci setup`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Instant, SystemTime},
};

use larder::{
    CreateReport,
    cache::{Hit, RestoreReport, Style},
    step::{CacheUse, Cold, StepReport, summary, trim},
};
use serde_json::{Value, json};

use crate::{
    args::{CiCleanup, CiService, CiSetupArgs, GlobalArgs, TargetArgs},
    commands::{
        context::settings_with_store,
        job::{self, Job},
        shell::this_program,
        shell_hook,
    },
    environment::Environment,
    failure::Failure,
    output, progress,
};

use super::{
    inputs::Inputs,
    making::Asked,
    service,
    state::State,
    store::{self, Kept},
};

pub(super) fn setup(
    args: &CiSetupArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let service = service::of(&args.job, environment);
    let directory = service::directory(service, environment)?;
    let inputs = Inputs::of(args, (service, &directory), environment)?;
    let step = Step {
        args,
        service,
        directory: &directory,
        inputs: &inputs,
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
    global: &'a GlobalArgs,
    environment: &'a Environment,
}

impl Step<'_> {
    fn run(&self) -> Result<StepReport, Failure> {
        let begun = Instant::now();
        let mut report = StepReport {
            success: true,
            cache: None,
            environment: None,
            cold: None,
            milliseconds: 0,
        };
        let mut state = State::default();
        let asked = Asked::of(self.inputs, self.global, self.environment)?;
        let mut has = self.environment.clone();
        if let Some(asked) = &asked {
            let shared = store::shared(self.inputs, self.service, self.environment);
            let kept = match shared {
                Some(_) => None,
                None => self.kept(asked)?,
            };
            has = self.environment_with(kept.as_ref(), shared.as_deref());
            let restored = kept
                .as_ref()
                .map(|kept| kept.restore(self.global))
                .transpose()?;
            let made = asked.make(&has)?;
            report.milliseconds = milliseconds(begun);
            if let (Some(kept), Some(restored)) = (&kept, &restored) {
                let used = cache_use(kept, restored, &made);
                if used.hit != Hit::True {
                    let key = used.key.clone().unwrap_or_default();
                    state.save = Some(kept.to_save(key, self.args.trim));
                }
                report.cache = Some(used);
                report.cold = Cold::read(kept.notes());
            }
            if let Some(remote) = shared {
                report.cache = Some(CacheUse::of_objects(&remote, &made));
                state.push = store::to_push(remote, &made, (&has, self.environment));
            }
            report.environment = Some(made);
            if let (true, Some(kept)) = (report.is_cold(), &kept) {
                cold(&report).write(kept.notes());
            }
            self.trim(&has)?;
        }
        if let Some(made) = &report.environment {
            self.for_later_steps(&made.prefix, &has)?;
            self.set_removal(&made.prefix, &mut state);
        }
        report.milliseconds = milliseconds(begun);
        self.tell(&report)?;
        let file = State::new_file(
            &self.args.job,
            (self.service, self.directory),
            self.environment,
        );
        state.write(&file, (self.service, self.environment))?;
        Ok(report)
    }

    fn kept(&self, asked: &Asked) -> Result<Option<Kept>, Failure> {
        let files = asked.files(self.environment);
        let place = (self.service, self.directory);
        Kept::of(self.inputs, &files, place, (self.global, self.environment))
    }

    /// The variables of this step: the machine goes with the job, unless somebody says otherwise.
    fn environment_with(&self, kept: Option<&Kept>, shared: Option<&str>) -> Environment {
        let mut has = self.environment.clone();
        if has.path("CI").is_none() {
            has = has.with("CI", "true");
        }
        if let Some(condarc) = &self.inputs.condarc {
            has = has.with("CONDARC", condarc);
        }
        if let Some(remote) = shared {
            // What is new is put there at the job's end, if it succeeds.
            has = has
                .with("LARDER_REMOTE", remote)
                .with("LARDER_REMOTE_PUSH", "");
            if has.path("LARDER_STORE").is_none() {
                has = has.with("LARDER_STORE", self.directory.join("store"));
            }
        }
        match kept {
            Some(kept) => has.with("LARDER_STORE", kept.directory()),
            None => has,
        }
    }

    /// Takes out of a store that the service will save what this environment does not need.
    fn trim(&self, has: &Environment) -> Result<(), Failure> {
        if !self.args.trim {
            return Ok(());
        }
        let settings = settings_with_store(self.global, has)?;
        let reporter = progress::reporter(self.global);
        trim(&settings, SystemTime::now(), &*reporter).map_err(|error| Failure::new(&error))
    }

    fn for_later_steps(&self, prefix: &Path, has: &Environment) -> Result<(), Failure> {
        if let (CiService::Github, Some(condarc), Some(file)) =
            (self.service, &self.inputs.condarc, has.path("GITHUB_ENV"))
        {
            service::append(&file, &format!("CONDARC={}\n", condarc.display()))?;
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
        let commands = |text: &str| match self.global.json {
            true => output::tell(text.trim_end()),
            false => output::data(text),
        };
        job::say(&job, &variables, commands).map(drop)
    }

    /// A program that runs scripts in the environment, as `shell:` of a step wants it.
    fn run_shell(&self, prefix: &Path) -> Result<(), Failure> {
        if cfg!(windows) {
            output::tell(
                "warning: there is no larder-shell on Windows: later steps have the environment anyway",
            );
            return Ok(());
        }
        let larder = quoted(&this_program()?.to_string_lossy());
        let prefix = quoted(&prefix.to_string_lossy());
        let text = format!(
            "#!/usr/bin/env bash\nexec {larder} run -p {prefix} -- bash -eo pipefail \"$@\"\n"
        );
        let bin = self.directory.join("bin");
        let file = bin.join("larder-shell");
        service::write(&file, &text)?;
        make_executable(&file)?;
        match self.service {
            CiService::Github => match self.environment.path("GITHUB_PATH") {
                Some(path) => service::append(&path, &format!("{}\n", bin.display())),
                None => Ok(()),
            },
            CiService::Azure => {
                let text = format!("##vso[task.prependpath]{}", bin.display());
                service::command(&text, self.global.json);
                Ok(())
            }
            CiService::Gitlab | CiService::None => Ok(()),
        }
    }

    fn set_removal(&self, prefix: &Path, state: &mut State) {
        if self.inputs.cleanup != CiCleanup::None {
            state.environment = Some(prefix.to_owned());
        }
        if self.inputs.cleanup == CiCleanup::All {
            state.remove.push(self.directory.to_owned());
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
            let matched = cache.matched_key.as_deref().map(output::foreign);
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
        let command = format!("##vso[task.uploadsummary]{}", file.display());
        service::command(&command, self.global.json);
        Ok(())
    }
}

fn cache_use(kept: &Kept, restored: &RestoreReport, made: &CreateReport) -> CacheUse {
    let whole = kept.key.whole(made);
    let hit = match &restored.matched_key {
        Some(matched) => Hit::of(Style::Github, &whole, matched),
        None => Hit::False,
    };
    CacheUse {
        remote: kept.remote(),
        hit,
        key: Some(whole),
        matched_key: restored.matched_key.clone(),
        bytes: restored.size,
        milliseconds: restored.milliseconds,
    }
}

fn cold(report: &StepReport) -> Cold {
    let bytes = |made: &CreateReport| made.fetched_bytes;
    Cold {
        milliseconds: report.milliseconds,
        bytes: report.environment.as_ref().map_or(0, bytes),
    }
}

fn milliseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(unix)]
fn make_executable(file: &PathBuf) -> Result<(), Failure> {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).map_err(|error| {
        let text = format!("cannot make `{}` executable: {error}", file.display());
        Failure::world("ci::write", text)
    })
}

#[cfg(not(unix))]
fn make_executable(_file: &PathBuf) -> Result<(), Failure> {
    Ok(())
}
