//! [`EntryName`], the only door through which a name in an archive becomes a path.

use std::path::{Path, PathBuf};

use larder_fs::name_of_bytes;
use larder_unpack::NameRules;

use super::{EntryProblem, limits::NAME_DEPTH};

const MAX_COMPONENT: usize = 255;
const MAX_LENGTH: usize = 4096;

/// The name of an entry, checked: a root's number and a path below it, of bytes, with `/` between its
/// components, none of which is empty, `.` or `..`, or has a NUL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct EntryName {
    pub(super) root: usize,
    /// Empty for the root itself.
    pub(super) path: Vec<u8>,
}

impl EntryName {
    /// Reads a name; a `/` at the end is dropped.
    pub(super) fn parse(name: &[u8], roots: usize) -> Result<Self, EntryProblem> {
        let name = name.strip_suffix(b"/").unwrap_or(name);
        let border = name.iter().position(|byte| *byte == b'/');
        let (number, path) = match border {
            Some(at) => (&name[..at], &name[at + 1..]),
            None => (name, &b""[..]),
        };
        let is_number = !number.is_empty()
            && number.len() < 6
            && number.iter().all(u8::is_ascii_digit)
            && (number == b"0" || number[0] != b'0');
        if !is_number || (border.is_some() && path.is_empty()) {
            return Err(EntryProblem::Name);
        }
        let root = number
            .iter()
            .fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
        if root >= roots {
            return Err(EntryProblem::Root);
        }
        if !path.is_empty() && !is_path(path) {
            return Err(EntryProblem::Name);
        }
        check_reserved(path, NameRules::HOST)?;
        Ok(Self {
            root,
            path: path.to_vec(),
        })
    }

    /// What it lies in; `None` for a root.
    pub(super) fn parent(&self) -> Option<Self> {
        (!self.path.is_empty()).then(|| Self {
            root: self.root,
            path: split(&self.path).0.to_vec(),
        })
    }

    /// Its last component.
    pub(super) fn file_name(&self) -> Result<PathBuf, EntryProblem> {
        as_path(split(&self.path).1)
    }

    /// The path below its root.
    pub(super) fn below_root(&self) -> Result<PathBuf, EntryProblem> {
        as_path(&self.path)
    }
}

/// Directory and last component.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}

fn as_path(bytes: &[u8]) -> Result<PathBuf, EntryProblem> {
    let name = name_of_bytes(bytes).ok_or(EntryProblem::Name)?;
    let path = PathBuf::from(name);
    let is_plain = |path: &Path| {
        path.components()
            .all(|part| matches!(part, std::path::Component::Normal(_)))
    };
    if is_plain(&path) {
        Ok(path)
    } else {
        Err(EntryProblem::Name)
    }
}

/// Refuses what Windows reads as another name: devices (`aux.txt`), dots and spaces at the end, streams. Other systems
/// take any bytes.
fn check_reserved(path: &[u8], rules: NameRules) -> Result<(), EntryProblem> {
    match std::str::from_utf8(path) {
        Ok(path) => rules
            .check_reserved(path)
            .map_err(EntryProblem::ImpossibleHere),
        // `name_of_bytes` decides whether the system has such names.
        Err(_) => Ok(()),
    }
}

fn is_path(path: &[u8]) -> bool {
    path.len() <= MAX_LENGTH
        && path.iter().filter(|byte| **byte == b'/').count() < NAME_DEPTH
        && !path.contains(&0)
        && path.split(|byte| *byte == b'/').all(|component| {
            !component.is_empty()
                && component != b"."
                && component != b".."
                && component.len() <= MAX_COMPONENT
        })
}

#[cfg(test)]
mod tests {
    use super::{EntryProblem, NameRules, check_reserved};
    use crate::archive::ArchiveError;

    #[test]
    fn names_that_windows_reserves_are_refused_there_and_the_archive_is_not_damaged() {
        for path in ["aux", "d/NUL.txt", "a.", "d /f", "a:stream", "com1.log"] {
            let problem = check_reserved(path.as_bytes(), NameRules::Windows).unwrap_err();
            assert!(
                matches!(problem, EntryProblem::ImpossibleHere(_)),
                "{path}: {problem}"
            );
            let error = ArchiveError::entry(path.as_bytes(), problem);
            assert!(
                !error.is_damage() && error.to_string().contains(path),
                "{error}"
            );
            check_reserved(path.as_bytes(), NameRules::Unix).unwrap();
        }
        for path in ["auxiliary", "d/.x", "\u{202e}gnp"] {
            check_reserved(path.as_bytes(), NameRules::Windows).unwrap();
        }
    }
}
