//! `larder run`.

use std::process::ExitCode;

use larder::{EnvironmentSnapshot, RunOptions, existing_prefix, run as run_command};

use crate::{
    args::{GlobalArgs, RunArgs},
    environment::Environment,
    failure::Failure,
};

use super::context::{block_on, settings, target};

pub(super) fn run(
    args: &RunArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let settings = settings(global, environment)?;
    let prefix =
        existing_prefix(&target(&args.target), &settings).map_err(|error| Failure::new(&error))?;
    let options = RunOptions {
        prefix,
        subdir: larder::current_subdir().map_err(|error| Failure::new(&error))?,
        command: args.command.clone(),
        environment: environment.all().collect::<EnvironmentSnapshot>(),
    };
    let code = block_on(run_command(&options))?.map_err(|error| Failure::new(&error))?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
