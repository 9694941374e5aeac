//! `larder ci`. Doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::TargetArgs;

/// Do the step of a CI job: restore, create, activate for later steps; and save at the job's end
///
/// The same in GitHub Actions, Azure Pipelines, GitLab and anywhere else. In GitHub Actions the inputs of the
/// action count as well (INPUT_*), as far as no option says otherwise.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder ci setup -f environment.yml                      in a step of GitHub Actions or Azure Pipelines
  larder ci setup -p ./env --cache file:///mnt/cache      anywhere; then eval \"$(larder shell-hook -p ./env)\"
  larder ci finish                                        at the job's end, if it succeeded")]
pub(crate) struct CiArgs {
    #[command(subcommand)]
    pub(crate) command: CiCommand,
}

/// The parts of `larder ci`.
#[derive(Debug, Subcommand)]
pub(crate) enum CiCommand {
    Setup(CiSetupArgs),
    Finish(CiFinishArgs),
}

/// The service that runs the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CiService {
    /// GitHub Actions, and what speaks like it
    Github,
    /// Azure Pipelines
    Azure,
    /// GitLab CI
    Gitlab,
    /// None of these
    None,
}

/// How a cache keeps a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum CiCacheMode {
    /// Package by package, shared by all branches and environments, as `larder create --remote` does it
    #[default]
    Objects,
    /// As one entry for each environment, with the rules of the pipeline cache
    Tar,
}

/// What to do with the environment at the job's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum CiCleanup {
    /// Nothing
    #[default]
    #[value(alias = "shell-init")]
    None,
    /// Remove the environment
    Environment,
    /// Remove the environment and all that this step made beside it
    All,
}

/// Restore the store, make the environment, activate it for later steps, tell what was done
///
/// A cache that fails is a warning, and costs time. Later steps learn: cache-hit, cache-result, cache-primary-key,
/// cache-matched-key, environment-name, environment-path, python-version, solve, bytes-restored, bytes-fetched,
/// seconds (on Azure and in the dotenv file LARDER_CACHE_HIT and so on). A job may have several environments: each
/// `larder ci setup` makes one, and the last one that is activated is the active one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder ci setup
  larder ci setup -f environment.yml -n test -- --no-lock
  larder ci setup -f environment.yml --python-version 3.12 -- 'numpy <2'
  larder ci setup -f environment.yml -p ./env -- python=3.12   one job of a matrix: the file and a spec
  larder ci setup -p ./env --dotenv build.env --trim      GitLab, which caches the store itself")]
pub(crate) struct CiSetupArgs {
    /// environment.yml, or a lock [default: environment.yml if it is there]
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The Python of the environment, such as 3.12, added to what the file asks for
    #[arg(long, value_name = "VERSION")]
    pub(crate) python_version: Option<String>,
    /// A category of packages, such as dev; repeat for several, and name `main` too if it is wanted
    #[arg(long = "category", value_name = "NAME")]
    pub(crate) categories: Vec<String>,
    /// More arguments of `larder create`; specs are added to the files
    #[arg(last = true, value_name = "CREATE-ARGUMENTS")]
    pub(crate) create: Vec<String>,
    /// Where packages are kept between jobs: `true` (LARDER_REMOTE, the service's cache, or this machine), `false`,
    /// or a URL [default: true in GitHub Actions, else false]
    #[arg(long, value_name = "WHERE")]
    pub(crate) cache: Option<String>,
    /// How packages are kept there [default: objects]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) cache_mode: Option<CiCacheMode>,
    /// With `--cache-mode tar`: what keys begin with [default: larder]
    #[arg(long, value_name = "PREFIX")]
    pub(crate) cache_key: Option<String>,
    /// Take out of the store what this environment does not need: for stores that the service saves
    #[arg(long)]
    pub(crate) trim: bool,
    /// A .condarc to use besides those of the machine
    #[arg(long, value_name = "FILE")]
    pub(crate) condarc: Option<PathBuf>,
    /// Do not activate the environment for later steps
    #[arg(long)]
    pub(crate) no_activate: bool,
    /// Make a program `larder-shell`, so that a step can say `shell: larder-shell {0}`
    #[arg(long)]
    pub(crate) run_shell: bool,
    /// What `larder ci finish` removes [default: none]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) post_cleanup: Option<CiCleanup>,
    /// Append the outputs as variables to this file, for `artifacts: reports: dotenv:` of GitLab
    #[arg(long, value_name = "FILE")]
    pub(crate) dotenv: Option<PathBuf>,
    /// Append a table of what was done [default: GITHUB_STEP_SUMMARY; on Azure a page of the run]
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) job: CiJobArgs,
}

/// Save what is new and tidy up, at the job's end
///
/// Of a job that failed nothing is saved, and what was to be removed is removed all the same. What cannot be saved is a
/// warning: the job has done its work.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  larder ci finish
  larder ci finish --job-status failure                   saves nothing")]
pub(crate) struct CiFinishArgs {
    /// How the job went: success, failure or cancelled [default: what the service says, else success]
    #[arg(long, value_name = "STATUS")]
    pub(crate) job_status: Option<String>,
    #[command(flatten)]
    pub(crate) job: CiJobArgs,
}

/// The job.
#[derive(Debug, Args)]
pub(crate) struct CiJobArgs {
    /// The service that runs this job [default: what its variables say]
    #[arg(long, value_enum)]
    pub(crate) service: Option<CiService>,
    /// Where `setup` leaves word for `finish` [default: in the service's temporary directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}
