//! `larder list`. Doc comments are the help text.

use clap::Args;

use super::TargetArgs;

/// List the packages of an environment
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder list -p ./env --json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}
