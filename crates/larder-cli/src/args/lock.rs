//! `larder lock`. Doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{InputArgs, LockFormat, RemoteArgs};

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
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
    /// A subdir to lock for; repeat for several [default: `platforms:` of the file, else this machine's]
    #[arg(long = "platform", visible_alias = "subdir", value_name = "SUBDIR")]
    pub(crate) platforms: Vec<String>,
    /// Where to write [default: conda-lock.yml beside environment.yml, NAME.conda-lock.yml beside NAME.yml]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only say whether the lock is what environment.yml means: exit 0 if so, else 1 with the reasons.
    /// Writes nothing, solves nothing, needs no network (but for --online)
    #[arg(long, conflicts_with_all = ["upgrade", "upgrade_packages", "dry_run"])]
    pub(crate) check: bool,
    /// With --check: also compare digests, sizes, addresses and dependencies with the channels' indexes, and
    /// wheels with theirs; exit 3 if one cannot be read
    #[arg(long, requires = "check", conflicts_with = "offline")]
    pub(crate) online: bool,
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
