//! `larder init`. Doc comments are the help text.

use clap::Args;

use super::ShellName;

/// Prepare shells for `larder activate`: a marked block in the file that each reads when it starts
///
/// Running it again changes nothing; `--reverse` leaves the bytes that were there before.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder init bash
  larder init --all --dry-run      what would be written where
  larder init zsh --reverse")]
pub(crate) struct InitArgs {
    /// The shells (default: the one that larder was started from)
    #[arg(value_enum, value_name = "SHELL", conflicts_with = "all")]
    pub(crate) shells: Vec<ShellName>,
    /// All shells that are on PATH; with --reverse all that there are
    #[arg(long)]
    pub(crate) all: bool,
    /// Take the block out again
    #[arg(long)]
    pub(crate) reverse: bool,
    /// Only say what would be done
    #[arg(short, long)]
    pub(crate) dry_run: bool,
    /// In the user's own files: the default, and all there is
    #[arg(long)]
    pub(crate) user: bool,
}
