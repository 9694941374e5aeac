//! `larder config`. Doc comments are the help text.

use clap::Args;

use super::TargetArgs;

/// Show the configuration in force: conda's .condarc files and CONDA_* variables, merged
///
/// Every value has the place that it came from behind it. Credentials are masked. Exit code 1 if
/// something in it cannot be used.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder config                        all that larder follows, and all that is set
  larder config channels ssl_verify    these keys alone
  larder config --show-sources         what each file sets
  larder config --describe             every key that conda knows, and what it is to larder")]
pub(crate) struct ConfigArgs {
    /// Keys, by their names in a .condarc [default: all]
    #[arg(value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// What each source sets by itself, instead of what holds
    #[arg(long)]
    pub(crate) show_sources: bool,
    /// What keys do, or why they have no effect here
    #[arg(long, conflicts_with = "show_sources")]
    pub(crate) describe: bool,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}
