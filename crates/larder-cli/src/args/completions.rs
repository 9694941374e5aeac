//! `larder completions`. Doc comments are the help text.

use clap::Args;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder completions bash > ~/.local/share/bash-completion/completions/larder")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
