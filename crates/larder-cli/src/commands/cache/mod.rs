//! `larder cache`: one module per part.

use std::process::ExitCode;

use crate::{
    args::{CacheArgs, CacheCommand, GlobalArgs},
    environment::Environment,
    failure::Failure,
};

pub(super) mod inputs;
mod key;
mod list;
mod outputs;
mod prune;
mod restore;
mod save;

pub(super) fn cache(
    args: &CacheArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    match &args.command {
        CacheCommand::Key(args) => key::key(args, global, environment),
        CacheCommand::Restore(args) => restore::restore(args, global, environment),
        CacheCommand::Save(args) => save::save(args, global, environment),
        CacheCommand::List(args) => list::list(args, global, environment),
        CacheCommand::Prune(args) => prune::prune(args, global, environment),
    }
}
