//! The command line's grammar. Doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::environment::VARIABLES;

/// Conda environments from a content-addressed store: the second run neither downloads nor solves.
#[derive(Debug, Parser)]
#[command(name = "larder", version, propagate_version = true, max_term_width = 100, after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
}

const EXAMPLES: &str = "Examples:
  larder create -p ./env -f environment.yml      make an environment
  larder lock -f environment.yml                 write conda-lock.yml beside it
  larder run -p ./env -- python -c 'print(1)'    run a command in it

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 network or disk failed (a retry may help),
4 bytes are not what the lock or the channel says, 101 a bug in larder.";

/// The long help: the examples and every variable that is read.
fn long_help() -> String {
    let variables = VARIABLES
        .iter()
        .map(|(name, meaning)| format!("\n  {name}\n          {meaning}"));
    format!(
        "{EXAMPLES}\n\nEnvironment variables:{}",
        variables.collect::<String>()
    )
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct GlobalArgs {
    /// Print one JSON document on stdout and nothing else there
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Say less: no progress, no summary; warnings and errors stay
    #[arg(
        short,
        long,
        global = true,
        help_heading = "Global options",
        conflicts_with = "verbose"
    )]
    pub(crate) quiet: bool,
    /// Say more: how decisions fell; -vv and -vvv add the libraries' own logs
    #[arg(short, long, global = true, help_heading = "Global options", action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Use no network: what is in the store has to do
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) offline: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(CreateArgs),
    Lock(LockArgs),
    Run(RunArgs),
    List(ListArgs),
    Export(ExportArgs),
    Manifest(ManifestArgs),
    Completions(CompletionsArgs),
}

/// What is wanted: files or specs, and where packages come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// environment.yml (several are merged), or a conda-lock.yml [default: environment.yml]
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// A channel before those of the file; repeat for several (names, URLs, paths)
    #[arg(short, long = "channel", value_name = "CHANNEL")]
    pub(crate) channels: Vec<String>,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// How the solver chooses among what fits.
