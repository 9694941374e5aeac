//! `larder store`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};

use super::{GcRemoteArgs, RemoteArgs, StorePullArgs, StorePushArgs};
use crate::values::{parse_age, parse_size};

/// Look after the store: what is in it, whether it is whole, what may go
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder store info                              how large, how much of it is needed, what linking saves
  larder store gc                                remove what no environment and no lock needs
  larder store gc --keep conda-lock.yml          before CI saves its cache: exactly what the lock names
  larder store import ~/miniforge3/pkgs          take over what conda downloaded
  larder store export --layout conda-pkgs ./pkgs give it back
  larder store verify --repair                   read every byte, fetch again what is damaged
  larder store path                              where it is")]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

/// The parts of `larder store`.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    Info(StoreInfoArgs),
    List(StoreListArgs),
    Path(StorePathArgs),
    Verify(StoreVerifyArgs),
    Gc(StoreGcArgs),
    Push(StorePushArgs),
    Pull(StorePullArgs),
    Import(StoreImportArgs),
    Export(StoreExportArgs),
}

/// Print the store's directory, the one that CI caches
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder store path")]
pub(crate) struct StorePathArgs {}

/// Show the store at a glance: sizes, who uses it, what is shared, what linking saves
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder store info")]
pub(crate) struct StoreInfoArgs {}

/// List the archives of the store, and which environments and locks need them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder store list                              the largest first
  larder store list --sort last-used --json")]
pub(crate) struct StoreListArgs {
    /// What comes first
    #[arg(long, value_enum, default_value_t = StoreOrder::Size)]
    pub(crate) sort: StoreOrder,
}

/// The order of a list of archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreOrder {
    /// The largest
    Size,
    /// What was not used for longest
    LastUsed,
    /// By name
    Name,
}

/// Read everything that the store holds and name what is damaged
///
/// Damaged archives are moved out of the way: they are never used, and fetched again by whoever needs
/// them. Exit code 4 if anything is not as it should be, or with --repair if it still is not.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder store verify                            everything
  larder store verify numpy --repair             this package; fetched again from its channel if damaged")]
pub(crate) struct StoreVerifyArgs {
    /// Only archives of these packages: a name, name-version-build or the beginning of a sha256
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    /// Compare the extracted packages of this machine (LARDER_TREES) with their digests as well
    #[arg(long)]
    pub(crate) trees: bool,
    /// Fetch damaged archives again from where they came from, and set right everything else
    #[arg(long)]
    pub(crate) repair: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

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
  larder store gc --keep conda-lock.yml          exactly what the lock names, for all its platforms
  larder store gc --remote /srv/larder           on a remote: what nobody pushed of late")]
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
    /// Remove extracted packages of this machine (LARDER_TREES) that nothing needs as well
    #[arg(long)]
    pub(crate) trees: bool,
    /// Say what would go and what that frees, and change nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) remote: GcRemoteArgs,
}

/// Take over the archives of conda's or mamba's package caches
///
/// Archives whose digest is known are copied into the store, verified: from the record beside them, from
/// the channel indexes in `cache/`, or from a lock. All others are listed and left out. What was only
/// extracted (as in rattler's and pixi's cache) cannot be taken over: there is no archive to verify. No
/// environment and no lock needs what was imported until one is made: `larder store gc` removes it till then.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder store import ~/miniforge3/pkgs
  larder store import /opt/conda/pkgs ~/.mamba/pkgs --dry-run
  larder store import ./archives --lock conda-lock.yml")]
pub(crate) struct StoreImportArgs {
    /// Package caches, or any directories with archives
    #[arg(value_name = "DIR", required = true)]
    pub(crate) directories: Vec<PathBuf>,
    /// A lock that vouches for archives; repeat for several
    #[arg(long = "lock", value_name = "FILE")]
    pub(crate) locks: Vec<PathBuf>,
    /// Say what would be imported; read no archive and change nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
}

/// Make a package cache that conda and micromamba use as `pkgs_dirs`
///
/// Archives, extracted packages with their records, and urls.txt: copies, so that nobody can change the
/// store through them. What is there already stays.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder store export --layout conda-pkgs ./pkgs
  larder store export --layout conda-pkgs ./pkgs --lock conda-lock.yml --platform all
  CONDA_PKGS_DIRS=$PWD/pkgs conda create --offline -p ./env --file explicit.txt")]
pub(crate) struct StoreExportArgs {
    /// The directory, made if it is missing
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// How it is laid out
    #[arg(long, value_enum)]
    pub(crate) layout: StoreLayout,
    /// Only what this lock names, fetched if it is missing [default: everything in the store that an
    /// environment or a lock knows]
    #[arg(long, value_name = "FILE", conflicts_with = "prefix")]
    pub(crate) lock: Option<PathBuf>,
    /// A platform of the lock, or `all`; repeat for several [default: this machine's]
    #[arg(
        long = "platform",
        visible_alias = "subdir",
        value_name = "SUBDIR",
        requires = "lock"
    )]
    pub(crate) platforms: Vec<String>,
    /// Only the packages of this environment
    #[arg(short, long, value_name = "DIR")]
    pub(crate) prefix: Option<PathBuf>,
    /// Say what would be exported and write nothing into the directory
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
}

/// How a directory of packages is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreLayout {
    /// The package cache of conda and mamba
    CondaPkgs,
}
