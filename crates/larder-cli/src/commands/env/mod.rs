//! `larder env`: one module for each of its commands.

use std::process::ExitCode;

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

pub(super) fn env(
    args: &EnvArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    match &args.command {
        EnvCommand::Create(args) => create::make(&[], &args.rest, global, environment),
        EnvCommand::Export(args) => export::export(args, global, environment),
        EnvCommand::List(_) => list::list(global, environment),
        EnvCommand::Config(args) => match &args.command {
            EnvConfigCommand::Vars(args) => vars::vars(&args.command, global, environment),
        },
        EnvCommand::Update(args) => update::update(args, global, environment),
        EnvCommand::Remove(args) => remove::remove(args, global, environment),
    }
}
