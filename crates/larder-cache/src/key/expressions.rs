//! `$(Agent.OS)` and `${{ runner.os }}`: the services' values, from their environment variables; and keys
//! in GitHub's way, which are text with such values in it.

use super::{
    Key, KeyContext, KeyError, Keys, Segment, SegmentKind, Style,
    files::matching,
    hash::{hash_files, hash_of_hashes},
    rules::Rules,
};

const LONGEST: usize = 512;
const MOST: usize = 10;

/// A key as GitHub takes it: at most 512 characters, no comma, ten keys in all.
pub(super) fn evaluate(
    key: &str,
    restore_keys: &[String],
    context: &KeyContext<'_>,
) -> Result<Keys, KeyError> {
    if key.trim().is_empty() {
        return Err(KeyError::Empty);
    }
    let restore_keys: Vec<&String> = restore_keys
        .iter()
        .filter(|key| !key.trim().is_empty())
        .collect();
    let count = restore_keys.len() + 1;
    if context.style == Style::Github && count > MOST {
        return Err(KeyError::TooMany { count, limit: MOST });
    }
    let restore_keys = restore_keys.into_iter().map(|key| one(key, context));
    Ok(Keys {
        key: one(key, context)?,
        restore_keys: restore_keys.collect::<Result<_, _>>()?,
    })
}

fn one(key: &str, context: &KeyContext<'_>) -> Result<Key, KeyError> {
    let text = replace_variables(key, context)?.trim().to_owned();
    if text.contains(char::is_control) {
        return Err(KeyError::Lines { key: text });
    }
    let length = text.chars().count();
    if context.style == Style::Github {
        if length > LONGEST {
            return Err(KeyError::TooLong {
                key: text,
                length,
                limit: LONGEST,
            });
        }
        if text.contains(',') {
            return Err(KeyError::Comma { key: text });
        }
    }
    Ok(Key {
        fingerprint: text.clone(),
        segments: vec![Segment {
            text,
            kind: SegmentKind::String,
        }],
        warnings: Vec::new(),
    })
}

/// Replaces `$(Name)` where the variable is known, as Azure's agent does, and every `${{ }}`.
pub(super) fn replace_variables(text: &str, context: &KeyContext<'_>) -> Result<String, KeyError> {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        replaced.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((expression, after)) = between(rest, "${{", "}}") {
            replaced.push_str(&expression_value(expression.trim(), context)?);
            rest = after;
        } else if let Some((name, after)) = between(rest, "$(", ")")
            && let Some(value) = azure_variable(name, context)
        {
            replaced.push_str(&value);
            rest = after;
        } else {
            replaced.push('$');
            rest = &rest[1..];
        }
    }
    replaced.push_str(rest);
    Ok(replaced)
}

/// What is between two marks at the start of a text, and what follows.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(open)?.split_once(close)
}

/// Azure's variables are environment variables in upper case with `_` for `.`; names have no case.
fn azure_variable(name: &str, context: &KeyContext<'_>) -> Option<String> {
    let variable = name.trim().to_uppercase().replace(['.', ' '], "_");
    (context.variable)(&variable).or_else(|| match &variable[..] {
        "AGENT_OS" => Some(of_system("Linux", "Darwin", "Windows_NT")),
        "AGENT_OSARCHITECTURE" => Some(architecture()),
        _ => None,
    })
}

fn expression_value(expression: &str, context: &KeyContext<'_>) -> Result<String, KeyError> {
    let unknown = || KeyError::Expression {
        expression: expression.to_owned(),
    };
    if let Some((arguments, "")) = between(expression, "hashFiles(", ")") {
        return hash_of(arguments, context)?.ok_or_else(unknown);
    }
    let (object, name) = expression.split_once('.').ok_or_else(unknown)?;
    let upper = name.to_uppercase();
    let value = match object {
        "env" => Some((context.variable)(name).unwrap_or_default()),
        "runner" => (context.variable)(&format!("RUNNER_{upper}")).or_else(|| match name {
            "os" => Some(of_system("Linux", "macOS", "Windows")),
            "arch" => Some(architecture()),
            _ => None,
        }),
        "github" => (context.variable)(&format!("GITHUB_{upper}")),
        _ => None,
    };
    value.ok_or_else(unknown)
}

/// `hashFiles('a', 'b/**')`: relative to the workspace; nothing if nothing matches.
fn hash_of(arguments: &str, context: &KeyContext<'_>) -> Result<Option<String>, KeyError> {
    let unquoted = |argument: &str| {
        let argument = argument.trim();
        let quote = argument
            .chars()
            .next()
            .filter(|c| ['\'', '"'].contains(c))?;
        let inside = argument.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inside.to_owned())
    };
    let patterns: Option<Vec<String>> = arguments.split(',').map(unquoted).collect();
    let Some(patterns) = patterns else {
        return Ok(None);
    };
    let rules = Rules::parse(&patterns.join(","), &context.workspace);
    let files = hash_files(matching(&rules)?, &context.workspace)?;
    Ok(Some(if files.is_empty() {
        String::new()
    } else {
        hash_of_hashes(&files)
    }))
}

fn of_system(linux: &str, macos: &str, windows: &str) -> String {
    match std::env::consts::OS {
        "macos" => macos,
        "windows" => windows,
        _ => linux,
    }
    .to_owned()
}

fn architecture() -> String {
    match std::env::consts::ARCH {
        "x86_64" => "X64",
        "x86" => "X86",
        "aarch64" => "ARM64",
        "arm" => "ARM",
        other => other,
    }
    .to_owned()
}
