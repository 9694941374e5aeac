//! The names that members of a pack may have (P2 to P5, P8 of PACK.md), and no others.
//!
//! Parsing is strict and total: a text is exactly one of the few forms, in plain ASCII, or it is refused.
//! Never touches the disk; a name is never joined to a path of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::LOCK;

/// The name of a member other than the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberPath {
    text: String,
    kind: MemberKind,
}

/// What a member is for, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKind {
    /// The lock.
    Lock,
    /// Something for conda and micromamba: an environment.yml or a channel's index. larder does not use it.
    Aid,
    /// An archive of a conda package.
    Archive,
    /// A wheel of the `pip:` section, or a source of one.
    Wheel,
}

/// A text that names no member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no name of a pack's member")]
pub struct MemberPathProblem {
    /// The text, escaped and cut.
    pub text: String,
}

/// As many characters of a refused name as a message can bear.
const SHOWN: usize = 200;
const LONGEST_NAME: usize = 255;

impl MemberPath {
    /// What the member is for.
    pub fn kind(&self) -> MemberKind {
        self.kind
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The lock's name.
    pub fn lock() -> Self {
        Self {
            text: LOCK.to_owned(),
            kind: MemberKind::Lock,
        }
    }
}

impl FromStr for MemberPath {
    type Err = MemberPathProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = kind_of(text).ok_or_else(|| MemberPathProblem {
            text: shown(text.as_bytes()),
        })?;
        Ok(Self {
            text: text.to_owned(),
            kind,
        })
    }
}

impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for MemberPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for MemberPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A name that came from a pack, for messages.
pub(crate) fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    text.chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect()
}

fn kind_of(text: &str) -> Option<MemberKind> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [name] if *name == LOCK => Some(MemberKind::Lock),
        ["environment.yml"] => Some(MemberKind::Aid),
        [name] => {
            let platform = name.strip_prefix("environment-")?.strip_suffix(".yml")?;
            is_subdir(platform).then_some(MemberKind::Aid)
        }
        [directory, name] if is_numbered(directory, "wheels") => {
            is_wheel(name).then_some(MemberKind::Wheel)
        }
        [channel, subdir, name] if is_numbered(channel, "channel") && is_subdir(subdir) => {
            in_channel(name)
        }
        _ => None,
    }
}

fn in_channel(name: &str) -> Option<MemberKind> {
    if name == "repodata.json" {
        return Some(MemberKind::Aid);
    }
    let stem = name
        .strip_suffix(".conda")
        .or_else(|| name.strip_suffix(".tar.bz2"))?;
    (is_stem(stem) && name.len() <= LONGEST_NAME).then_some(MemberKind::Archive)
}

/// What pip can install from a file.
const WHEELS: &[&str] = &[
    ".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar",
];

fn is_wheel(name: &str) -> bool {
    let mut stems = WHEELS.iter().filter_map(|end| name.strip_suffix(end));
    stems.next().is_some_and(is_stem) && name.len() <= LONGEST_NAME
}

fn is_stem(stem: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+!".contains(&byte);
    let mut bytes = stem.bytes();
    let begins_well = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    bytes.next().is_some_and(begins_well) && bytes.all(is_plain)
}

/// `name`, or `name-2` and so on.
fn is_numbered(text: &str, name: &str) -> bool {
    match text.strip_prefix(name) {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('-')
            .and_then(|number| number.parse::<u16>().ok().map(|value| (number, value)))
            .is_some_and(|(text, value)| value >= 2 && value.to_string() == text),
        None => false,
    }
}

fn is_subdir(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len())
        && text.bytes().all(is_plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
