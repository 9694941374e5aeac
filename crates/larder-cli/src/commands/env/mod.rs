//! `larder env`: one module for each of its commands.

use std::{path::PathBuf, process::ExitCode};

use larder::is_spec_among_files;

use super::create;

use crate::{
    args::{EnvArgs, EnvCommand, EnvConfigCommand, GlobalArgs},
    environment::Environment,
    failure::Failure,
};

mod export;
mod list;
mod remove;
mod update;
mod vars;

pub(super) use update::{in_place as update_in_place, tell as tell_of_update};

/// The specs of a command whose `-f` takes several files, as conda's does: those that follow its files are taken out
/// of these.
fn take_specs(
    files: &mut Vec<PathBuf>,
    specs: &[String],
    environment: &Environment,
) -> Vec<String> {
    let directory = &environment.working_directory;
    let mut all = specs.to_vec();
    let mut is_first = true;
    files.retain(|file| {
        let is_spec = !std::mem::take(&mut is_first) && is_spec_among_files(file, directory);
        if is_spec {
            all.push(file.to_string_lossy().into_owned());
        }
        !is_spec
    });
    all
}

pub(super) fn env(
    args: &EnvArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    match &args.command {
        EnvCommand::Create(args) => {
            let mut rest = args.rest.clone();
            let specs = take_specs(&mut rest.input.files, &args.specs, environment);
            create::make(&specs, &rest, global, environment)
        }
        EnvCommand::Export(args) => export::export(args, global, environment),
        EnvCommand::List(_) => list::list(global, environment),
        EnvCommand::Config(args) => match &args.command {
            EnvConfigCommand::Vars(args) => vars::vars(&args.command, global, environment),
        },
        EnvCommand::Update(args) => update::update(args, global, environment),
        EnvCommand::Remove(args) => remove::remove(args, global, environment),
    }
}
