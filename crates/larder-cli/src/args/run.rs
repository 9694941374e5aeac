//! `larder run`. Doc comments are the help text.

use std::path::PathBuf;

use clap::Args;

use super::TargetArgs;

/// Run a command in an environment
///
/// Exit code and signals are the command's own.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder run -p ./env -- python -m pytest")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Run it in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// Accepted for conda's sake: output is never captured
    #[arg(
        short = 's',
        long,
        visible_alias = "live-stream",
        hide_short_help = true
    )]
    pub(crate) no_capture_output: bool,
    /// The command and its arguments
    // Without `allow_hyphen_values`: what begins with `-` before the command is a flag of larder's or an error, and never
    // the program to run.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true)]
    pub(crate) command: Vec<std::ffi::OsString>,
}
