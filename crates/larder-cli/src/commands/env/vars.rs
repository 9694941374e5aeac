//! `larder env config vars`.

use std::process::ExitCode;

use larder::{ConfigVarsError, ConfigVarsOptions, config_vars, set_config_vars, unset_config_vars};
use larder_event::Reporter;

use crate::{
    args::{GlobalArgs, VarsChangeArgs, VarsCommand},
    commands::{
        context::{command_line, existing, existing_with_settings},
        frame::{self, performed},
    },
    environment::Environment,
    failure::Failure,
    output,
};

type Change = fn(&ConfigVarsOptions, &[String], &dyn Reporter) -> Result<(), ConfigVarsError>;

pub(super) fn vars(
    command: &VarsCommand,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    match command {
        VarsCommand::List { target } => {
            let prefix = existing(target, global, environment)?;
            let variables = config_vars(&prefix).map_err(|error| Failure::new(&error))?;
            frame::report(&variables, global, |variables| {
                let lines = variables.iter();
                lines.for_each(|(name, value)| output::line(format!("{name} = {value}")));
            });
            Ok(ExitCode::SUCCESS)
        }
        VarsCommand::Set(args) => change(set_config_vars, args, global, environment),
        VarsCommand::Unset(args) => change(unset_config_vars, args, global, environment),
    }
}

fn change(
    change: Change,
    args: &VarsChangeArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let (prefix, settings) = existing_with_settings(&args.target, global, environment)?;
    let options = ConfigVarsOptions {
        prefix,
        override_frozen: args.override_frozen,
        command_line: command_line(),
        journal_key: settings.journal_key.clone(),
    };
    performed(global, |reporter| {
        change(&options, &args.variables, reporter)
    })?;
    let variables = config_vars(&options.prefix).map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&serde_json::json!({
            "success": true, "prefix": options.prefix, "variables": variables,
        }));
    } else if !global.quiet
        && settings.variables.get("CONDA_PREFIX").map(AsRef::as_ref) == Some(&*options.prefix)
    {
        output::tell("activate the environment again to make the change take effect");
    }
    Ok(ExitCode::SUCCESS)
}
