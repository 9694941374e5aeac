//! The environment of a step: the arguments of `larder create` that the inputs come to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Parser as _;
use larder::{CreateReport, DEFAULT_MANIFEST};

use crate::{
    args::{Cli, Command, CreateArgs, GlobalArgs},
    commands::{
        context::settings,
        create::{self, Made},
    },
    environment::Environment,
    failure::Failure,
    output,
};

use super::{inputs::Inputs, service};

/// The exit code for arguments that make no sense.
const USAGE: u8 = 2;

/// An environment that is asked for.
pub(super) struct Asked {
    create: Box<CreateArgs>,
    global: GlobalArgs,
}

impl Asked {
    /// None if neither a file nor a spec is there: then the step only has larder.
    pub(super) fn of(
        inputs: &Inputs,
        global: &GlobalArgs,
        environment: &Environment,
    ) -> Result<Option<Self>, Failure> {
        let mut line = vec!["larder".to_owned(), "create".to_owned()];
        line.extend(inputs.create.iter().cloned());
        let cli = Cli::try_parse_from(&line).map_err(|error| refused(&error))?;
        let Command::Create(mut create) = cli.command else {
            return Err(Failure::refused(
                "usage::create-args",
                "they name another command",
            ));
        };
        let rest = &mut create.rest;
        if rest.input.files.is_empty() {
            rest.input.files.clone_from(&inputs.files);
        }
        if rest.target.name.is_none() && rest.target.prefix.is_none() {
            (rest.target.name, rest.target.prefix) = (inputs.name.clone(), inputs.prefix.clone());
        }
        if rest.input.files.is_empty() {
            let here = |name: &str| environment.working_directory.join(name).is_file();
            let defaults = [DEFAULT_MANIFEST, "environment.yaml"];
            match defaults.into_iter().find(|name| here(name)) {
                Some(name) if create.specs.is_empty() => {
                    rest.input.files = vec![PathBuf::from(name)];
                }
                Some(name) => output::tell(format!(
                    "note: {name} is not used, as specs and no file were named; `-f {name}` adds them to it"
                )),
                None if create.specs.is_empty() && inputs.python.is_none() => return Ok(None),
                None => {}
            }
        }
        create.specs.extend(inputs.python.clone());
        // Whoever names a directory for this job means that directory. A name, or a `prefix:` of a manifest, which
        // a pull request can change, may be that of an environment that somebody works in.
        rest.yes |= rest.target.prefix.is_some();
        let global = GlobalArgs {
            quiet: global.quiet || cli.global.quiet,
            verbose: global.verbose.max(cli.global.verbose),
            offline: global.offline || cli.global.offline,
            json: global.json,
        };
        let create = Box::new(create);
        Ok(Some(Self { create, global }))
    }

    /// The name of the environment at `prefix`, if it has one: it lies where named environments are.
    pub(super) fn name(&self, prefix: &Path, environment: &Environment) -> Option<String> {
        let settings = settings(&self.global, environment).ok()?;
        let is_named = |directory: &PathBuf| prefix.parent() == Some(directory);
        let name = prefix.file_name()?.to_str()?.to_owned();
        settings.environments.iter().any(is_named).then_some(name)
    }

    /// The files, absolute, or URLs.
    pub(super) fn files(&self, environment: &Environment) -> Vec<PathBuf> {
        let files = self.create.rest.input.files.iter();
        let absolute = |file: &PathBuf| match file.to_string_lossy().contains("://") {
            true => file.clone(),
            false => environment.working_directory.join(file),
        };
        files.map(absolute).collect()
    }

    /// Makes the environment and says so. On a machine that outlives its jobs, an environment that an earlier job
    /// made is replaced, and no other one is.
    pub(super) fn make(&mut self, environment: &Environment) -> Result<CreateReport, Failure> {
        let made = match self.create_without_printing(environment) {
            Err(failure) => {
                let of_a_step = failure
                    .existing()
                    .filter(|prefix| made_by_step(prefix, environment));
                if of_a_step.is_none() {
                    return Err(self.explain(failure));
                }
                self.create.rest.yes = true;
                self.create_without_printing(environment)?
            }
            Ok(made) => made,
        };
        let rest = &self.create.rest;
        match made {
            Made::Created(report) => {
                if !self.global.json {
                    create::tell(&report, rest, &self.global);
                }
                note_made_by_step(&report.prefix, environment);
                Ok(*report)
            }
            Made::Updated(_) => {
                let text = "`--compat` has no meaning in a step: its environment is new";
                Err(Failure::refused("usage::create-args", text))
            }
        }
    }
}

impl Asked {
    fn create_without_printing(&self, environment: &Environment) -> Result<Made, Failure> {
        create::made(
            &self.create.specs,
            &self.create.rest,
            &self.global,
            environment,
        )
    }

    fn explain(&self, failure: Failure) -> Failure {
        match failure.existing() {
            None => failure,
            Some(_) => failure.with_hint(
                "no earlier `larder ci setup` of this user made it; `--yes` among the arguments of create (`create-args` of the action) replaces it, a directory (`-p`, `environment-path`) gives the job one of its own",
            ),
        }
    }
}

/// The list of environments that steps made on this machine. It is not in the prefix: whoever can write there could
/// claim anything.
fn step_environments(environment: &Environment) -> Option<PathBuf> {
    Some(environment.job_directory()?.join("environments.txt"))
}

fn made_by_step(prefix: &Path, environment: &Environment) -> bool {
    let list = step_environments(environment).and_then(|file| fs::read_to_string(file).ok());
    let list = list.unwrap_or_default();
    prefix
        .to_str()
        .is_some_and(|prefix| list.lines().any(|line| line == prefix))
}

/// Whether `finish` may remove an environment. A machine without a home keeps no list.
pub(super) fn may_be_of_step(prefix: &Path, environment: &Environment) -> bool {
    step_environments(environment).is_none() || made_by_step(prefix, environment)
}

/// A machine without a home keeps no list, and its environments are not replaced by name.
fn note_made_by_step(prefix: &Path, environment: &Environment) {
    if made_by_step(prefix, environment) {
        return;
    }
    // A line break would make entries of its own.
    let prefix = prefix
        .to_str()
        .filter(|prefix| !prefix.contains(['\n', '\r']));
    if let (Some(file), Some(prefix)) = (step_environments(environment), prefix) {
        let created = file.parent().map_or(Ok(()), fs::create_dir_all);
        let noted = created.is_ok() && service::append(&file, &format!("{prefix}\n")).is_ok();
        if !noted {
            output::tell(format!("warning: cannot write to `{}`", file.display()));
        }
    }
}

fn refused(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let text = output::continued(text.trim_start_matches("error: "));
    let text = format!("arguments of `larder create`: {text}");
    Failure::refused("usage::create-args", text).with_exit_code(USAGE)
}
