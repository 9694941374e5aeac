//! `larder store`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

use crate::values::{parse_age, parse_size};

/// Look after the store: what is in it, whether it is whole, what may go
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder store gc                                remove what no environment and no lock needs
  larder store gc --keep conda-lock.yml          before CI saves its cache: exactly what the lock names
  larder store path                              where it is")]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

/// The parts of `larder store`.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    Path(StorePathArgs),
    Gc(StoreGcArgs),
}

/// Print the store's directory, the one that CI caches
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder store path")]
pub(crate) struct StorePathArgs {}

/// Remove archives that no environment and no lock needs
///
/// Safe at any time: what a running larder uses stays, and environments never need the store again
/// once they are made. What is removed is fetched again when it is wanted again. An environment or lock
/// that is gone needs nothing; remembered solves and channel indexes go when they were not used for 30 days.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder store gc --dry-run                      what would go, and how much that frees
  larder store gc --unused-for 7d                what nobody used for a week, needed or not
  larder store gc --max-size 5GB                 what was not used for longest, until the rest fits
  larder store gc --keep conda-lock.yml          exactly what the lock names, for all its platforms")]
pub(crate) struct StoreGcArgs {
    /// Keep exactly what this lock names (conda-lock.yml, pixi.lock or an @EXPLICIT list); repeat for
    /// several. Remembered solves and channel indexes go as well
    #[arg(long, value_name = "LOCK", conflicts_with_all = ["unused_for", "max_size"])]
    pub(crate) keep: Vec<PathBuf>,
    /// Instead: remove what has not been used for so long (12h, 7d, 2w); environments and locks that
    /// have not been used for so long do not count
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    pub(crate) unused_for: Option<Duration>,
    /// Instead: remove what was not used for longest until the store is no larger (500MB, 5GB, 5GiB)
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) max_size: Option<u64>,
    /// Say what would go and what that frees, and change nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
}
