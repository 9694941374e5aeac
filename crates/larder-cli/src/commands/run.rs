//! `larder run`.

use std::process::ExitCode;

use larder::{EnvironmentSnapshot, RunError, RunOptions, run as run_command};

use crate::{
    args::{GlobalArgs, RunArgs},
    environment::Environment,
    failure::Failure,
};

use super::context::{block_on, existing_with_settings};

/// As shells have it for a command that is not there.
const NOT_FOUND: u8 = 127;
/// As shells have it for a command that cannot be started.
const NOT_STARTED: u8 = 126;

pub(super) fn run(
    args: &RunArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let (prefix, settings) = existing_with_settings(&args.target, global, environment)?;
    let options = RunOptions {
        prefix,
        subdir: larder::current_subdir().map_err(|error| Failure::new(&error))?,
        command: args.command.clone(),
        environment: environment.all().collect::<EnvironmentSnapshot>(),
        directory: args.cwd.as_ref().map(|path| settings.absolute(path)),
        prompt: settings.prompt,
    };
    match block_on(run_command(&options))? {
        Ok(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        Err(error @ RunError::NotFound { .. }) => {
            Err(Failure::new(&error).with_exit_code(NOT_FOUND))
        }
        Err(error @ RunError::Start { .. }) => {
            Err(Failure::new(&error).with_exit_code(NOT_STARTED))
        }
        Err(error) => Err(Failure::new(&error)),
    }
}
