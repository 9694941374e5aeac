//! A command line that cannot be read: what is wrong, and a word for those who come from conda.

use std::{ffi::OsString, process::ExitCode};

use clap::{
    CommandFactory as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    args::{Cli, hint_for_command, hint_for_flag},
    exception, output,
};

/// Help and versions go to stdout with 0; wrong usage exits with 2, as JSON where that was asked for.
pub(crate) fn wrong_usage(mut error: clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        output::clap_text(&error);
        return ExitCode::SUCCESS;
    }
    show_in_one_line(&mut error);
    let hint = hint(&error, arguments);
    if hint.is_some() {
        // Clap's guess is the flag or command that is spelled most like it, in its tip and in the usage.
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::SuggestedSubcommand);
        error.remove(ContextKind::Suggested);
        error.remove(ContextKind::Usage);
    }
    if arguments.iter().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let name = exception::name_of("usage").unwrap_or("LarderUsageError");
        output::json(&serde_json::json!({
            "success": false,
            "exception_name": name,
            "exception_type": exception::type_of(name),
            "code": "usage",
            "error": text,
            "message": text,
            "hint": hint,
        }));
    } else {
        output::clap_text(&error);
        if let Some(hint) = hint {
            output::tell("");
            output::tell(format!("  help: {hint}"));
        }
    }
    ExitCode::from(2)
}

/// Escapes the user's arguments in the error before clap writes its lines around them.
fn show_in_one_line(error: &mut clap::Error) {
    let escape = |text: &String| output::one_line(text);
    let changed: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(escape(text)),
                ContextValue::Strings(texts) => {
                    ContextValue::Strings(texts.iter().map(escape).collect())
                }
                // Tips and usages, which clap made itself, are styled.
                _ => return None,
            };
            Some((kind, value))
        })
        .collect();
    for (kind, value) in changed {
        error.insert(kind, value);
    }
}

/// What to do instead, where conda or micromamba has what was asked for.
fn hint(error: &clap::Error, arguments: &[OsString]) -> Option<&'static str> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let flag = text(ContextKind::InvalidArg)?;
            hint_for_flag(&command_path(arguments), flag.split(['=', ' ']).next()?)
        }
        ErrorKind::InvalidSubcommand => hint_for_command(&text(ContextKind::InvalidSubcommand)?),
        _ => None,
    }
}

/// The names of the command and its subcommands that the arguments begin with: `env create`.
fn command_path(arguments: &[OsString]) -> String {
    let mut command = Cli::command();
    let mut names = Vec::new();
    // No option before a subcommand has a value of its own, so every other word is a name.
    let words = arguments.iter().skip(1).filter_map(|word| word.to_str());
    for word in words.filter(|word| !word.starts_with('-')) {
        let Some(found) = command.find_subcommand(word).cloned() else {
            break;
        };
        names.push(found.get_name().to_owned());
        command = found;
    }
    names.join(" ")
}
