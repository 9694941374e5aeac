//! [`Index`]: which packs a scope has and what is where in them (lines I1 to I6 of PACKS.md).
//!
//! A hint and nothing more: who reads by it verifies what it reads, and what it names may be gone. Reads no
//! remote.

use std::{
    collections::{BTreeSet, HashSet},
    io::Read as _,
    ops::Range,
};

use larder_digest::Sha256;
use serde::{Deserialize, Serialize};

use super::{
    FormatError, Member, PackId,
    member::{self, MOST},
    name::{self, ScopeId},
    table,
};

const MAGIC: &[u8; 16] = b"larder-index-1\n\0";
/// The longest index that is read, packed.
pub(super) const LONGEST: u64 = 64 << 20;
/// The same, unpacked.
const LONGEST_JSON: u64 = 256 << 20;
const LEVEL: i32 = 9;
/// Seconds after which a root that nobody recorded again keeps nothing alive.
pub(super) const ROOT_LIFE: u64 = 30 * DAY;
const DAY: u64 = 24 * 60 * 60;

/// The packs of one scope, the last saved last, and what they were saved for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// One more than the latest of those that it was made from.
    generation: u32,
    packs: Vec<PackEntry>,
    roots: Vec<Root>,
    /// Members that were found damaged, wherever the pack is.
    #[serde(default)]
    doubts: BTreeSet<(PackId, String)>,
}

/// A pack as an index knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackEntry {
    /// Its name.
    pub id: PackId,
    /// When it was saved, in seconds since 1970, by the clock of who saved it.
    pub saved: u64,
    /// Where its first member begins.
    pub start: u64,
    /// What it holds, in order.
    pub members: Vec<Member>,
}

impl PackEntry {
    /// Each member and where it is.
    pub fn places(&self) -> impl Iterator<Item = (&Member, Range<u64>)> {
        table::places(&self.members, self.start)
    }

    /// The bytes of all members.
    pub fn size(&self) -> u64 {
        self.members.iter().map(|member| member.size).sum()
    }
}

/// What one environment needs: keeps members from counting as dead, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// What tells it from others of the scope: the manifest's path and the platform, say.
    pub name: String,
    /// When it was recorded, in seconds since 1970.
    pub saved: u64,
    /// Names of members.
    pub members: Vec<String>,
}

impl Index {
    /// The packs, the last saved last.
    pub fn packs(&self) -> &[PackEntry] {
        &self.packs
    }

    /// What they were saved for.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// Which members of which packs were found damaged and are not to be read.
    pub fn doubts(&self) -> &BTreeSet<(PackId, String)> {
        &self.doubts
    }

    /// Makes it the one after what it was read as.
    pub fn advance(&mut self) {
        self.generation = self.generation.saturating_add(1);
    }

    /// Notes that a member of a pack is damaged.
    pub fn doubt(&mut self, pack: PackId, member: String) {
        self.doubts.insert((pack, member));
    }

    /// Whether it has this root, or a later one of its name.
    pub fn knows(&self, root: &Root) -> bool {
        let mut known = self.roots.iter();
        known.any(|known| known.name == root.name && known.saved >= root.saved)
    }

    /// Whether it lists this pack.
    pub fn has(&self, id: PackId) -> bool {
        self.packs.iter().any(|pack| pack.id == id)
    }

    /// Reads an index whose name ends in `digest`.
    ///
    /// # Errors
    /// [`FormatError`]
    pub fn parse(digest: &Sha256, bytes: &[u8]) -> Result<Self, FormatError> {
        let found = name::sha256(bytes);
        if found != *digest {
            return Err(FormatError::Digest {
                expected: *digest,
                found,
            });
        }
        Self::parse_inside(bytes)
    }

    fn parse_inside(bytes: &[u8]) -> Result<Self, FormatError> {
        let Some(packed) = bytes.strip_prefix(MAGIC) else {
            let first = &bytes[..bytes.len().min(MAGIC.len())];
            return Err(FormatError::Magic {
                found: first.escape_ascii().to_string(),
            });
        };
        let compressed = |source| FormatError::Compressed { source };
        let mut json = Vec::new();
        zstd::Decoder::with_buffer(packed)
            .map_err(compressed)?
            .take(LONGEST_JSON + 1)
            .read_to_end(&mut json)
            .map_err(compressed)?;
        if json.len() as u64 > LONGEST_JSON {
            return Err(FormatError::Length {
                found: json.len() as u64,
                expected: LONGEST_JSON,
            });
        }
        let index: Self =
            serde_json::from_slice(&json).map_err(|source| FormatError::Json { source })?;
        index.check()?;
        Ok(index)
    }

