//! `larder unpack`. Doc comments are the help text.

use std::path::PathBuf;

use clap::Args;

use super::{MakingArgs, TargetArgs};

/// Make an environment from a pack, without a network
///
/// Every byte is held against the lock in the pack. The pack itself is trusted as far as you trust where
/// it comes from, or pin it: with --sha256 or --lock.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder unpack environment.tar -p ./env
  larder unpack environment.tar -n work --lock conda-lock.yml
  larder unpack environment.tar -p ./env --sha256 4f3c...
  larder unpack environment.tar --dry-run        list what is in it")]
pub(crate) struct UnpackArgs {
    /// The pack; `-` for standard input
    #[arg(value_name = "PACK")]
    pub(crate) pack: PathBuf,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The subdir to create for, such as linux-64 [default: this machine's]
    #[arg(long, visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platform: Option<String>,
    /// The digest that the pack must have, as `larder pack` printed it
    #[arg(long, value_name = "DIGEST")]
    pub(crate) sha256: Option<String>,
    /// A lock that you trust: the pack must hold exactly its packages
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
    /// With `--lock`: the categories of it that were packed; repeat for several [default: all, or main alone]
    #[arg(long = "category", value_name = "NAME", requires = "lock")]
    pub(crate) categories: Vec<String>,
    /// Keep nothing of the pack but the environment: neither archives in the store nor trees
    #[arg(long)]
    pub(crate) no_store: bool,
    /// Replace an environment that is there
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// List the pack's packages and make nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    /// Use the lock without checking that this machine has what it needs
    #[arg(long)]
    pub(crate) frozen: bool,
    #[command(flatten)]
    pub(crate) making: MakingArgs,
}
