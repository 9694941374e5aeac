//! `larder env list`: as conda prints it.

use std::{path::Path, process::ExitCode};

use larder::{EnvironmentDetails, environments};

use crate::{
    args::GlobalArgs, commands::context::settings, environment::Environment, failure::Failure,
    output,
};

pub(super) fn list(global: &GlobalArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let settings = settings(global, environment)?;
    let known = environments(&settings).map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&known);
        return Ok(ExitCode::SUCCESS);
    }
    output::lines([
        "# conda environments:",
        "#",
        "# * -> active",
        "# + -> frozen",
    ]);
    let environments = known.envs_details.iter();
    output::lines(environments.map(|(prefix, details)| line(prefix, details)));
    Ok(ExitCode::SUCCESS)
}

fn line(prefix: &Path, details: &EnvironmentDetails) -> String {
    let mark = |is_so: bool, mark: char| if is_so { mark } else { ' ' };
    format!(
        "{:20} {} {} {}",
        details.name,
        mark(details.active, '*'),
        mark(details.frozen, '+'),
        prefix.display()
    )
}
