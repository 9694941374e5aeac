//! `larder create`. Doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CategoryArgs, CondaArgs, InputArgs, LockUseArgs, ShareArgs, TargetArgs};

/// Make an environment from environment.yml, from its lock file, or from specs
///
/// Uses conda-lock.yml beside the manifest if that still satisfies it, else solves. The environment
/// appears whole or not at all.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder create -p ./env                         from ./environment.yml and its lock
  larder create -n work -f conda-lock.yml        from a lock alone, under ~/.conda/envs/work
  larder create -p ./env -c conda-forge python=3.12 numpy
  larder create -p ./env -f environment.yml python=3.12   the file and a spec: both count
  larder create -p ./env ./app-1.0-0.conda       a package file, as it is
  larder create -p ./env --dry-run               say what would be done")]
pub(crate) struct CreateArgs {
    /// Package specs: in addition to the files of `-f`, or alone. The pins of the lock beside a file are kept where
    /// they allow, and what moved is listed; the lock itself stays as it is. Files and URLs of packages (.conda,
    /// .tar.bz2, with #MD5 or #sha256:SHA256) are an explicit list: installed as they are, without a solve
    #[arg(value_name = "SPEC", conflicts_with = "frozen")]
    pub(crate) specs: Vec<String>,
    #[command(flatten)]
    pub(crate) rest: CreateRest,
}

/// What `larder create` and `larder env create` have in common.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateRest {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) category: CategoryArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The subdir to create for, such as linux-64; recorded in the environment [default: this machine's]
    #[arg(long, visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platform: Option<String>,
    /// Replace an environment that is there
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// With `--yes`: replace it even if it is frozen (CEP 22)
    #[arg(long)]
    pub(crate) override_frozen: bool,
    /// What to do about an environment that is there, as conda did since this version [default: 25]
    #[arg(long, value_enum, value_name = "VERSION")]
    pub(crate) compat: Option<Era>,
    /// Say what would be done and make nothing; only the channels' indexes are cached
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) lock: LockUseArgs,
    /// Solve anew, even if an earlier solve is still the answer
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Do not add `create_default_packages` of the configuration
    #[arg(long)]
    pub(crate) no_default_packages: bool,
    /// Stop when every archive is in the store
    #[arg(long)]
    pub(crate) download_only: bool,
    #[command(flatten)]
    pub(crate) making: MakingArgs,
    #[command(flatten)]
    pub(crate) conda: CondaArgs,
}

/// A time in which conda's `env create` did one thing about an environment that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Era {
    /// Refused; `--yes` replaces
    #[value(name = "25", alias = "24")]
    Refuse,
    /// Updated in place; `--yes` replaces
    #[value(name = "26.5", aliases = ["25.5", "25.7", "25.9", "25.11", "26.1", "26.3"])]
    Update,
    /// Replaced
    #[value(name = "26.7")]
    Replace,
}

/// How an environment is made from packages that are known.
#[derive(Debug, Clone, Args)]
pub(crate) struct MakingArgs {
    /// How files get into the environment [default: auto; copy with `always_copy`]
    #[arg(long, value_enum)]
    pub(crate) link_mode: Option<LinkMode>,
    /// As `--link-mode copy`
    #[arg(long, alias = "always-copy", conflicts_with = "link_mode")]
    pub(crate) copy: bool,
    /// Keep no trees: for a machine that is thrown away after the job [default: with CI=true]
    #[arg(long, overrides_with = "no_ephemeral")]
    pub(crate) ephemeral: bool,
    /// Keep trees and link from them, even with CI=true
    #[arg(long)]
    pub(crate) no_ephemeral: bool,
    /// Have the environment on the disk before the run ends [default: auto, a power loss leaves the old or the new one, whole; see LARDER_DURABLE]
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) durable: Option<Durable>,
    /// Two packages with one path: warn, or stop [default: warn; error with `path_conflict: prevent`]
    #[arg(long, value_enum)]
    pub(crate) clobber: Option<Clobber>,
    /// Do not run the packages' link scripts (CEP 34 wants them run)
    #[arg(long, alias = "skip-run-link-scripts")]
    pub(crate) no_link_scripts: bool,
    /// Compile noarch Python packages, once for each package and Python [default, unless
    /// nothing is kept: --ephemeral without LARDER_CACHE_SECRET]
    #[arg(long, alias = "pyc", overrides_with = "no_compile_bytecode")]
    pub(crate) compile_bytecode: bool,
    /// Leave it to Python to compile what it imports
    #[arg(long, alias = "no-pyc", overrides_with = "compile_bytecode")]
    pub(crate) no_compile_bytecode: bool,
    #[command(flatten)]
    pub(crate) share: ShareArgs,
    /// Write a page that shows what was done when, on which thread
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "larder-timings.html")]
    pub(crate) timings: Option<PathBuf>,
}

/// How files get into the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LinkMode {
    /// Hard link, else reflink, else copy
    Auto,
    /// Hard links only
    Hardlink,
    /// Copies that share blocks, only
    Reflink,
    /// Copies
    Copy,
}

/// When to flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Durable {
    /// Unless the machine is thrown away (--ephemeral)
    Auto,
    /// Always
    True,
    /// Never
    False,
}

/// What to do when two packages have one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Clobber {
    /// The later package in link order wins, with a warning
    Warn,
    /// Stop before anything is linked
    Error,
}
