//! The command line's grammar. Doc comments are the help text.

use clap::{Args, Parser, Subcommand};

use crate::environment::VARIABLES;

mod cache;
mod ci;
mod completions;
mod conda;
mod config;
mod create;
mod env;
mod export;
mod init;
mod inputs;
mod list;
mod lock;
mod manifest;
mod pack;
mod run;
mod share;
mod shell_hook;
mod store;
mod sync;
mod target;
mod unpack;
mod verify;

pub(crate) use cache::{
    CacheArgs, CacheCommand, CacheKeyArgs, CacheKeyOptions, CacheListArgs, CachePrefix,
    CachePruneArgs, CacheRemoteArgs, CacheRestoreArgs, CacheSaveArgs, CacheScopeArgs, CacheStyle,
    CacheWhatArgs,
};
pub(crate) use ci::{
    CiArgs, CiCacheMode, CiCleanup, CiCommand, CiFinishArgs, CiJobArgs, CiService, CiSetupArgs,
};
pub(crate) use completions::CompletionsArgs;
pub(crate) use conda::{CondaArgs, SolverArgs, hint_for_command, hint_for_flag};
pub(crate) use config::ConfigArgs;
pub(crate) use create::{Clobber, CreateArgs, CreateRest, Durable, Era, LinkMode, MakingArgs};
pub(crate) use env::{
    EnvArgs, EnvCommand, EnvConfigCommand, EnvExportArgs, EnvRemoveArgs, EnvUpdateArgs,
    ExportFormat, VarsChangeArgs, VarsCommand,
};
pub(crate) use export::{ExplicitHash, ExportArgs, LockFormat};
pub(crate) use init::InitArgs;
pub(crate) use inputs::{CategoryArgs, InputArgs, LockUseArgs, PolicyArgs, Priority, Strategy};
pub(crate) use list::ListArgs;
pub(crate) use lock::{LockArgs, LockCommand, MergeArgs};
pub(crate) use manifest::ManifestArgs;
pub(crate) use pack::PackArgs;
pub(crate) use run::RunArgs;
pub(crate) use share::{
    GcRemoteArgs, MovedArgs, RemoteArgs, ShareArgs, StorePullArgs, StorePushArgs,
};
pub(crate) use shell_hook::{ActivateArgs, DeactivateArgs, ShellHookArgs, ShellName};
pub(crate) use store::{
    StoreArgs, StoreCommand, StoreExportArgs, StoreGcArgs, StoreImportArgs, StoreLayout,
    StoreListArgs, StoreOrder, StoreVerifyArgs,
};
pub(crate) use sync::SyncArgs;
pub(crate) use target::TargetArgs;
pub(crate) use unpack::UnpackArgs;
pub(crate) use verify::VerifyArgs;

/// Conda environments from a content-addressed store: the second run neither downloads nor solves.
#[derive(Debug, Parser)]
#[command(name = "larder", args_override_self = true, version, propagate_version = true, max_term_width = 100, after_help = EXAMPLES, after_long_help = long_help())]
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
        // conda-lock gives both to micromamba: the later one counts.
        overrides_with = "verbose"
    )]
    pub(crate) quiet: bool,
    /// Say more: how decisions fell; -vv and -vvv add the libraries' own logs
    #[arg(short, long, global = true, help_heading = "Global options", action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Use no network: what is in the store has to do, and without a lock what this machine has fetched itself
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) offline: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(CreateArgs),
    Lock(LockArgs),
    Run(RunArgs),
    Activate(ActivateArgs),
    Deactivate(DeactivateArgs),
    ShellHook(ShellHookArgs),
    Init(InitArgs),
    List(ListArgs),
    Sync(SyncArgs),
    Verify(VerifyArgs),
    Env(EnvArgs),
    Export(ExportArgs),
    Pack(PackArgs),
    Unpack(UnpackArgs),
    Manifest(ManifestArgs),
    Store(StoreArgs),
    Cache(CacheArgs),
    Ci(CiArgs),
    Config(ConfigArgs),
    Completions(CompletionsArgs),
}
