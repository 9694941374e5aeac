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
mod timings;
mod values;

/// Runs larder with these arguments (the first is the program's name) and returns its exit code:
/// 0 done, 1 refused, 2 wrong usage, 3 the world failed (network, disk), 4 damaged bytes, 101 a bug.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match args::Cli::try_parse_from(&arguments) {
        Ok(cli) => commands::run(cli, &environment::Environment::read()),
        Err(error) => wrong_usage(&error, &arguments),
    }
}

/// Help and versions go to stdout with 0; wrong usage exits with 2, with a word for those who come
/// from conda, and as JSON where that was asked for.
fn wrong_usage(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        output::data(&error.render().to_string());
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        output::json(&serde_json::json!({
            "success": false, "exception_name": "LarderUsageError", "code": "usage", "error": text, "message": text,
        }));
    } else {
        // Clap knows best when to colour.
        let _ = error.print();
        let command = arguments
            .get(1)
            .map(|argument| argument.to_string_lossy().into_owned());
        if let Some(hint) = command.and_then(|command| from_conda(&command)) {
            output::tell(format!("\n  help: {hint}"));
        }
    }
    ExitCode::from(2)
}

/// What larder has for a command of conda's.
fn from_conda(command: &str) -> Option<&'static str> {
    match command {
        "env" => Some("`conda env create -f FILE` is `larder create -f FILE`"),
        "install" | "update" | "upgrade" => {
            Some("edit environment.yml, then `larder lock` and `larder create --yes`")
        }
        "clean" => Some("`larder store gc` removes what no environment and no lock needs"),
        "remove" | "uninstall" | "info" | "export" | "activate" => {
            Some("larder does not have this yet")
        }
        _ => None,
    }
}
