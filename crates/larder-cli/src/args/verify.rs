//! `larder verify`. Doc comments are the help text.

use clap::Args;

use super::TargetArgs;

/// Hold an environment against its records: what changed, what is missing, what came on top
///
/// Reads every file of every package. Exit code 0 if nothing differs, else 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder verify -p ./env
  larder verify -n work --quick                  by existence and size alone
  larder verify -p ./env --json | jq '.drifted[].path'")]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Read no contents: existence, kind and size alone
    #[arg(long)]
    pub(crate) quick: bool,
}
