//! The environment of a step: the arguments of `larder create` that the inputs come to.

use std::path::PathBuf;

use clap::Parser as _;
use larder::{CreateReport, DEFAULT_MANIFEST};

use crate::{
    args::{Cli, Command, CreateArgs, GlobalArgs},
    commands::create::{self, Made},
    environment::Environment,
    failure::Failure,
};

use super::inputs::Inputs;

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
        if rest.input.files.is_empty() && create.specs.is_empty() {
            let here = |name: &str| environment.working_directory.join(name).is_file();
            let defaults = [DEFAULT_MANIFEST, "environment.yaml"];
            let Some(name) = defaults.into_iter().find(|name| here(name)) else {
                return Ok(None);
            };
            rest.input.files = vec![PathBuf::from(name)];
        }
        // What an earlier job left on this machine is not this job's.
        rest.yes = true;
        let global = GlobalArgs {
            quiet: global.quiet || cli.global.quiet,
            verbose: global.verbose.max(cli.global.verbose),
            offline: global.offline || cli.global.offline,
            json: global.json,
        };
        let create = Box::new(create);
        Ok(Some(Self { create, global }))
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

    /// Makes the environment and says so.
    pub(super) fn make(&self, environment: &Environment) -> Result<CreateReport, Failure> {
        let (specs, rest) = (&self.create.specs, &self.create.rest);
        match create::made(specs, rest, &self.global, environment)? {
            Made::Created(report) => {
                if !self.global.json {
                    create::tell(&report, rest, &self.global);
                }
                Ok(*report)
            }
            Made::Updated(_) => {
                let text = "`--compat` has no meaning in a step: its environment is new";
                Err(Failure::refused("usage::create-args", text))
            }
        }
    }
}

fn refused(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let text = text.trim_start_matches("error: ").trim_end();
    let text = format!("arguments of `larder create`: {text}");
    Failure::refused("usage::create-args", text).with_exit_code(USAGE)
}
