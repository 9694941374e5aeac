//! One module per command. Each turns arguments into options, calls one operation, prints its result.

use std::process::ExitCode;

use crate::{
    args::{Cli, Command, GlobalArgs},
    environment::Environment,
    failure::Failure,
    output,
};

mod cache;
mod ci;
mod completions;
mod config;
mod configured;
mod context;
mod create;
mod env;
mod export;
mod frame;
mod init;
mod job;
mod list;
mod lock;
mod lock_each;
mod manifest;
mod merge;
mod pack;
mod run;
mod share;
mod shell;
mod shell_hook;
mod store;
mod sync;
mod unpack;
mod verify;

/// Runs the command that the arguments name.
pub(crate) fn run(cli: Cli, environment: &Environment) -> ExitCode {
    let global = &configured::global(&cli.global, environment);
    log(global);
    let outcome = match cli.command {
        Command::Create(args) => create::create(&args, global, environment),
        Command::Lock(args) => lock::lock(&args, global, environment),
        Command::Run(args) => run::run(&args, global, environment),
        Command::Activate(args) => shell_hook::activate(&args, global, environment),
        Command::Deactivate(args) => shell_hook::deactivate(&args, global, environment),
        Command::ShellHook(args) => shell_hook::shell_hook(&args, global, environment),
        Command::Init(args) => init::init(&args, global, environment),
        Command::List(args) => list::list(&args, global, environment),
        Command::Sync(args) => sync::sync(&args, global, environment),
        Command::Verify(args) => verify::verify(&args, global, environment),
        Command::Env(args) => env::env(&args, global, environment),
        Command::Export(args) => export::export(&args, global, environment),
        Command::Pack(args) => pack::pack(&args, global, environment),
        Command::Unpack(args) => unpack::unpack(&args, global, environment),
        Command::Manifest(args) => manifest::manifest(&args, global, environment),
        Command::Cache(args) => cache::cache(&args, global, environment),
        Command::Ci(args) => ci::ci(&args, global, environment),
        Command::Store(args) => store::store(&args, global, environment),
        Command::Config(args) => config::config(&args, global, environment),
        Command::Completions(args) => completions::completions(&args),
    };
    let code = outcome.unwrap_or_else(|failure| report(&failure, global));
    if output::is_lost() {
        ExitCode::from(larder::Kind::World.exit_code())
    } else {
        code
    }
}

fn report(failure: &Failure, global: &GlobalArgs) -> ExitCode {
    if global.json {
        output::json(&failure.json());
    } else {
        failure.tell(global);
    }
    failure.exit_code()
}

/// The libraries' own logs, from -vv. They name hosts and paths; what could hold a credential stays
/// out, because only these targets are let through.
fn log(global: &GlobalArgs) {
    let level = match global.verbose {
        0 | 1 => return,
        2 => "debug",
        _ => "trace",
    };
    let targets = [
        "larder",
        "rattler_repodata_gateway",
        "rattler_solve",
        "resolvo",
    ];
    let filter = targets.map(|target| format!("{target}={level}")).join(",");
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(output::log_writer)
        .without_time()
        .init();
}
