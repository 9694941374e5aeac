//! The rules of a path segment: `**/yarn.lock, !bin/**`, each made absolute.

use std::path::{Component, Path};

use super::glob::Glob;

/// One part of a rule's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// This very name.
    Name(String),
    /// Any number of directories, none included.
    Deep,
    /// What the pattern says.
    Glob(Glob),
}

/// A path that may have patterns in it, from the root of the file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) parts: Vec<Part>,
}

/// What a segment includes and excludes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rules {
    pub(super) include: Vec<Rule>,
    pub(super) exclude: Vec<Rule>,
}

/// Whether names that differ in case are one.
const IGNORE_CASE: bool = cfg!(any(windows, target_os = "macos"));

impl Rules {
    /// Reads the rules of a segment; a path is relative to `directory`.
    pub(super) fn parse(segment: &str, directory: &Path) -> Self {
        let mut rules = Self::default();
        for text in segment.split(',').map(str::trim) {
            match text.strip_prefix('!') {
                _ if text.is_empty() => {}
                Some(text) => rules.exclude.push(Rule::parse(text.trim(), directory)),
                None => rules.include.push(Rule::parse(text, directory)),
            }
        }
        rules
    }

    /// Whether some rule excludes this path, given as its names.
    pub(super) fn excludes(&self, names: &[&str]) -> bool {
        self.exclude.iter().any(|rule| rule.matches(names))
    }
}

impl Rule {
    fn parse(text: &str, directory: &Path) -> Self {
        let is_separator = |c| c == '/' || (cfg!(windows) && c == '\\');
        let is_absolute = text.starts_with(is_separator) || Path::new(text).is_absolute();
        let mut parts = if is_absolute {
            Vec::new()
        } else {
            names(directory).into_iter().map(Part::Name).collect()
        };
        for part in text.split(is_separator) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                "**" => parts.push(Part::Deep),
                glob if glob.contains(['*', '?', '[', '\\']) => {
                    parts.push(Part::Glob(Glob::new(glob, cfg!(windows), IGNORE_CASE)));
                }
                name if IGNORE_CASE => {
                    parts.push(Part::Glob(Glob::new(name, cfg!(windows), true)));
                }
                name => parts.push(Part::Name(name.to_owned())),
            }
        }
        Self { parts }
    }

    /// Whether a path, given as its names, is meant.
    pub(super) fn matches(&self, names: &[&str]) -> bool {
        matches(&self.parts, names)
    }
}

/// `**` is the only part that may be of any length, so there is one place to go back to.
fn matches(parts: &[Part], names: &[&str]) -> bool {
    let mut back: Option<(usize, usize)> = None;
    let (mut part, mut at) = (0, 0);
    loop {
        let is_next = match (parts.get(part), names.get(at)) {
            (Some(Part::Deep), _) => {
                back = Some((part, at));
                part += 1;
                continue;
            }
            (None, None) => return true,
            (Some(Part::Name(expected)), Some(name)) => expected == name,
            (Some(Part::Glob(glob)), Some(name)) => glob.matches(name),
            _ => false,
        };
        if is_next {
            part += 1;
            at += 1;
            continue;
        }
        match back {
            Some((deep, from)) if from < names.len() => {
                back = Some((deep, from + 1));
                (part, at) = (deep + 1, from + 1);
            }
            _ => return false,
        }
    }
}

/// The names of an absolute path.
pub(super) fn names(path: &Path) -> Vec<String> {
    path.components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            Component::Prefix(prefix) => Some(prefix.as_os_str().to_string_lossy().into_owned()),
            _ => None,
        })
        .collect()
}
