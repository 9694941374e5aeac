//! `larder env`. Doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{
    CategoryArgs, CondaArgs, CreateRest, InputArgs, LockUseArgs, MakingArgs, SolverArgs, TargetArgs,
};

/// What `conda env` does, with its commands and flags
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder env create -f environment.yml
  larder env list
  larder env update -n work -f environment.yml
  larder env remove -n work")]
pub(crate) struct EnvArgs {
    #[command(subcommand)]
    pub(crate) command: EnvCommand,
}

/// The parts of `larder env`.
#[derive(Debug, Subcommand)]
pub(crate) enum EnvCommand {
    Create(EnvCreateArgs),
    List(EnvListArgs),
    Export(EnvExportArgs),
    Config(EnvConfigArgs),
    Update(EnvUpdateArgs),
    Remove(EnvRemoveArgs),
}

/// Make an environment from environment.yml or a lock, as `larder create -f FILE` does
///
/// The name of the file's `name:` counts unless `-n` or `-p` says otherwise. One that is there is refused;
/// `--yes` replaces it, in one step.
#[derive(Debug, Args)]
#[command(mut_arg("files", |arg| arg.num_args(1..)), after_help = "Examples:
  larder env create                              from ./environment.yml and its lock
  larder env create -n work -f base.yml dev.yml  two files, merged
  larder env create -f environment.yml --compat 26.5")]
pub(crate) struct EnvCreateArgs {
    /// Package specs in addition to the file's: before `-f`, after `--`, or after the files of `-f` (what is no file
    /// there is a spec)
    #[arg(value_name = "SPEC", conflicts_with = "frozen")]
    pub(crate) specs: Vec<String>,
    #[command(flatten)]
    pub(crate) rest: CreateRest,
}

/// List the environments: those of ~/.conda/environments.txt and of the directories for named ones
///
/// `*` marks the active one, `+` one that is frozen.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder env list --json")]
pub(crate) struct EnvListArgs {}

/// Write down what an environment holds, so that it can be made again
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder env export -n work > environment.yml
  larder env export -p ./env --from-history      what was asked for, as it was written
  larder env export -p ./env --format conda-lock -f conda-lock.yml")]
pub(crate) struct EnvExportArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Where to write [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The format [default: what the file's name stands for, else environment-yaml]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ExportFormat>,
    /// Leave build strings out
    #[arg(long)]
    pub(crate) no_builds: bool,
    /// Only what was asked for, as it was written
    #[arg(long)]
    pub(crate) from_history: bool,
    /// Do not name the channels that packages came from
    #[arg(long)]
    pub(crate) ignore_channels: bool,
    /// A channel to name besides; repeat for several
    #[arg(short, long = "channel", value_name = "CHANNEL")]
    pub(crate) channels: Vec<String>,
    /// Do not name the channels of the configuration
    #[arg(short = 'O', long)]
    pub(crate) override_channels: bool,
}

/// How an environment is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// environment.yml
    #[value(name = "environment-yaml", aliases = ["yaml", "yml", "env.yml"])]
    Yaml,
    /// The same as JSON
    #[value(name = "environment-json", alias = "json")]
    Json,
    /// A list of URLs (CEP 23)
    Explicit,
    /// conda-lock.yml (CEP 37)
    #[value(name = "conda-lock", alias = "conda-lock-v1")]
    CondaLock,
    /// rattler's lock, pixi.lock
    #[value(name = "pixi", alias = "rattler-lock-v6")]
    Pixi,
    /// A list of specs, for `create --file`
    #[value(name = "requirements", aliases = ["reqs", "txt"])]
    Requirements,
}

/// Settings of an environment
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder env config vars list -n work")]
pub(crate) struct EnvConfigArgs {
    #[command(subcommand)]
    pub(crate) command: EnvConfigCommand,
}

/// The parts of `larder env config`.
#[derive(Debug, Subcommand)]
pub(crate) enum EnvConfigCommand {
    Vars(VarsArgs),
}

/// The variables that an environment sets when it is active
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder env config vars list -n work
  larder env config vars set -n work MODE=fast THREADS=4
  larder env config vars unset -n work MODE")]
pub(crate) struct VarsArgs {
    #[command(subcommand)]
    pub(crate) command: VarsCommand,
}

/// The parts of `larder env config vars`.
#[derive(Debug, Subcommand)]
pub(crate) enum VarsCommand {
    /// Show them
    List {
        #[command(flatten)]
        target: TargetArgs,
    },
    /// Set some; those that are set stay
    Set(VarsChangeArgs),
    /// Unset some
    Unset(VarsChangeArgs),
}

/// Which variables to change.
#[derive(Debug, Args)]
pub(crate) struct VarsChangeArgs {
    /// NAME=VALUE to set, NAME to unset
    #[arg(value_name = "VARIABLE", required = true)]
    pub(crate) variables: Vec<String>,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Change the environment even if it is frozen (CEP 22)
    #[arg(long)]
    pub(crate) override_frozen: bool,
}

/// Make an environment what environment.yml or a lock says, at the cost of what changes
///
/// Makes it if there is none. Packages that the file does not name stay, and what is installed is not
/// moved without need; `--prune` makes the environment exactly what the file says. Files that no package
/// owns are kept.
#[derive(Debug, Args)]
#[command(mut_arg("files", |arg| arg.num_args(1..)), after_help = "Examples:
  larder env update -n work                      from ./environment.yml and its lock
  larder env update -p ./env -f conda-lock.yml --prune
  larder env update -p ./env -f environment.yml python=3.12   the file and a spec
  larder env update -p ./env --dry-run           say what would be done")]
pub(crate) struct EnvUpdateArgs {
    /// Package specs in addition to the file's: before `-f`, after `--`, or after the files of `-f` (what is no file
    /// there is a spec)
    #[arg(value_name = "SPEC", conflicts_with = "frozen")]
    pub(crate) specs: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) category: CategoryArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Remove packages that the file does not need
    #[arg(long)]
    pub(crate) prune: bool,
    /// The subdir of a new environment, such as linux-64 [default: this machine's; an existing one keeps its own]
    #[arg(long, visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platform: Option<String>,
    /// Accepted for conda's sake: nothing is asked
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be done and change nothing; only the channels' indexes are cached
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) lock: LockUseArgs,
    /// Change the environment even if it is frozen (CEP 22)
    #[arg(long)]
    pub(crate) override_frozen: bool,
    #[command(flatten)]
    pub(crate) making: MakingArgs,
    #[command(flatten)]
    pub(crate) conda: CondaArgs,
}

/// Remove an environment with everything in it
///
/// Asks first in a terminal; elsewhere it needs `--yes`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder env remove -n work
  larder env remove -p ./env --yes")]
pub(crate) struct EnvRemoveArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be removed, and remove nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    /// Remove it even if it is frozen (CEP 22)
    #[arg(long)]
    pub(crate) override_frozen: bool,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
}
