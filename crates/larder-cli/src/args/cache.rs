//! `larder cache`. Doc comments are the help text.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};

use crate::values::{parse_age, parse_size};

/// Keep any directories under a key, as CI services do: save them, restore them, look after them
///
/// Keys and look-ups are those of Azure's Cache@2 or, with --style github, of actions/cache.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder cache restore --key 'npm | \"$(Agent.OS)\" | package-lock.json' --restore-keys npm --path ~/.npm
  larder cache save --key 'npm | \"$(Agent.OS)\" | package-lock.json' --path ~/.npm
  larder cache restore --preset pip
  larder cache prune --max-size 10GB")]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

/// The parts of `larder cache`.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    Key(CacheKeyArgs),
    Restore(CacheRestoreArgs),
    Save(CacheSaveArgs),
    List(CacheListArgs),
    Prune(CachePruneArgs),
}

/// Whose rules are followed where the services differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum CacheStyle {
    /// Azure Pipelines, Cache@2: segments with `|` between them, files are hashed
    #[default]
    Azure,
    /// actions/cache: text with ${{ }} in it, the key is a beginning too
    Github,
    /// GitLab: names match whole or not at all
    Gitlab,
}

/// What a restore key matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CachePrefix {
    /// Whole segments: `yarn` does not match `yarn2 | ...`
    Segment,
    /// Any characters
    Plain,
}

/// Where the cache is.
#[derive(Debug, Args)]
pub(crate) struct CacheRemoteArgs {
    /// Where entries are kept: a path or file:///DIR; s3://BUCKET/PREFIX?region=R; azblob://CONTAINER/PREFIX?account=A;
    /// gs://BUCKET/PREFIX; ghac: is GitHub's cache service; https://HOST/DIR/ to read from [default:
    /// LARDER_CACHE_REMOTE, else ~/.cache/larder/pipeline on this machine]
    #[arg(long, value_name = "URL")]
    pub(crate) remote: Option<String>,
}

/// How keys are read.
#[derive(Debug, Args)]
pub(crate) struct CacheKeyOptions {
    /// Whose rules for keys and look-ups
    #[arg(long, value_enum, default_value_t)]
    pub(crate) style: CacheStyle,
    /// What hashed files are named relative to [default: PIPELINE_WORKSPACE, GITHUB_WORKSPACE,
    /// CI_PROJECT_DIR, else the working directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// With --style gitlab: `key:files`; the key is its prefix. Two files or patterns at most
    #[arg(long, value_name = "FILE", num_args = 1..=2)]
    pub(crate) key_files: Vec<String>,
}

/// A key, and the directories it stands for.
#[derive(Debug, Args)]
pub(crate) struct CacheWhatArgs {
    /// The key: segments with `|` between them. What looks like a path must be a file, a pattern
    /// (`**/yarn.lock, !bin/**`) must match one; double quotes make a string
    #[arg(long, required_unless_present = "preset")]
    pub(crate) key: Option<String>,
    /// A directory, replaced by a restore; repeat for several
    #[arg(long = "path", value_name = "DIR", required_unless_present = "preset", num_args = 1..)]
    pub(crate) paths: Vec<PathBuf>,
    /// Key, restore keys and directory of a tool: conda, pip, uv, npm, yarn, pnpm, cargo, go, gradle,
    /// maven, nuget, bundler, composer, ccache, docker. --key and --path win over them
    #[arg(long, value_name = "TOOL")]
    pub(crate) preset: Option<String>,
}

/// Who may read and write what; by default what the service's variables say of the run.
#[derive(Debug, Args)]
pub(crate) struct CacheScopeArgs {
    /// Read and write this scope alone, whatever the service's variables say
    #[arg(long, value_name = "NAME")]
    pub(crate) scope: Option<String>,
    /// With --scope: read this one after it; repeat for several
    #[arg(long = "read-scope", value_name = "NAME", requires = "scope")]
    pub(crate) read_scopes: Vec<String>,
    /// The repository's default branch, whose entries GitHub's runs read [default: as the event says]
    #[arg(long, value_name = "BRANCH")]
    pub(crate) default_branch: Option<String>,
}

/// Say what a key becomes, and restore nothing
///
/// The fingerprint goes to stdout; -v shows what each segment became.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder cache key 'npm | \"$(Agent.OS)\" | package-lock.json' -v
  larder cache key --style github 'npm-${{ runner.os }}-${{ hashFiles(\"**/package-lock.json\") }}'
  larder cache key --style gitlab npm --key-files package-lock.json")]
