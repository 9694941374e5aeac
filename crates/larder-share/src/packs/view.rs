//! [`View`]: everything that a run can see, and the plan for reading what it wants (lines R1 to R5 of
//! PACKS.md).
//!
//! Pure: asks no remote and trusts no index further than that it says where to look.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    ops::Range,
};

use super::{Index, Member, PackEntry, PackId, Root, Rules};

/// The packs of all scopes that a run may read.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The last saved first.
    packs: Vec<PackEntry>,
    roots: Vec<Root>,
    /// What was found wrong.
    doubted: HashSet<(PackId, String)>,
}

/// A range of a pack, and the members in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Which pack.
    pub pack: PackId,
    /// Which bytes of its object.
    pub range: Range<u64>,
    /// Which members, where each is in the object, in order.
    pub members: Vec<(Member, Range<u64>)>,
}

/// How to get what is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestorePlan {
    /// To be read, in any order.
    pub reads: Vec<Read>,
    /// What no visible pack has.
    pub missing: Vec<String>,
}

impl RestorePlan {
    /// How many packs are read.
    pub fn packs(&self) -> usize {
        let packs: HashSet<PackId> = self.reads.iter().map(|read| read.pack).collect();
        packs.len()
    }

    /// How many bytes are read, those that nobody wants among them.
    pub fn bytes(&self) -> u64 {
        let lengths = self
            .reads
            .iter()
            .map(|read| read.range.end - read.range.start);
        lengths.sum()
    }
}

impl View {
    /// What some indexes say together.
    pub fn of<'a>(indexes: impl IntoIterator<Item = &'a Index>) -> Self {
        let mut all = Index::default();
        let mut roots = Vec::new();
        for index in indexes {
            all.merge(index);
            roots.extend_from_slice(index.roots());
        }
        let packs = all.packs().iter().rev().cloned().collect();
        Self {
            packs,
            roots,
            doubted: all.doubts().iter().cloned().collect(),
        }
    }

    /// The packs, the last saved first.
    pub fn packs(&self) -> &[PackEntry] {
        &self.packs
    }

    /// What they were saved for, in every scope.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// A pack that an index names is not there (any more).
    pub fn without_pack(&mut self, id: PackId) {
        self.packs.retain(|pack| pack.id != id);
    }

    /// A member of a pack has other bytes than it should have.
    pub fn without_member(&mut self, id: PackId, name: &str) {
        self.doubted.insert((id, name.to_owned()));
    }

    /// Which packs have a member of this name that is not known to be damaged.
    pub fn packs_with(&self, name: &str) -> Vec<PackId> {
        let with = self.packs.iter().filter(|pack| {
            pack.members.iter().any(|member| member.name == name) && self.trusts(pack.id, name)
        });
        with.map(|pack| pack.id).collect()
    }

    /// The member of this name as the pack that was saved last has it.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.packs.iter().find_map(|pack| {
            let found = pack.members.iter().find(|member| member.name == name)?;
            self.trusts(pack.id, name).then_some(found)
        })
    }

    /// Every member that can be read, with its size.
    pub fn sizes(&self) -> HashMap<&str, u64> {
        let mut sizes = HashMap::new();
        for pack in &self.packs {
            for member in &pack.members {
                if self.trusts(pack.id, &member.name) {
                    sizes.entry(member.name.as_str()).or_insert(member.size);
                }
            }
        }
        sizes
    }

    fn trusts(&self, id: PackId, name: &str) -> bool {
        self.doubted.is_empty() || !self.doubted.contains(&(id, name.to_owned()))
    }

    /// Which packs have each of some members: positions, the last saved first. Where packs have different
    /// bytes under one name, the last saved is right.
    fn holders<'a>(&self, wanted: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, Vec<usize>> {
        let mut holders: BTreeMap<&str, (Option<&Member>, Vec<usize>)> =
            wanted.map(|name| (name, (None, Vec::new()))).collect();
        for (position, pack) in self.packs.iter().enumerate() {
            for member in &pack.members {
                let Some((first, found)) = holders.get_mut(member.name.as_str()) else {
                    continue;
                };
                if self.trusts(pack.id, &member.name)
                    && first.get_or_insert(member).sha256 == member.sha256
                {
                    found.push(position);
                }
            }
        }
        let found = holders.into_iter().map(|(name, (_, found))| (name, found));
        found.collect()
    }

    /// From which pack each member comes so that few packs are needed: those that alone have one, then, for
    /// what these lack, the last saved. Also what none has.
    pub(super) fn cover<'a>(
        &self,
        wanted: impl Iterator<Item = &'a str>,
    ) -> (BTreeMap<usize, BTreeSet<&'a str>>, Vec<String>) {
        let holders = self.holders(wanted);
        let alone = holders.values().filter(|found| found.len() == 1);
        let mut chosen: BTreeSet<usize> = alone.map(|found| found[0]).collect();
        let mut cover: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, found) in holders {
            let known = found.iter().find(|position| chosen.contains(position));
            let Some(position) = known.or(found.first()).copied() else {
                missing.push(name.to_owned());
                continue;
            };
            chosen.insert(position);
            cover.entry(position).or_default().insert(name);
        }
        (cover, missing)
    }

    /// How to read members by their names.
    pub fn restore<'a>(
        &self,
        wanted: impl IntoIterator<Item = &'a str>,
        rules: &Rules,
    ) -> RestorePlan {
        let (cover, missing) = self.cover(wanted.into_iter());
        let mut reads = Vec::new();
        for (position, names) in cover {
            let pack = &self.packs[position];
            let places = pack
                .places()
                .filter(|(member, _)| names.contains(member.name.as_str()));
            for (member, place) in places {
                join(&mut reads, pack.id, member, place, rules);
            }
        }
        RestorePlan { reads, missing }
    }

    /// Every member that a living root needs.
    pub(super) fn live(&self) -> HashSet<&str> {
        let members = self.roots.iter().flat_map(|root| &root.members);
        members.map(String::as_str).collect()
    }

    /// For each name, the position of the pack that a reader prefers.
    pub(super) fn first_holders(&self) -> HashMap<&str, usize> {
        let mut first = HashMap::new();
        for (position, pack) in self.packs.iter().enumerate() {
            for member in &pack.members {
                first.entry(member.name.as_str()).or_insert(position);
            }
        }
        first
    }
}

/// Adds a member to the last read if it is near enough, else begins another.
fn join(reads: &mut Vec<Read>, pack: PackId, member: &Member, place: Range<u64>, rules: &Rules) {
    if let Some(last) = reads.last_mut()
        && last.pack == pack
        && place.start - last.range.end <= rules.gap
        && place.end - last.range.start <= rules.request
    {
        last.range.end = place.end;
        last.members.push((member.clone(), place));
        return;
    }
    reads.push(Read {
        pack,
        range: place.clone(),
        members: vec![(member.clone(), place)],
    });
}
