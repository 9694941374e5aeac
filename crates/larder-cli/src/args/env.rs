//! `larder env`. Doc comments are the help text.

use clap::{Args, Subcommand};

use super::TargetArgs;

/// What `conda env` does, with its commands and flags
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder env remove -n work")]
pub(crate) struct EnvArgs {
    #[command(subcommand)]
    pub(crate) command: EnvCommand,
}

/// The parts of `larder env`.
#[derive(Debug, Subcommand)]
pub(crate) enum EnvCommand {
    Remove(EnvRemoveArgs),
}

/// Remove an environment with everything in it
///
/// Asks first in a terminal; elsewhere it needs `--yes`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder env remove -n work
  larder env remove -p ./env --yes")]
pub(crate) struct EnvRemoveArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be removed, and remove nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    /// Remove it even if it is frozen (CEP 22)
    #[arg(long)]
    pub(crate) override_frozen: bool,
}
