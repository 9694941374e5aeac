//! `larder env`. Doc comments are the help text.

use clap::{Args, Subcommand};

use super::{InputArgs, MakingArgs, TargetArgs};

/// What `conda env` does, with its commands and flags
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder env update -n work -f environment.yml
  larder env remove -n work")]
pub(crate) struct EnvArgs {
    #[command(subcommand)]
    pub(crate) command: EnvCommand,
}

/// The parts of `larder env`.
#[derive(Debug, Subcommand)]
pub(crate) enum EnvCommand {
    Update(EnvUpdateArgs),
    Remove(EnvRemoveArgs),
}

/// Make an environment what environment.yml or a lock says, at the cost of what changes
///
/// Makes it if there is none. Packages that the file does not name stay, and what is installed is not
/// moved without need; `--prune` makes the environment exactly what the file says. Files that no package
/// owns are kept.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder env update -n work                      from ./environment.yml and its lock
  larder env update -p ./env -f conda-lock.yml --prune
  larder env update -p ./env --dry-run           say what would be done")]
pub(crate) struct EnvUpdateArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Remove packages that the file does not need
    #[arg(long)]
    pub(crate) prune: bool,
    /// The subdir of the environment, such as linux-64 [default: this machine's]
    #[arg(long, visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platform: Option<String>,
    /// Accepted for conda's sake: nothing is asked
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be done and change nothing; only the channels' indexes are cached
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    /// Use the lock without checking that it satisfies the manifest
    #[arg(long, conflicts_with = "no_lock")]
    pub(crate) frozen: bool,
    /// Solve, even if there is a lock
    #[arg(long)]
    pub(crate) no_lock: bool,
    /// Change the environment even if it is frozen (CEP 22)
    #[arg(long)]
    pub(crate) override_frozen: bool,
    #[command(flatten)]
    pub(crate) making: MakingArgs,
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