    /// The name it gets in a scope, and its bytes.
    ///
    /// # Errors
    /// [`FormatError::Compressed`]
    pub fn to_bytes(&self, scope: ScopeId) -> Result<(String, Vec<u8>), FormatError> {
        let json = serde_json::to_vec(self).map_err(|source| FormatError::Json { source })?;
        let packed = zstd::bulk::compress(&json, LEVEL);
        let packed = packed.map_err(|source| FormatError::Compressed { source })?;
        let bytes = [MAGIC.as_slice(), &packed].concat();
        Ok((scope.index_name(self.generation, &bytes), bytes))
    }

    fn check(&self) -> Result<(), FormatError> {
        let listed = self.packs.iter().map(|pack| pack.members.len());
        let named = self.roots.iter().map(|root| root.members.len());
        if listed.chain(named).sum::<usize>() + self.doubts.len() > MOST {
            return Err(FormatError::TooMany { limit: MOST });
        }
        for pack in &self.packs {
            if pack.start > LONGEST {
                return Err(FormatError::Listed {
                    member: pack.id.to_string(),
                    problem: "its first member cannot begin there",
                });
            }
            member::check(&pack.members)?;
        }
        let names = self.roots.iter().flat_map(|root| &root.members);
        match names.into_iter().find(|name| !member::is_name(name)) {
            None => Ok(()),
            Some(name) => Err(FormatError::Listed {
                member: name.escape_default().take(200).collect(),
                problem: "a root names it, but that is no name",
            }),
        }
    }

    /// Takes a pack in, as the last saved.
    pub fn add(&mut self, pack: PackEntry) {
        self.packs.retain(|known| known.id != pack.id);
        self.packs.push(pack);
    }

    /// Forgets a pack.
    pub fn remove(&mut self, id: PackId) {
        self.packs.retain(|known| known.id != id);
    }

    /// Takes a root in, in place of the one of its name.
    pub fn record(&mut self, root: Root) {
        self.roots.retain(|known| known.name != root.name);
        self.roots.push(root);
    }

    /// What this and another index of the scope say together, whoever was first.
    pub fn merge(&mut self, other: &Self) {
        self.generation = self.generation.max(other.generation);
        for pack in &other.packs {
            if !self.has(pack.id) {
                self.packs.push(pack.clone());
            }
        }
        self.doubts.extend(other.doubts.iter().cloned());
        self.packs.sort_by_key(|pack| (pack.saved, pack.id));
        for root in &other.roots {
            let known = self.roots.iter().find(|known| known.name == root.name);
            if known.is_none_or(|known| known.saved < root.saved) {
                self.record(root.clone());
            }
        }
    }

    /// Forgets roots that nobody recorded for long and, but for the last so many, packs in which nothing is
    /// alive that no later pack has. A pack that is gone, or that nobody asks for, costs some bytes of the
    /// index; one that is forgotten while a branch needs it is saved again by each branch.
    pub fn forget(&mut self, now: u64, listed: usize) {
        self.roots
            .retain(|root| root.saved.saturating_add(ROOT_LIFE) > now);
        let members = self.roots.iter().flat_map(|root| &root.members);
        let mut wanted: HashSet<&String> = members.collect();
        let mut left = listed;
        let mut stay = Vec::new();
        for pack in self.packs.drain(..).rev() {
            let count = wanted.len();
            pack.members.iter().for_each(|member| {
                wanted.remove(&member.name);
            });
            if wanted.len() < count {
                stay.push(pack);
            } else if left > 0 {
                left -= 1;
                stay.push(pack);
            }
        }
        stay.reverse();
        self.packs = stay;
        let own: HashSet<ScopeId> = self.packs.iter().map(|pack| pack.id.scope).collect();
        let listed: HashSet<PackId> = self.packs.iter().map(|pack| pack.id).collect();
        self.doubts
            .retain(|(pack, _)| listed.contains(pack) || !own.contains(&pack.scope));
    }
}
