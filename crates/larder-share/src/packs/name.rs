//! Names: of scopes, packs and indexes on a remote (lines N1 to N4 of PACKS.md).
//!
//! Every name ends in a digest of fixed length, so none is the beginning of another: services that take a
//! whole name for a beginning as well cannot give one for another.

use std::{fmt, str::FromStr};

use larder_digest::{Hasher, Sha256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where everything is; the number is the version of names, packs and indexes together.
const PLACE: &str = "packs1";

/// Whose packs: a branch as its service calls it, or any text for one that all share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(u64);

impl ScopeId {
    /// The scope that a text such as `refs/heads/main` stands for.
    pub fn of(text: &str) -> Self {
        let digest = sha256(text.as_bytes());
        let first = digest.as_bytes()[..8].iter();
        Self(first.fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// What the names of all its indexes begin with, and no others.
    pub fn index_prefix(self) -> String {
        format!("{PLACE}/{self}/i/")
    }

    /// The name of an index with these bytes. Of several that were created in one moment, as far as the
    /// remote's clock tells moments apart, remotes list the first by name first: that is the one that was
    /// made from most others.
    pub(super) fn index_name(self, generation: u32, bytes: &[u8]) -> String {
        let reversed = u32::MAX - generation;
        format!("{}{reversed:08x}-{}", self.index_prefix(), sha256(bytes))
    }
}

impl fmt::Display for ScopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A pack: whose it is, and the digest of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackId {
    /// Who saved it.
    pub scope: ScopeId,
    /// Of its table.
    pub table: Sha256,
}

impl PackId {
    /// The name of its object, as text that every remote takes.
    pub fn object(self) -> String {
        format!("{PLACE}/{}/p/{}", self.scope, self.table)
    }
}

impl fmt::Display for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.scope, self.table)
    }
}

/// A text that is no [`PackId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no pack: expected 16 and 64 hexadecimal digits with a slash between")]
pub struct ParsePackIdError(String);

impl FromStr for PackId {
    type Err = ParsePackIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').and_then(|(scope, table)| {
            let scope = u64::from_str_radix(scope, 16).ok()?;
            let table = table.parse().ok()?;
            Some(Self {
                scope: ScopeId(scope),
                table,
            })
        });
        // One text for each: what would be printed in another way is refused.
        parts
            .filter(|id| id.to_string() == text)
            .ok_or_else(|| ParsePackIdError(text.to_owned()))
    }
}

impl Serialize for PackId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PackId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What the names of everything begin with.
pub(super) const ALL: &str = "packs1/";
/// Written by a collection, to ask the remote what time it is.
pub(super) const CLOCK: &str = "packs1/clock";

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A pack.
    Pack(PackId),
    /// An index of this scope.
    Index(ScopeId),
}

/// What an object of the remote is; nothing if its name is none of ours.
pub(super) fn part_of(object: &str) -> Option<Part> {
    let (scope, rest) = object.strip_prefix(ALL)?.split_once('/')?;
    let scope = ScopeId(u64::from_str_radix(scope, 16).ok()?);
    match rest.strip_prefix("p/") {
        Some(table) => {
            let table = table.parse().ok()?;
            let id = PackId { scope, table };
            (id.object() == object).then_some(Part::Pack(id))
        }
        None => digest_of_index(scope, object).map(|_| Part::Index(scope)),
    }
}

/// The digest that an index's name ends in, if it is one of this scope.
pub(super) fn digest_of_index(scope: ScopeId, object: &str) -> Option<Sha256> {
    let rest = object.strip_prefix(&scope.index_prefix())?;
    let (generation, digest) = rest.split_once('-')?;
    let is_number =
        generation.len() == 8 && generation.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| digest.parse().ok()).flatten()
}

pub(super) fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}
