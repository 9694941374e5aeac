//! `larder store`: one module per part.

use std::process::ExitCode;

use crate::{
    args::{GlobalArgs, StoreArgs, StoreCommand},
    environment::Environment,
    failure::Failure,
};

mod export;
mod gc;
mod import;
mod path;

pub(super) fn store(
    args: &StoreArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    match &args.command {
        StoreCommand::Path(_) => path::path(global, environment),
        StoreCommand::Gc(args) => gc::gc(args, global, environment),
        StoreCommand::Import(args) => import::import(args, global, environment),
        StoreCommand::Export(args) => export::export(args, global, environment),
    }
}
