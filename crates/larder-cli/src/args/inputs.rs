//! What is wanted, and how the solver chooses: options that several commands share. Doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is wanted: files or specs, and where packages come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// environment.yml (several are merged), or a conda-lock.yml [default: environment.yml]
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// A channel before those of the file; repeat for several (names, URLs, paths)
    #[arg(short, long = "channel", value_name = "CHANNEL")]
    pub(crate) channels: Vec<String>,
    /// Use no channels of the configuration, only those of the command line and the file
    #[arg(short = 'O', long)]
    pub(crate) override_channels: bool,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// Which categories are wanted.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct CategoryArgs {
    /// A category of packages, such as dev; repeat for several, and name `main` too if it is wanted [default: main of
    /// a lock, all of the manifests that are named]
    #[arg(long = "category", value_name = "NAME")]
    pub(crate) categories: Vec<String>,
}

/// How the solver chooses among what fits.
#[derive(Debug, Clone, Args)]
pub(crate) struct PolicyArgs {
    /// How channels that have the same package compare [default: that of the configuration, else strict]
    #[arg(long, value_enum)]
    pub(crate) channel_priority: Option<Priority>,
    /// As `--channel-priority strict`
    #[arg(long, conflicts_with_all = ["channel_priority", "no_channel_priority"])]
    pub(crate) strict_channel_priority: bool,
    /// As `--channel-priority disabled`
    #[arg(long, conflicts_with = "channel_priority")]
    pub(crate) no_channel_priority: bool,
    /// Ignore packages published later: a date, a time, or an age such as 7d or 48h
    #[arg(long, value_name = "WHEN")]
    pub(crate) exclude_newer: Option<String>,
    /// The same for one package, or `false` to take it whenever it was published; repeat for several
    #[arg(long, value_name = "NAME=WHEN")]
    pub(crate) exclude_newer_package: Vec<String>,
    /// Which of several fitting versions to take; `lowest` tests lower bounds
    #[arg(long, value_enum, default_value_t = Strategy::Highest)]
    pub(crate) strategy: Strategy,
    /// What the target systems provide, as conda-lock's virtual-packages.yml
    #[arg(long, value_name = "FILE")]
    pub(crate) virtual_package_spec: Option<PathBuf>,
}

/// Which of several fitting versions to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strategy {
    /// The highest
    Highest,
    /// The lowest
    Lowest,
    /// The lowest of what the manifest names, the highest of the rest
    LowestDirect,
}

/// How channels that have the same package compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Priority {
    /// A package comes from the first channel that has its name
    Strict,
    /// Earlier channels are preferred, later ones used where they are needed
    Flexible,
    /// The highest version wins wherever it is
    Disabled,
}

/// What a lock counts for.
#[derive(Debug, Clone, Args)]
pub(crate) struct LockUseArgs {
    /// Use the lock without checking that it satisfies the manifest
    #[arg(long, conflicts_with = "no_lock")]
    pub(crate) frozen: bool,
    /// Solve, even if there is a lock
    #[arg(long)]
    pub(crate) no_lock: bool,
}
