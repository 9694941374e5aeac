//! Resolvo's account, shortened.
//!
//! Works on the text alone; a line that looks unfamiliar stays as it is.

use crate::local::shown_text;

/// Without empty lines and the sentence that the header replaces; siblings that differ in their
/// version alone become one line.
pub(crate) fn tidy(account: &str) -> String {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for text in account.lines().map(str::trim_end) {
        if text.trim().is_empty() || text.starts_with("The following packages are incompatible") {
            continue;
        }
        let line = Line::of(text);
        match lines.last_mut() {
            Some(last) if last.is_sibling(&line) => last.absorb(line),
            _ => lines.push(line),
        }
    }
    let lines: Vec<String> = lines.iter().map(Line::text).collect();
    shown_text(&lines.join("\n"))
}

/// `│  ├─ python 3.12.1, which conflicts with ...`
struct Line<'a> {
    whole: &'a str,
    /// `│  ├─ `, as of the last of the siblings.
    branch: &'a str,
    name: &'a str,
    versions: Vec<&'a str>,
    /// `, which conflicts with ...`; empty if the line is no leaf.
    tail: &'a str,
}

impl<'a> Line<'a> {
    fn of(whole: &'a str) -> Self {
        let start = whole.find(|c: char| c.is_alphanumeric() || c == '_');
        let (branch, text) = whole.split_at(start.unwrap_or(0));
        let leaf = text.find(", which conflicts").map(|at| text.split_at(at));
        let (name, version, tail) = match leaf {
            Some((package, tail)) => match package.split_once(' ') {
                Some((name, version)) if !version.contains(' ') => (name, version, tail),
                _ => ("", "", ""),
            },
            None => ("", "", ""),
        };
        Self {
            whole,
            branch,
            name,
            versions: vec![version],
            tail,
        }
    }

    fn is_sibling(&self, other: &Self) -> bool {
        !self.tail.is_empty()
            && self.tail == other.tail
            && self.name == other.name
            && self.branch.chars().count() == other.branch.chars().count()
    }

    fn absorb(&mut self, other: Self) {
        self.branch = other.branch;
        for version in other.versions {
            if self.versions.last() != Some(&version) {
                self.versions.push(version);
            }
        }
    }

    fn text(&self) -> String {
        let versions = match self.versions.as_slice() {
            _ if self.tail.is_empty() => return self.whole.to_owned(),
            [first, second, _, .., last] => format!("{first} | {second} | ... | {last}"),
            few => few.join(" | "),
        };
        let (branch, name, tail) = (self.branch, self.name, self.tail);
        format!("{branch}{name} {versions}{tail}")
    }
}
