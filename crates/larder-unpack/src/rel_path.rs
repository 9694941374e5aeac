//! [`RelPath`], the only door through which an untrusted name becomes a path.
//!
//! It is checked as text, the same on every system, and never touches the disk.

use std::{borrow::Borrow, fmt, path::Path};

use serde::{Deserialize, Serialize};

use crate::name_rules::{self, NameRules};

/// A path of a package, relative to its root, with `/` between its components.
///
/// Never empty, absolute, or with an empty, `.` or `..` component; no backslash, no drive, no
/// control character; each component at most 255 bytes, the whole at most 1024. What else a name must not
/// be depends on the system ([`NameRules`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

/// Why a name is no path of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelPathProblem {
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
    /// Starts with `/`.
    #[error("it is absolute")]
    Absolute,
    /// Starts with a drive such as `C:`.
    #[error("it starts with a drive")]
    Drive,
    /// Has a component `..`.
    #[error("it has a component `..`")]
    ParentComponent,
    /// Has a component `.`.
    #[error("it has a component `.`")]
    CurrentComponent,
    /// Has two slashes in a row or one at the end.
    #[error("it has an empty component")]
    EmptyComponent,
    /// Has a backslash, which is a separator on one system and part of a name on others.
    #[error("it has a backslash")]
    Backslash,
    /// Has NUL, a line break or another control character.
    #[error("it has a control character")]
    Control,
    /// Has a character that reverses the direction of the text around it, so that it reads as another name.
    #[error("it has a character that changes the direction of text")]
    Bidirectional,
    /// Has a character that nobody sees and that some file systems drop from names.
    #[error(
        "it has an invisible character, which file systems of this system may drop from the name"
    )]
    Invisible,
    /// Ends with a dot or space, which Windows drops from names.
    #[error("a component ends with `.` or a space, which Windows drops from names")]
    TrailingDotOrSpace,
    /// Is the name of a device on Windows, such as `aux` or `con.txt`.
    #[error("a component is the name of a device on Windows")]
    DeviceName,
    /// Has a character that Windows gives another meaning, such as `:`.
    #[error("it has one of the characters `<>:\"|?*`, which have another meaning on Windows")]
    WindowsCharacter,
    /// Is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// Has a component or a length that file systems do not take.
    #[error("it is too long (at most 255 bytes a component, 1024 in all)")]
    TooLong,
}

const MAX_COMPONENT: usize = 255;
const MAX_LENGTH: usize = 1024;

impl RelPath {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a path to join to a directory.
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// What is before the last component; nothing for a path of one component.
    pub fn parent(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(parent, _)| parent)
    }

    /// The components, first to last.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Whether it is `info` or below it: metadata, which never enters an environment. Letter case
    /// does not matter, as it does not on some file systems.
    pub fn is_info(&self) -> bool {
        self.starts_in("info")
    }

    /// Whether it is `conda-meta` or below it, which belongs to environments (CEP 34); also under a name that
    /// some file system takes for that one (see [`is_conda_meta_name`](crate::is_conda_meta_name)).
    pub fn is_conda_meta(&self) -> bool {
        name_rules::is_conda_meta_name(self.components().next().unwrap_or_default())
    }

    /// Reads a path by the rules of a system, which may be another than this one.
    ///
    /// # Errors
    /// [`RelPathProblem`]
    pub fn parse(text: &str, rules: NameRules) -> Result<Self, RelPathProblem> {
        check(text, rules).map(|()| Self(text.to_owned()))
    }

    fn starts_in(&self, directory: &str) -> bool {
        self.components()
            .next()
            .is_some_and(|first| first.eq_ignore_ascii_case(directory))
    }

    /// Reads the name of a tar member: as a path, but `./` in front and `/` at the end are dropped,
    /// and the root itself (`./`) is `None`.
    ///
    /// # Errors
    /// [`RelPathProblem`]
    pub fn from_member(name: &[u8]) -> Result<Option<Self>, RelPathProblem> {
        let name = std::str::from_utf8(name).map_err(|_| RelPathProblem::NotUtf8)?;
        let mut rest = name;
        while let Some(stripped) = rest.strip_prefix("./") {
            rest = stripped;
        }
        if !name.is_empty() && (rest.is_empty() || rest == ".") {
            return Ok(None);
        }
        rest.strip_suffix('/').unwrap_or(rest).try_into().map(Some)
    }
}

fn check(text: &str, rules: NameRules) -> Result<(), RelPathProblem> {
    let bytes = text.as_bytes();
    if rules != NameRules::Windows && is_plain(bytes) {
        return Ok(());
    }
    if bytes.is_empty() {
        return Err(RelPathProblem::Empty);
    }
    if bytes.len() > MAX_LENGTH {
        return Err(RelPathProblem::TooLong);
    }
    if bytes[0] == b'/' {
        return Err(RelPathProblem::Absolute);
    }
    if bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic() {
        return Err(RelPathProblem::Drive);
    }
    if bytes.contains(&b'\\') {
        return Err(RelPathProblem::Backslash);
    }
    if text.chars().any(char::is_control) {
        return Err(RelPathProblem::Control);
    }
    text.split('/').try_for_each(check_component)?;
    rules.check(text)
}

/// Whether a path is fine at a glance, as nearly all are: ASCII, and nothing that needs a closer look.
fn is_plain(bytes: &[u8]) -> bool {
    let mut length = 0;
    let mut only_dots = true;
    for &byte in bytes {
        match byte {
            b'/' if only_dots || length > MAX_COMPONENT => return false,
            b'/' => (length, only_dots) = (0, true),
            b'\\' | b':' | ..b' ' | 0x7f.. => return false,
            _ => {
                length += 1;
                only_dots &= byte == b'.';
            }
        }
    }
    !only_dots && length <= MAX_COMPONENT && bytes.len() <= MAX_LENGTH
}

fn check_component(component: &str) -> Result<(), RelPathProblem> {
    match component {
        "" => Err(RelPathProblem::EmptyComponent),
        "." => Err(RelPathProblem::CurrentComponent),
        ".." => Err(RelPathProblem::ParentComponent),
        long if long.len() > MAX_COMPONENT => Err(RelPathProblem::TooLong),
        _ => Ok(()),
    }
}

impl TryFrom<&str> for RelPath {
    type Error = RelPathProblem;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::parse(text, NameRules::HOST)
    }
}

impl TryFrom<String> for RelPath {
    type Error = RelPathProblem;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        check(&text, NameRules::HOST).map(|()| Self(text))
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> Self {
        path.0
    }
}

impl AsRef<str> for RelPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<Path> for RelPath {
    fn as_ref(&self) -> &Path {
        self.as_path()
    }
}

impl Borrow<str> for RelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
