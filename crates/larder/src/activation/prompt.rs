//! What an environment is called, and what stands before the prompt while it is active.

use std::path::Path;

use super::session::Session;
use crate::Prompt;

/// `CONDA_DEFAULT_ENV`: the name for an environment in a directory `envs`, `base` for conda's own, else
/// the path.
pub(super) fn default_name(prefix: &Path, session: &Session<'_>) -> String {
    let is_named = prefix
        .parent()
        .and_then(Path::file_name)
        .is_some_and(|parent| parent == "envs");
    if session.is_base(prefix) {
        return "base".to_owned();
    }
    let name = prefix.file_name().filter(|_| is_named);
    name.unwrap_or(prefix.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// The names that show, innermost last: an environment that was not stacked hides the one below it.
pub(super) fn shown_names(session: &Session<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for level in 1..=session.level {
        let prefix = if level == session.level {
            session.prefix.clone()
        } else {
            session.below(level)
        };
        if !session.is_stacked(level) {
            names.pop();
        }
        if let Some(prefix) = prefix {
            names.push(default_name(&prefix, session));
        }
    }
    names
}

/// `CONDA_PROMPT_MODIFIER` for an environment, with the names that show as long as it is active.
pub(super) fn modifier(prompt: &Prompt, prefix: &Path, name: &str, shown: &[String]) -> String {
    if !prompt.shown {
        return String::new();
    }
    let stacked: Vec<&str> = shown.iter().rev().map(String::as_str).collect();
    let last = prefix.file_name().unwrap_or(prefix.as_os_str());
    let fields = [
        ("{default_env}", name.to_owned()),
        ("{stacked_env}", stacked.join(",")),
        ("{prefix}", prefix.to_string_lossy().into_owned()),
        ("{name}", last.to_string_lossy().into_owned()),
    ];
    fill(&prompt.template, &fields)
}

/// One pass, so that a field in a value stays text.
fn fill(template: &str, fields: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let field = fields.iter().find(|(field, _)| rest.starts_with(field));
        match field {
            Some((field, value)) => {
                text.push_str(value);
                rest = &rest[field.len()..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text + rest
}
