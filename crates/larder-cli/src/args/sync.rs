//! `larder sync`. Doc comments are the help text.

use std::path::PathBuf;

use clap::Args;

use super::{CategoryArgs, MakingArgs, TargetArgs};

/// Make an environment exactly what a lock says, and say first how it had drifted
///
/// What was changed or is missing is linked anew; packages that the lock does not have go; files that no
/// package owns stay. Makes the environment if there is none.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder sync -p ./env                           from conda-lock.yml of ./environment.yml
  larder sync -n work -f conda-lock.yml --prune-pip
  larder sync -p ./env --dry-run                 say what has drifted and what would be done")]
pub(crate) struct SyncArgs {
    /// The lock, or the manifest that it is beside [default: environment.yml]
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) category: CategoryArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Look for drift by existence and size alone
    #[arg(long)]
    pub(crate) quick: bool,
    /// Remove what pip installed on top as well
    #[arg(long)]
    pub(crate) prune_pip: bool,
    /// The subdir of a new environment, such as linux-64 [default: this machine's; an existing one keeps its own]
    #[arg(long, visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platform: Option<String>,
    /// Accepted for conda's sake: nothing is asked
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what has drifted and what would be done, and change nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    /// Use the lock without checking that it satisfies the manifest
    #[arg(long)]
    pub(crate) frozen: bool,
    /// Change the environment even if it is frozen (CEP 22)
    #[arg(long)]
    pub(crate) override_frozen: bool,
    #[command(flatten)]
    pub(crate) making: MakingArgs,
}
