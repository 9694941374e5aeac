//! A command line that cannot be read: what is wrong, and a word for those who come from conda.

use std::{ffi::OsString, process::ExitCode};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{args::hint_for, exception, output};

/// Help and versions go to stdout with 0; wrong usage exits with 2, as JSON where that was asked for.
pub(crate) fn wrong_usage(mut error: clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        output::clap_text(&error);
        return ExitCode::SUCCESS;
    }
    show_in_one_line(&mut error);
    let hint = hint(&error);
    if hint.is_some() {
        // Clap's guess is the flag that is spelled most like it, in its tip and in the usage.
        error.remove(ContextKind::SuggestedArg);
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

/// What to do instead, where conda has what was asked for.
fn hint(error: &clap::Error) -> Option<&'static str> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let flag = text(ContextKind::InvalidArg)?;
            hint_for(flag.split(['=', ' ']).next()?)
        }
        ErrorKind::InvalidSubcommand => from_conda(&text(ContextKind::InvalidSubcommand)?),
        _ => None,
    }
}

/// What larder has for a command of conda's.
fn from_conda(command: &str) -> Option<&'static str> {
    match command {
        "install" | "update" | "upgrade" | "remove" | "uninstall" => {
            Some("edit environment.yml, then `larder env update --prune`")
        }
        "clean" => Some("`larder store gc` removes what no environment and no lock needs"),
        "info" => Some("`larder env list` shows the environments, `larder config` the settings"),
        "rename" => Some("`larder env export`, `larder create`, then `larder env remove`"),
        "search" => Some("larder does not search channels; `larder lock` says what there is"),
        "doctor" => Some("`larder verify` holds an environment against its records"),
        "compare" => Some(
            "`larder verify` holds an environment against its records, `larder lock --diff` two locks",
        ),
        _ => None,
    }
}
