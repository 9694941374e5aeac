//! `larder manifest`. Doc comments are the help text.

use std::path::PathBuf;

use clap::Args;

/// Show what was read from environment.yml
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder manifest -f environment.yml --json")]
pub(crate) struct ManifestArgs {
    /// environment.yml; several are merged [default: environment.yml]
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}
