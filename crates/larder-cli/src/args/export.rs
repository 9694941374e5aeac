//! `larder export`. Doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Write a lock in another format
///
/// What that format cannot say is told on stderr, never dropped silently.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder export --format pixi -o pixi.lock
  larder export --format explicit -o 'conda-{platform}.txt'
  larder export --format explicit --platform linux-64 --hash sha256")]
pub(crate) struct ExportArgs {
    /// The lock [default: conda-lock.yml]
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
    /// The format to write
    #[arg(long, value_enum)]
    pub(crate) format: LockFormat,
    /// Where to write, with {platform} where there is one text for each [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only this platform; repeat for several
    #[arg(long = "platform", visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platforms: Vec<String>,
    /// Only packages of this category; repeat for several [default: all in a conda-lock.yml, main in formats that
    /// have no categories]
    #[arg(long = "category", value_name = "NAME")]
    pub(crate) categories: Vec<String>,
    /// The hash in an @EXPLICIT list
    #[arg(long, value_enum, default_value_t = ExplicitHash::Md5)]
    pub(crate) hash: ExplicitHash,
}

/// A format of locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LockFormat {
    /// conda-lock.yml (CEP 37)
    CondaLock,
    /// rattler's lock, pixi.lock
    Pixi,
    /// A list of URLs for one platform (CEP 23)
    Explicit,
}

/// The hash in an @EXPLICIT list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplicitHash {
    /// Every conda and mamba reads it
    Md5,
    /// conda since 24.9 and micromamba
    Sha256,
}
