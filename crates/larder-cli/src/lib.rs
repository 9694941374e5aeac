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
mod failure;
mod output;
mod progress;

/// Runs larder with these arguments (the first is the program's name) and returns its exit code:
/// 0 done, 1 refused, 2 wrong usage, 3 the world failed (network, disk), 4 damaged bytes, 101 a bug.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match args::Cli::try_parse_from(arguments) {
        Ok(cli) => commands::run(cli, &environment::Environment::read()),
        Err(error) => {
            // A closed pipe is no reason to fail: help was asked for and the reader has had enough.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