#[derive(Debug, Clone, Args)]
pub(crate) struct PolicyArgs {
    /// How channels that have the same package compare
    #[arg(long, value_enum, default_value_t = Priority::Strict)]
    pub(crate) channel_priority: Priority,
    /// Ignore packages published later: a date, a time, or an age such as 7d or 48h
    #[arg(long, value_name = "WHEN")]
    pub(crate) exclude_newer: Option<String>,
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

/// Make an environment from environment.yml, from its lock file, or from specs
///
/// Uses conda-lock.yml beside the manifest if that still satisfies it, else solves. The environment
/// appears whole or not at all.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder create -p ./env                         from ./environment.yml and its lock
  larder create -n work -f conda-lock.yml        from a lock alone, under ~/.conda/envs/work
  larder create -p ./env -c conda-forge python=3.12 numpy
  larder create -p ./env --dry-run               say what would be done")]
pub(crate) struct CreateArgs {
    /// Package specs, instead of a file
    #[arg(value_name = "SPEC", conflicts_with = "files")]
    pub(crate) specs: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The subdir to create for, such as linux-64 [default: this machine's]
    #[arg(long, visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platform: Option<String>,
    /// Replace an environment that is there
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be done and make nothing; only the channels' indexes are cached
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    /// Use the lock without checking that it satisfies the manifest
    #[arg(long, conflicts_with_all = ["no_lock", "specs"])]
    pub(crate) frozen: bool,
    /// Solve, even if there is a lock
    #[arg(long)]
    pub(crate) no_lock: bool,
    /// Solve anew, even if an earlier solve is still the answer
    #[arg(long)]
    pub(crate) refresh: bool,
    /// How files get into the environment
    #[arg(long, value_enum, default_value_t = LinkMode::Auto)]
    pub(crate) link_mode: LinkMode,
    /// Keep no trees: for a machine that is thrown away after the job [default: with CI=true]
    #[arg(long, overrides_with = "no_ephemeral")]
    pub(crate) ephemeral: bool,
    /// Keep trees and link from them, even with CI=true
    #[arg(long)]
    pub(crate) no_ephemeral: bool,
    /// Two packages with one path: warn, or stop
    #[arg(long, value_enum, default_value_t = Clobber::Warn)]
    pub(crate) clobber: Clobber,
    /// Do not run the packages' link scripts (CEP 34 wants them run)
    #[arg(long)]
    pub(crate) no_link_scripts: bool,
}

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

/// What to do when two packages have one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Clobber {
    /// The later package in link order wins, with a warning
    Warn,
    /// Stop before anything is linked
    Error,
}

/// Write the exact packages that environment.yml means into conda-lock.yml
///
/// Pins of an existing lock are kept where they still satisfy the manifest.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  larder lock                                    ./environment.yml to ./conda-lock.yml
  larder lock --platform linux-64 --platform osx-arm64
  larder lock --check                            for pre-commit and CI: is it still true?
  larder lock a.yml b.yml                        one lock each; -f a.yml -f b.yml: one for both
  larder lock --upgrade-package numpy            all other pins stay where they can")]
pub(crate) struct LockArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LockCommand>,
    /// Manifests, each with a lock of its own, or locks, which stand for what they were made from
    #[arg(value_name = "MANIFEST", conflicts_with_all = ["files", "output"])]
    pub(crate) manifests: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// A subdir to lock for; repeat for several [default: `platforms:` of the file, else this machine's]
    #[arg(long = "platform", visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platforms: Vec<String>,
    /// Where to write [default: conda-lock.yml beside environment.yml, NAME.conda-lock.yml beside NAME.yml]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only say whether the lock is what environment.yml means: exit 0 if so, else 1 with the reasons.
    /// Writes nothing, solves nothing, needs no network
    #[arg(long, conflicts_with_all = ["upgrade", "upgrade_packages", "dry_run"])]
    pub(crate) check: bool,
    /// Show what changed: added, removed and moved packages of each platform
    #[arg(long)]
    pub(crate) diff: bool,
    /// The format to write [default: conda-lock]
    #[arg(long, value_enum)]
    pub(crate) format: Option<LockFormat>,
    /// Forget the pins of the lock that is there
    #[arg(long)]
    pub(crate) upgrade: bool,
    /// Forget the pin of this package; repeat for several
    #[arg(long = "upgrade-package", value_name = "NAME")]
    pub(crate) upgrade_packages: Vec<String>,
    /// Say what would be done and make nothing; only the channels' indexes are cached
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    /// Exit with 1 if a lock was written or would be: so that a hook stops the commit
    #[arg(long, conflicts_with = "check")]
    pub(crate) fail_on_change: bool,
}

/// The parts of `larder lock` that are commands of their own.
#[derive(Debug, Subcommand)]
pub(crate) enum LockCommand {
    /// Merge a lock that both sides of a git merge changed: specs three ways, then a solve that keeps
    /// the pins of both where it can
    ///
    /// In .gitattributes: `*conda-lock.yml merge=larder`; then
    /// `git config merge.larder.driver 'larder lock merge-driver %O %A %B'`
    MergeDriver(MergeArgs),
}

/// The three versions that git gives to a merge driver.
#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// The common ancestor, %O
    pub(crate) base: PathBuf,
    /// Our side, %A; takes the result
    pub(crate) ours: PathBuf,
    /// Their side, %B
    pub(crate) theirs: PathBuf,
}

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

/// Run a command in an environment
///
/// Exit code and signals are the command's own.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder run -p ./env -- python -m pytest")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The command and its arguments
    #[arg(
        value_name = "COMMAND",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) command: Vec<std::ffi::OsString>,
}

/// List the packages of an environment
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder list -p ./env --json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

/// Show what was read from environment.yml
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder manifest -f environment.yml --json")]
pub(crate) struct ManifestArgs {
    /// environment.yml; several are merged [default: environment.yml]
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder completions bash > ~/.local/share/bash-completion/completions/larder")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
