//! The rules of a path segment: `**/yarn.lock, !bin/**`, each made absolute.

use std::path::Path;

use super::{glob::Glob, names::PathRules};

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
    pub(super) rules: PathRules,
}

/// What a segment includes and excludes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rules {
    pub(super) include: Vec<Rule>,
    pub(super) exclude: Vec<Rule>,
}

impl Rules {
    /// Reads the rules of a segment; a path is relative to `directory`.
    pub(super) fn parse(segment: &str, directory: &Path) -> Self {
        Self::parse_by(segment, &directory.to_string_lossy(), PathRules::HOST)
    }

    fn parse_by(segment: &str, directory: &str, path_rules: PathRules) -> Self {
        let mut rules = Self::default();
        let parse = |text: &str| Rule::parse(text, directory, path_rules);
        for text in segment.split(',').map(str::trim) {
            match text.strip_prefix('!') {
                _ if text.is_empty() => {}
                Some(text) => rules.exclude.push(parse(text.trim())),
                None => rules.include.push(parse(text)),
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
    fn parse(text: &str, directory: &str, rules: PathRules) -> Self {
        let mut names = rules.names(directory);
        let (drive, text) = rules.split_drive(text);
        let is_rooted = text.starts_with(|c| rules.is_separator(c));
        if let Some(drive) = drive {
            names = vec![drive];
        } else if is_rooted {
            // On Windows the drive is that of the directory.
            names.truncate(usize::from(rules.windows));
        }
        let mut parts: Vec<Part> = names.into_iter().map(Part::Name).collect();
        for part in text.split(|c| rules.is_separator(c)) {
            match part {
                "" | "." => {}
                ".." => rules.pop(&mut parts),
                "**" => parts.push(Part::Deep),
                glob if glob.contains(['*', '?', '[', '\\']) => {
                    let glob = Glob::new(glob, rules.windows, rules.ignore_case);
                    parts.push(Part::Glob(glob));
                }
                name => parts.push(Part::Name(name.to_owned())),
            }
        }
        Self { parts, rules }
    }

    /// Whether a path, given as its names, is meant.
    pub(super) fn matches(&self, names: &[&str]) -> bool {
        matches(&self.parts, names, self.rules)
    }
}

/// `**` is the only part that may be of any length, so there is one place to go back to.
fn matches(parts: &[Part], names: &[&str], rules: PathRules) -> bool {
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
            (Some(Part::Name(expected)), Some(name)) => rules.is_same(expected, name),
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

#[cfg(test)]
mod tests {
    use super::{PathRules, Rules};

    const WINDOWS: PathRules = PathRules {
        windows: true,
        ignore_case: true,
    };

    fn matches(rule: &str, path: &str) -> bool {
        let rules = Rules::parse_by(rule, r"C:\Work\s", WINDOWS);
        let names = WINDOWS.names(path);
        rules.include[0].matches(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn paths_and_patterns_of_windows_with_and_without_a_drive() {
        for (rule, path) in [
            ("./yarn.lock", r"C:\Work\s\yarn.lock"),
            (r".\YARN.lock", r"C:\Work\s\yarn.lock"),
            (r"**\*.lock", r"C:\work\S\a\b\Yarn.LOCK"),
            (r"..\x\a.txt", r"C:\Work\x\a.txt"),
            (r"..\..\..\..\a.txt", r"C:\a.txt"),
            (r"C:\w\a.txt", r"C:\w\a.txt"),
            ("c:/w/*.txt", r"C:\W\a.txt"),
            (r"\w\a.txt", r"C:\w\a.txt"),
            (r"\\host\share\**\a.txt", r"\\HOST\share\b\a.txt"),
            ("//host/share/a.txt", r"\\host\share\a.txt"),
        ] {
            assert!(matches(rule, path), "{rule} {path}");
        }
        for (rule, path) in [
            (r"D:\w\a.txt", r"C:\w\a.txt"),
            (r"\w\a.txt", r"D:\w\a.txt"),
            ("C:a.txt", r"C:\Work\s\a.txt"),
            (r"C:\w\*.txt", r"C:\w\b\a.txt"),
        ] {
            assert!(!matches(rule, path), "{rule} {path}");
        }
    }
}
