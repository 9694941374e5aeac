//! The remote that stores share. Doc comments are the help text.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::values::parse_age;

/// Which remote.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RemoteArgs {
    /// A remote that stores share, asked for packages before their channels: file:///DIR or a path, s3://,
    /// azblob://, gs://, https://, ghac: [default: LARDER_REMOTE]
    #[arg(long, value_name = "URL")]
    pub(crate) remote: Option<String>,
}

/// A remote that is asked, and may be given what it lacks.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ShareArgs {
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
    /// Put on the remote what it lacks of the environment, afterwards [default: LARDER_REMOTE_PUSH]
    #[arg(long)]
    pub(crate) push: bool,
}

/// Put on a remote what it lacks of the store
///
/// Only what is missing there is sent, each object hashed on its way: one that is damaged here never becomes one
/// there. What was sent stays when it is interrupted: run it again. Exit code 3 if the
/// remote fails, 1 if it can only be read, 4 if objects are damaged here.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder store push --remote /srv/larder         what the environments and locks of this machine need
  larder store push -f conda-lock.yml            what the lock names, as far as it is here
  larder store push --all --dry-run              say what the remote lacks of the whole store")]
pub(crate) struct StorePushArgs {
    #[command(flatten)]
    pub(crate) moved: MovedArgs,
}

/// Which objects go to a remote or come from it.
#[derive(Debug, Clone, Args)]
pub(crate) struct MovedArgs {
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
    /// Only what this lock names; repeat for several [default: what environments and locks of this machine need]
    #[arg(short, long = "file", value_name = "LOCK", conflicts_with = "all")]
    pub(crate) files: Vec<PathBuf>,
    /// Everything that is there
    #[arg(long)]
    pub(crate) all: bool,
    /// Say what would be moved, and move nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
}

/// Take from a remote what the store lacks
///
/// Each object is verified on arrival; what is damaged on the remote comes from its channel. What came stays when
/// it is interrupted: run it again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder store pull --remote /srv/larder -f conda-lock.yml
  larder store pull -f conda-lock.yml --platform all
  larder store pull --all --dry-run              say what the remote has and the store has not")]
pub(crate) struct StorePullArgs {
    #[command(flatten)]
    pub(crate) moved: MovedArgs,
    /// A platform of the locks, or `all`; repeat for several [default: this machine's]
    #[arg(
        long = "platform",
        visible_alias = "subdir",
        value_name = "SUBDIR",
        requires = "files"
    )]
    pub(crate) platforms: Vec<String>,
}

/// Collecting on a remote instead.
#[derive(Debug, Args)]
pub(crate) struct GcRemoteArgs {
    /// Collect on this remote instead: what no push of the last 30 days (or --unused-for) needs and nobody wrote
    /// or read in the last 2 days (or --grace)
    #[arg(long, value_name = "URL", conflicts_with_all = ["keep", "max_size", "trees"])]
    pub(crate) remote: Option<String>,
    /// With --remote: what was written or read since stays; longer than any job takes
    #[arg(long, value_name = "AGE", value_parser = parse_age, requires = "remote")]
    pub(crate) grace: Option<Duration>,
}
