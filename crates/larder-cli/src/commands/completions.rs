//! `larder completions`.

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::{
    args::{Cli, CompletionsArgs},
    failure::Failure,
    output,
};

pub(super) fn completions(args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "larder", &mut script);
    output::shell_script(&script);
    Ok(ExitCode::SUCCESS)
}
