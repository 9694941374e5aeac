//! The command line of larder: arguments in, text or JSON and an exit code out.
//!
//! Reads the process environment once (`environment.rs`), turns arguments into an options struct, calls
//! one operation of `larder` and prints its result. Holds no logic of its own.
#![forbid(unsafe_code)]

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

mod args;
mod commands;
mod environment;
mod exception;
mod failure;
mod output;
mod progress;
mod timings;
mod usage;
mod values;

/// Runs larder with these arguments (the first is the program's name) and returns its exit code:
/// 0 done, 1 refused, 2 wrong usage, 3 the world failed (network, disk), 4 damaged bytes, 101 a bug.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    output::print_panics();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match args::Cli::try_parse_from(&arguments) {
        Ok(cli) => {
            // Before anything runs that could look. Where the system does not know this, or a sandbox forbids
            // it, larder works all the same: SECURITY.md says what holds then.
            let _ = larder::forbid_inspection();
            commands::run(cli, &environment::Environment::read())
        }
        Err(error) => usage::wrong_usage(error, &arguments),
    }
}
