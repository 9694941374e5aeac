//! Absolute paths as lists of names, by the rules of either kind of system: as text, so that those of Windows are
//! tested everywhere.

use std::path::{Path, PathBuf};

/// How a system reads paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PathRules {
    /// `\` separates as `/` does, and the first name of a path is a drive or share.
    pub(super) windows: bool,
    /// Whether names that differ in case are one.
    pub(super) ignore_case: bool,
}

impl PathRules {
    /// Those of the system that this runs on. Volumes of macOS may heed case; few do.
    pub(super) const HOST: Self = Self {
        windows: cfg!(windows),
        ignore_case: cfg!(any(windows, target_os = "macos")),
    };

    pub(super) fn is_separator(self, character: char) -> bool {
        character == '/' || (self.windows && character == '\\')
    }

    /// The names of an absolute path. On Windows the first is the drive (`C:`) or share (`\\server\share`), whether
    /// or not it is written in the form without a limit (`\\?\C:\`).
    pub(super) fn names(self, path: &str) -> Vec<String> {
        let (drive, rest) = self.split_drive(path);
        let mut names: Vec<String> = drive.into_iter().collect();
        self.extend(&mut names, rest.split(|c| self.is_separator(c)));
        names
    }

    /// The drive or share of a path of Windows, if it says one, and what follows.
    pub(super) fn split_drive(self, path: &str) -> (Option<String>, String) {
        if !self.windows {
            return (None, path.to_owned());
        }
        let path = without_limit_mark(path);
        if let Some(share) = path.strip_prefix(r"\\") {
            let parts: Vec<&str> = share.splitn(3, '\\').collect();
            let part = |number: usize| parts.get(number).copied().unwrap_or_default();
            return (
                Some(format!(r"\\{}\{}", part(0), part(1))),
                part(2).to_owned(),
            );
        }
        let mut characters = path.chars();
        let is_drive = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && characters.next() == Some(':')
            && characters.next().is_none_or(|c| c == '\\');
        match is_drive {
            true => (Some(path[..2].to_owned()), path[2..].to_owned()),
            false => (None, path),
        }
    }

    /// Goes on from a path, name by name; `..` goes up.
    fn extend<'a>(self, names: &mut Vec<String>, parts: impl Iterator<Item = &'a str>) {
        for part in parts {
            match part {
                "" | "." => {}
                ".." => self.pop(names),
                part => names.push(part.to_owned()),
            }
        }
    }

    /// Goes up a level, never above the root.
    pub(super) fn pop<T>(self, names: &mut Vec<T>) {
        if names.len() > usize::from(self.windows) {
            names.pop();
        }
    }

    /// The path that has these names.
    pub(super) fn path(self, names: &[&str]) -> String {
        match (self.windows, names) {
            (true, [drive, rest @ ..]) => format!(r"{drive}\{}", rest.join(r"\")),
            (true, []) => r"\".to_owned(),
            (false, names) => format!("/{}", names.join("/")),
        }
    }

    /// Whether two names are one.
    pub(super) fn is_same(self, one: &str, other: &str) -> bool {
        one == other || (self.ignore_case && fold(one) == fold(other))
    }

    /// A path seen from a directory, with `..` for each level up; itself if it is on another drive.
    pub(super) fn relative(self, path: &str, from: &str) -> String {
        let (names, from) = (self.names(path), self.names(from));
        let pairs = names.iter().zip(&from);
        let common = pairs.take_while(|(one, other)| self.is_same(one, other));
        let common = common.count();
        if self.windows && common == 0 {
            return path.to_owned();
        }
        let up = from[common..].iter().map(|_| "..".to_owned());
        let parts: Vec<String> = up.chain(names[common..].iter().cloned()).collect();
        parts.join(if self.windows { r"\" } else { "/" })
    }
}

fn fold(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).collect()
}

/// A path of Windows with `\` alone, and without `\\?\`.
fn without_limit_mark(path: &str) -> String {
    let path = path.replace('/', r"\");
    match path.strip_prefix(r"\\?\") {
        Some(rest) => match rest.strip_prefix(r"UNC\") {
            Some(share) => format!(r"\\{share}"),
            None => rest.to_owned(),
        },
        None => path,
    }
}

/// The names of an absolute path of this system.
pub(super) fn names(path: &Path) -> Vec<String> {
    PathRules::HOST.names(&path.to_string_lossy())
}

/// The path of these names as they are on the disk. Where case makes no difference a file may be named in another
/// one than it has, and the hash of a key is that of the name that it has.
pub(super) fn path_on_disk(names: &[&str], rules: PathRules) -> PathBuf {
    let typed = PathBuf::from(rules.path(names));
    if !rules.ignore_case || typed.symlink_metadata().is_err() {
        return typed;
    }
    let root = names.len().min(usize::from(rules.windows));
    let mut path = PathBuf::from(rules.path(&names[..root]));
    for name in &names[root..] {
        let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
        let existing = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        // A directory that may not be listed, and short names (`PROGRA~1`): as it was typed.
        let name = name_on_disk(name, existing, rules).unwrap_or_else(|| (*name).to_owned());
        path.push(name);
    }
    path
}

/// The name among those of a directory that the typed one means: itself if it is there.
fn name_on_disk(
    typed: &str,
    existing: impl Iterator<Item = String>,
    rules: PathRules,
) -> Option<String> {
    let mut same = None;
    for name in existing.filter(|name| rules.is_same(name, typed)) {
        if name == typed {
            return Some(name);
        }
        same = Some(name);
    }
    same
}

#[cfg(test)]
mod tests;
