//! What a save puts into its pack: what no visible pack has, and what the rewrite rule takes along (lines S1
//! to S4 and W1 to W4 of PACKS.md).
//!
//! Pure. A rewrite needs no download: who saves has an environment's members at hand.

use std::collections::HashSet;

use super::{Index, Member, Root, Rules, View};

/// What is to be saved.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What the members are for.
    pub root: &'a Root,
    /// What is at hand.
    pub members: &'a [Member],
    /// Whether this run is one that keeps the scope's packs in order: those of the default branch do, as
    /// nobody else reads what a branch saves.
    pub rewrites: bool,
}

/// What goes into a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavePlan {
    /// What no visible pack has.
    pub new: Vec<Member>,
    /// What some pack has and this one will have as well, so that the other is needed no more.
    pub rewritten: Vec<Member>,
    /// Whether the root is to be recorded, if nothing else is new.
    pub records: bool,
}

impl SavePlan {
    /// Whether there is nothing to do at all.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.rewritten.is_empty() && !self.records
    }

    /// Everything for the pack.
    pub fn members(&self) -> Vec<Member> {
        [self.new.as_slice(), &self.rewritten].concat()
    }
}

impl View {
    /// What a save has to put into a pack; `own` is the index of the scope that is written to.
    pub fn save(&self, wanted: Wanted<'_>, own: &Index, rules: &Rules) -> SavePlan {
        let (cover, missing) = self.cover(wanted.members.iter().map(|member| member.name.as_str()));
        let missing: HashSet<String> = missing.into_iter().collect();
        let needed: Vec<Needed> = cover
            .into_iter()
            .map(|(position, names)| Needed {
                position,
                bytes: self.bytes_of(position, |name| names.contains(name)),
                names: names.into_iter().map(str::to_owned).collect(),
            })
            .collect();
        let left = match wanted.rewrites {
            true => self.left(needed, wanted.root, !missing.is_empty(), rules),
            false => HashSet::new(),
        };
        let is_new = |member: &&Member| missing.contains(&member.name);
        let is_left = |member: &&Member| left.contains(&member.name);
        SavePlan {
            new: wanted.members.iter().filter(is_new).cloned().collect(),
            rewritten: wanted.members.iter().filter(is_left).cloned().collect(),
            records: wanted.rewrites && is_stale(own, wanted.root, rules),
        }
    }

    fn bytes_of(&self, position: usize, counts: impl Fn(&str) -> bool) -> u64 {
        let members = self.packs()[position].members.iter();
        let counted = members.filter(|member| counts(&member.name));
        counted.map(|member| member.size).sum()
    }

    /// The members that are taken out of packs by the rewrite rule.
    fn left(&self, needed: Vec<Needed>, root: &Root, adds: bool, rules: &Rules) -> HashSet<String> {
        let mut live = self.live();
        live.extend(root.members.iter().map(String::as_str));
        let first = self.first_holders();
        let is_dead = |pack: &Needed| {
            let counts =
                |name: &str| !live.contains(name) || first.get(name) != Some(&pack.position);
            let dead = self.bytes_of(pack.position, counts);
            let all = self.packs()[pack.position].size();
            dead > rules.dead_bytes && dead * 100 > all * rules.dead_percent
        };
        let (mut left, mut stay): (Vec<_>, Vec<_>) = needed.into_iter().partition(is_dead);
        stay.sort_by_key(|pack| std::cmp::Reverse((pack.bytes, pack.position)));
        let with_new =
            |stay: &[Needed], left: &[Needed]| stay.len() + usize::from(adds || !left.is_empty());
        if with_new(&stay, &left) > rules.packs {
            // One place is for the pack that is being made.
            left.extend(stay.drain((rules.packs / 2).max(1) - 1..));
        }
        left.into_iter().flat_map(|pack| pack.names).collect()
    }
}

/// A pack that the environment needs, and what for.
struct Needed {
    position: usize,
    bytes: u64,
    names: Vec<String>,
}

/// Whether a root is recorded otherwise, or long ago.
fn is_stale(own: &Index, root: &Root, rules: &Rules) -> bool {
    let known = own.roots().iter().find(|known| known.name == root.name);
    known.is_none_or(|known| {
        let (mut one, mut other) = (known.members.clone(), root.members.clone());
        one.sort();
        other.sort();
        one != other || known.saved.saturating_add(rules.refresh) <= root.saved
    })
}
