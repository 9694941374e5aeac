//! The index, `larder-pack.json`: what a pack is for and every member's path, size and digest (P1).
//!
//! An index that was read has passed every check that needs no other member (H1, H2).

use std::collections::HashSet;

use indexmap::IndexMap;
use larder_digest::Sha256;
use serde::{Deserialize, Serialize};

use crate::{MemberKind, MemberPath, PackError};

/// The version of a pack without wheels.
const VERSION: u32 = 1;
/// The version of a pack with wheels.
const WITH_WHEELS: u32 = 2;

/// What a pack holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackIndex {
    larder_pack: u32,
    /// The environment's name, if it has one: text from outside, to be checked before it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The platforms that everything is there for.
    pub platforms: Vec<String>,
    /// Environment variables to set on activation.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub variables: IndexMap<String, String>,
    members: Vec<PackedFile>,
}

/// A member other than the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedFile {
    /// Its name in the pack.
    pub path: MemberPath,
    /// In bytes.
    pub size: u64,
    /// Of its bytes.
    pub sha256: Sha256,
}

/// Only the version, so that a later index is told from a broken one.
#[derive(Deserialize)]
struct Version {
    larder_pack: u32,
}

impl PackIndex {
    /// The index of these members; name, platforms and variables are set afterwards.
    ///
    /// # Errors
    /// If the members are not in a pack's order or one occurs twice.
    pub fn new(members: Vec<PackedFile>) -> Result<Self, PackError> {
        let has_wheels = members
            .iter()
            .any(|member| member.path.kind() == MemberKind::Wheel);
        let index = Self {
            larder_pack: if has_wheels { WITH_WHEELS } else { VERSION },
            name: None,
            platforms: Vec::new(),
            variables: IndexMap::new(),
            members,
        };
        index.check()?;
        Ok(index)
    }

    /// All members but the index, in order. The first is the lock.
    pub fn members(&self) -> &[PackedFile] {
        &self.members
    }

    /// The archives, in order.
    pub fn archives(&self) -> impl Iterator<Item = &PackedFile> {
        self.members
            .iter()
            .filter(|member| member.path.kind() == MemberKind::Archive)
    }

    /// The wheels and sources of the `pip:` section, in order.
    pub fn wheels(&self) -> impl Iterator<Item = &PackedFile> {
        self.members
            .iter()
            .filter(|member| member.path.kind() == MemberKind::Wheel)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, PackError> {
        let malformed = |source| PackError::Index { source };
        let version: Version = serde_json::from_slice(bytes).map_err(malformed)?;
        if !(VERSION..=WITH_WHEELS).contains(&version.larder_pack) {
            return Err(PackError::Version {
                found: version.larder_pack,
                supported: WITH_WHEELS,
            });
        }
        let index: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        index.check()?;
        Ok(index)
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>, PackError> {
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|source| PackError::Index { source })?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn check(&self) -> Result<(), PackError> {
        let mut seen = HashSet::new();
        let mut last = None;
        for member in &self.members {
            let kind = member.path.kind();
            let is_lock = kind == MemberKind::Lock;
            let problem = if !seen.insert(member.path.as_str()) {
                "it is listed twice"
            } else if is_lock != last.is_none() {
                "the lock has to be the first that is listed"
            } else if last > Some(kind) {
                "archives have to be listed last, only wheels after them"
            } else if kind == MemberKind::Wheel && self.larder_pack == VERSION {
                "a pack of version 1 has no wheels"
            } else {
                last = Some(kind);
                continue;
            };
            return Err(PackError::Listed {
                entry: member.path.to_string(),
                problem,
            });
        }
        if last.is_none() {
            return Err(PackError::Listed {
                entry: crate::LOCK.to_owned(),
                problem: "it is missing",
            });
        }
        Ok(())
    }
}
