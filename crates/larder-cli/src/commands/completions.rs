//! `larder completions`.

use std::{io, process::ExitCode};

use clap::CommandFactory as _;

use crate::{
    args::{Cli, CompletionsArgs},
    failure::Failure,
};

pub(super) fn completions(args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    clap_complete::generate(args.shell, &mut Cli::command(), "larder", &mut io::stdout());
    Ok(ExitCode::SUCCESS)
}
