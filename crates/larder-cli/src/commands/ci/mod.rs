//! `larder ci`: the whole step of a CI job, in two halves: `setup`, and `finish` at the job's end.
//!
//! What differs between services is in `service` alone. Puts operations together that are commands of their
//! own as well: `larder cache`, `larder create`, `larder shell-hook`, `larder env remove`.

use std::process::ExitCode;

use crate::{
    args::{CiArgs, CiCommand, GlobalArgs},
    environment::Environment,
    failure::Failure,
};

mod finish;
mod inputs;
mod keep;
mod making;
mod service;
mod setup;
mod state;
mod words;

pub(super) fn ci(
    args: &CiArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    match &args.command {
        CiCommand::Setup(args) => setup::setup(args, global, environment),
        CiCommand::Finish(args) => finish::finish(args, global, environment),
    }
}
