//! `larder pack`. Doc comments are the help text.

use std::path::PathBuf;

use clap::Args;

use super::CategoryArgs;

/// Write one file with a lock and every package that it needs
///
/// `larder unpack` makes the environment from it on a machine without a network. The file is a plain tar
/// that holds a channel: conda and micromamba can install from it as well.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder pack                                    what conda-lock.yml beside environment.yml says
  larder pack -f conda-lock.yml --platform all -o work.tar
  larder pack -p ./env -o work.tar               the packages of an environment that is there")]
pub(crate) struct PackArgs {
    /// A lock, or a manifest with its lock beside it [default: environment.yml, else conda-lock.yml]
    #[arg(short, long = "file", value_name = "FILE", conflicts_with = "prefix")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) category: CategoryArgs,
    /// Pack the packages of this environment
    #[arg(short, long, value_name = "DIR")]
    pub(crate) prefix: Option<PathBuf>,
    /// A platform of the lock, or `all`; repeat for several [default: this machine's]
    #[arg(long = "platform", visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platforms: Vec<String>,
    /// The environment's name for `larder unpack` [default: the manifest's]
    #[arg(short, long)]
    pub(crate) name: Option<String>,
    /// The file to write
    #[arg(short, long, value_name = "FILE", default_value = "environment.tar")]
    pub(crate) output: PathBuf,
    /// Say what would be packed; fetch and write nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
}
