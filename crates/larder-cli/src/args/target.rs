//! Where an environment is. Doc comments are the help text.

use std::path::PathBuf;

use clap::Args;

/// Where the environment is.
#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
pub(crate) struct TargetArgs {
    /// The environment's name
    #[arg(short, long)]
    pub(crate) name: Option<String>,
    /// The environment's directory
    #[arg(short, long, value_name = "DIR")]
    pub(crate) prefix: Option<PathBuf>,
}