pub(crate) struct CacheKeyArgs {
    /// The key
    pub(crate) key: String,
    /// A restore key, to be checked as well; repeat for several
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub(crate) restore_keys: Vec<String>,
    #[command(flatten)]
    pub(crate) options: CacheKeyOptions,
}

/// Restore directories: of the key, else of the newest entry that a restore key is the beginning of
///
/// The result is `true` (this key), `inexact` (a restore key) or `false`: in JSON, in GITHUB_OUTPUT where
/// that is set, and as the options below say. A miss is no failure, nor is a remote that does not answer or
/// an entry that is damaged. What is in a directory is replaced, when the new is complete.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder cache restore --key 'npm | package-lock.json' --restore-keys npm --path ~/.npm
  larder cache restore --preset uv --fail-on-miss
  larder cache restore --key 'npm | package-lock.json' --path ~/.npm --cache-hit-var CACHE_RESTORED
  larder cache restore --preset pip --lookup-only --json")]
pub(crate) struct CacheRestoreArgs {
    #[command(flatten)]
    pub(crate) what: CacheWhatArgs,
    /// What may stand in for the key, in order; several, or one text with a key a line
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub(crate) restore_keys: Vec<String>,
    /// What a restore key matches [default: as the style says]
    #[arg(long, value_enum)]
    pub(crate) prefix_match: Option<CachePrefix>,
    #[command(flatten)]
    pub(crate) options: CacheKeyOptions,
    #[command(flatten)]
    pub(crate) scope: CacheScopeArgs,
    #[command(flatten)]
    pub(crate) remote: CacheRemoteArgs,
    /// Say what would be restored, and restore nothing
    #[arg(long, visible_alias = "dry-run")]
    pub(crate) lookup_only: bool,
    /// Take an entry that unpacks to more for an attack, and nothing is restored [default: 1 GiB or a thousand
    /// times the entry's size, whichever is more, and nine tenths of the free space]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) max_unpacked: Option<u64>,
    /// Exit with 1 if nothing at all matches
    #[arg(long)]
    pub(crate) fail_on_miss: bool,
    /// Set this variable of Azure Pipelines to the result
    #[arg(long, value_name = "NAME")]
    pub(crate) cache_hit_var: Option<String>,
    /// Append LARDER_CACHE_HIT and LARDER_CACHE_MATCHED_KEY to this file, for GitLab's `reports: dotenv`
    #[arg(long, value_name = "FILE")]
    pub(crate) dotenv: Option<PathBuf>,
}

/// Save directories under a key
///
/// An entry that is there stays as it is, in whatever scope this run reads: so nothing is saved after an
/// exact hit. A run that may only read saves nothing; neither is a failure. Two jobs that save one key at once are
/// no harm: one of them does.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder cache save --key 'npm | package-lock.json' --path ~/.npm
  larder cache save --preset pip --if \"$AGENT_JOBSTATUS\"")]
pub(crate) struct CacheSaveArgs {
    #[command(flatten)]
    pub(crate) what: CacheWhatArgs,
    #[command(flatten)]
    pub(crate) options: CacheKeyOptions,
    #[command(flatten)]
    pub(crate) scope: CacheScopeArgs,
    #[command(flatten)]
    pub(crate) remote: CacheRemoteArgs,
    /// Save only if this says so: `true`, `0`, `success` or `Succeeded`, as services give a job's status
    #[arg(long = "if", value_name = "CONDITION")]
    pub(crate) condition: Option<String>,
    /// The key that `larder cache restore` looked for. Empty: it did not run, and nothing is saved. If
    /// files changed since, Azure's way is to save under the new key, GitHub's under this one
    #[arg(long, value_name = "KEY")]
    pub(crate) restored_key: Option<String>,
}

/// List the entries, the last used first
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder cache list --json")]
pub(crate) struct CacheListArgs {
    #[command(flatten)]
    pub(crate) remote: CacheRemoteArgs,
}

/// Remove entries that were not used for a week, and the least recently used if there is too much
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder cache prune
  larder cache prune --max-size 10GB --dry-run")]
pub(crate) struct CachePruneArgs {
    #[command(flatten)]
    pub(crate) remote: CacheRemoteArgs,
    /// What was not used for so long goes (12h, 7d, 2w)
    #[arg(long, value_name = "AGE", value_parser = parse_age, default_value = "7d")]
    pub(crate) unused_for: Duration,
    /// The least recently used go until the rest is no larger (500MB, 10GB)
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) max_size: Option<u64>,
    /// Say what would go, and remove nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
}
