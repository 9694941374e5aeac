//! `larder env`: one module for each of its commands.

use std::process::ExitCode;

use crate::{
    args::{EnvArgs, EnvCommand, GlobalArgs},
    environment::Environment,
    failure::Failure,
};

mod remove;
mod update;

pub(super) use update::tell as tell_of_update;

pub(super) fn env(
    args: &EnvArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    match &args.command {
        EnvCommand::Update(args) => update::update(args, global, environment),
        EnvCommand::Remove(args) => remove::remove(args, global, environment),
    }
}
