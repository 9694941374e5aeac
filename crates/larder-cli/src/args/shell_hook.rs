//! `larder shell-hook`, `larder activate`, `larder deactivate`. Doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::TargetArgs;

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShellName {
    /// GNU bash
    Bash,
    /// zsh
    Zsh,
    /// dash, ksh and other POSIX shells
    #[value(aliases = ["sh", "dash", "ksh", "ash"])]
    Posix,
    /// fish
    Fish,
    /// xonsh
    Xonsh,
    /// nushell
    #[value(aliases = ["nu"])]
    Nushell,
    /// PowerShell
    #[value(name = "powershell", aliases = ["pwsh"])]
    PowerShell,
    /// Windows' cmd
    #[value(aliases = ["cmd.exe"])]
    Cmd,
    /// tcsh and csh
    #[value(aliases = ["csh"])]
    Tcsh,
}

/// Print what a shell has to read to activate an environment
///
/// PATH, variables, activate scripts and prompt, as conda has them; what an active environment set is taken
/// back first. For CI: the same for the later steps of a job, the scripts run here. Without an environment:
/// the function that `larder init` puts into start-up files.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eval \"$(larder shell-hook -p ./env)\"                             bash, zsh, dash
  larder shell-hook -p ./env | source                              fish
  larder shell-hook -s powershell -p ./env | Out-String | Invoke-Expression
  larder shell-hook -s nushell -p ./env | save -f env.nu; source env.nu
  larder shell-hook -p ./env --github-env                          a step of GitHub Actions
  larder shell-hook -p ./env --azure                               a step of Azure Pipelines
  larder shell-hook -p ./env --gitlab-dotenv build.env             a dotenv report of GitLab")]
pub(crate) struct ShellHookArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The shell (default: the one that larder was started from)
    #[arg(short, long, value_enum)]
    pub(crate) shell: Option<ShellName>,
    /// Keep the active environment on PATH, behind this one
    #[arg(long)]
    pub(crate) stack: bool,
    /// Append to the files that GITHUB_ENV and GITHUB_PATH name
    #[arg(long, conflicts_with_all = ["azure", "gitlab_dotenv", "shell"], help_heading = "For CI")]
    pub(crate) github_env: bool,
    /// Print the logging commands of Azure Pipelines
    #[arg(long, conflicts_with_all = ["gitlab_dotenv", "shell"], help_heading = "For CI")]
    pub(crate) azure: bool,
    /// Write a file for `artifacts: reports: dotenv:` of GitLab
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "shell",
        help_heading = "For CI"
    )]
    pub(crate) gitlab_dotenv: Option<PathBuf>,
}

/// Activate an environment in this shell, which `larder init` has prepared
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder init bash        once, then start a new shell
  larder activate work
  larder activate ./env
  larder activate --stack tools")]
pub(crate) struct ActivateArgs {
    /// The environment's name, or its directory if there is a slash in it
    #[arg(value_name = "ENVIRONMENT", conflicts_with_all = ["name", "prefix"])]
    pub(crate) environment: Option<String>,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Keep the active environment on PATH, behind this one
    #[arg(long)]
    pub(crate) stack: bool,
    /// Print what this shell has to read
    #[arg(long, value_enum)]
    pub(crate) shell: Option<ShellName>,
}

/// Leave the active environment of this shell, for the one below if there is any
#[derive(Debug, Args)]
#[command(after_help = "Example:
  larder deactivate")]
pub(crate) struct DeactivateArgs {
    /// Print what this shell has to read
    #[arg(long, value_enum)]
    pub(crate) shell: Option<ShellName>,
}
