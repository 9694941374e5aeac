//! The text of a pixi.lock by lines: where credentials stand, and on which line a package is.
//!
//! Never decides what a text means; `rattler_lock` has no positions, so this finds them.

use std::collections::HashMap;

use crate::{LockError, Problem, address};

/// The first address with credentials, by its line.
pub(super) fn check_credentials(file: &str, text: &str) -> Result<(), LockError> {
    let secret = (1..).zip(text.lines()).find(|(_, line)| {
        // `git: https://host/repository?rev=v1`, as sources of packages are written.
        let is_repository = line.trim().trim_start_matches("- ").starts_with("git:");
        match is_repository {
            true => addresses(line).any(address::has_repository_secret),
            false => addresses(line).any(is_secret),
        }
    });
    match secret {
        None => Ok(()),
        Some((line, _)) => Err(LockError::Line {
            file: file.to_owned(),
            line,
            problem: Box::new(Problem::Credentials { key: "url" }),
        }),
    }
}

/// The URLs in a line, each to the next character that a URL does not have.
fn addresses(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| {
        character.is_whitespace() || matches!(character, '"' | '\'' | '[' | ']' | ',' | '<' | '>')
    })
    .filter(|word| word.contains("://"))
}

fn is_secret(url: &str) -> bool {
    let schemes = ["git+", "git:", "ssh:"];
    match schemes.iter().any(|scheme| url.starts_with(scheme)) {
        true => address::has_repository_secret(url),
        false => address::clean(url).secret,
    }
}

/// The line of each package in the list of packages, by its location.
pub(super) struct Lines<'a>(HashMap<&'a str, u64>);

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut lines = HashMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let item = line.trim().trim_start_matches("- ");
            let Some((key, location)) = item.split_once(": ") else {
                continue;
            };
            let location = location.trim().trim_matches(['"', '\'']);
            // The list of packages comes after the environments, which refer to it.
            match key {
                "conda" | "pypi" | "url" => lines.insert(location, number),
                // `<name>[<hash>] @ <location>`
                "conda_source" => lines.insert(before(location, '['), number),
                _ => None,
            };
        }
        Self(lines)
    }

    /// The line of a package by its location, or by its name if it is a source; the first line if
    /// there is none, as in a file without line breaks.
    pub(super) fn get(&self, location: &str, name: &str) -> u64 {
        let line = self.0.get(location).or_else(|| self.0.get(name));
        line.copied().unwrap_or(1)
    }
}

fn before(text: &str, end: char) -> &str {
    text.split_once(end).map_or(text, |(before, _)| before)
}
