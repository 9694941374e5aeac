//! `larder list`. Doc comments are the help text.

use clap::Args;

use super::TargetArgs;

/// List the packages of an environment, those that pip installed as well
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder list -p ./env
  larder list -n work ^py                        names that begin with py
  larder list -p ./env --explicit --sha256       for `larder create -f FILE`
  larder list -p ./env --json")]
pub(crate) struct ListArgs {
    /// Only packages in whose names this regular expression is found
    #[arg(value_name = "REGEX")]
    pub(crate) regex: Option<String>,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The regular expression is a whole name
    #[arg(short, long, requires = "regex")]
    pub(crate) full_name: bool,
    /// Print channel/subdir::name-version-build and nothing else
    #[arg(short, long, conflicts_with_all = ["export", "explicit", "revisions"])]
    pub(crate) canonical: bool,
    /// Print name=version=build
    #[arg(short, long, conflicts_with_all = ["explicit", "revisions"])]
    pub(crate) export: bool,
    /// Print an @EXPLICIT list of URLs, dependencies first
    #[arg(long, conflicts_with_all = ["regex", "revisions", "reverse"])]
    pub(crate) explicit: bool,
    /// With the MD5 of each archive
    #[arg(long, requires = "explicit", conflicts_with = "sha256")]
    pub(crate) md5: bool,
    /// With the SHA-256 of each archive
    #[arg(long, requires = "explicit")]
    pub(crate) sha256: bool,
    /// Show what was done to the environment, operation by operation
    #[arg(short, long, conflicts_with_all = ["regex", "reverse"])]
    pub(crate) revisions: bool,
    /// From the end of the alphabet
    #[arg(long)]
    pub(crate) reverse: bool,
    /// Show channels [default]
    #[arg(long, overrides_with = "no_show_channel_urls")]
    pub(crate) show_channel_urls: bool,
    /// Do not show channels
    #[arg(long)]
    pub(crate) no_show_channel_urls: bool,
    /// Without what pip installed
    #[arg(long)]
    pub(crate) no_pip: bool,
}
