//! `larder run`. Doc comments are the help text.

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
    /// The command and its arguments
    #[arg(
        value_name = "COMMAND",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) command: Vec<std::ffi::OsString>,
}
