//! `larder store`: one module per part.

use std::process::ExitCode;

use crate::{
    args::{GlobalArgs, StoreArgs, StoreCommand},
    environment::Environment,
    failure::Failure,
};

mod ages;
mod export;
mod gc;
mod gc_remote;
mod import;
mod info;
mod list;
mod path;
mod pull;
mod push;
mod verify;

pub(in crate::commands) use ages::ago;

pub(super) fn store(
    args: &StoreArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    match &args.command {
        StoreCommand::Path(_) => path::path(global, environment),
        StoreCommand::Info(_) => info::info(global, environment),
        StoreCommand::List(args) => list::list(args, global, environment),
        StoreCommand::Verify(args) => verify::verify(args, global, environment),
        StoreCommand::Gc(args) => gc::gc(args, global, environment),
        StoreCommand::Push(args) => push::push(args, global, environment),
        StoreCommand::Pull(args) => pull::pull(args, global, environment),
        StoreCommand::Import(args) => import::import(args, global, environment),
        StoreCommand::Export(args) => export::export(args, global, environment),
    }
}
