//! The locks of `fixtures/month`: three manifests that were solved each week, and packages that branches add.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    rc::Rc,
};

use larder_digest::{Hasher, Sha256};
use larder_share::packs::Member;

/// What one environment needs.
#[derive(Debug)]
pub(crate) struct Lock {
    /// Tells locks apart.
    pub(crate) id: usize,
    pub(crate) members: Vec<Member>,
}

impl Lock {
    pub(crate) fn bytes(&self) -> u64 {
        self.members.iter().map(|member| member.size).sum()
    }
}

/// All locks, by manifest, week and the package that was added.
pub(crate) struct Locks {
    manifests: Vec<Manifest>,
}

struct Manifest {
    /// For each week the lock without and with each added package.
    weeks: Vec<Vec<Rc<Lock>>>,
}

const WEEK: usize = 7;

impl Locks {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("fixtures/month/locks.tsv");
        let mut rows: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
        for line in text.lines() {
            let row: Vec<&str> = line.split('\t').collect();
            rows.entry(row[0]).or_default().push(row);
        }
        let mut next = 0;
        let manifests = rows.values().map(|rows| Manifest::of(rows, &mut next));
        Self {
            manifests: manifests.collect(),
        }
    }

    pub(crate) fn manifests(&self) -> usize {
        self.manifests.len()
    }

    /// How many packages a branch can choose from, for one manifest.
    pub(crate) fn added(&self, manifest: usize) -> usize {
        self.manifests[manifest].weeks[0].len() - 1
    }

    pub(crate) fn weeks(&self) -> usize {
        self.manifests[0].weeks.len()
    }

    /// The lock of a manifest on a day; `added` counts from 1, 0 is without.
    pub(crate) fn get(&self, manifest: usize, day: usize, added: usize) -> &Rc<Lock> {
        let weeks = &self.manifests[manifest].weeks;
        &weeks[(day / WEEK).min(weeks.len() - 1)][added]
    }
}

impl Manifest {
    fn of(rows: &[Vec<&str>], next: &mut usize) -> Self {
        let day = |row: &Vec<&str>| row[1].parse::<usize>().expect("a day");
        let mut added: BTreeMap<&str, Vec<Member>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row[2] != "-") {
            added.entry(row[2]).or_default().push(member(row));
        }
        let last = rows.iter().map(day).max().expect("rows");
        let mut now: BTreeSet<Member> = BTreeSet::new();
        let mut weeks = Vec::new();
        for week in (0..=last).step_by(WEEK) {
            for row in rows.iter().filter(|row| row[2] == "-" && day(row) == week) {
                match row[3] {
                    "+" => now.insert(member(row)),
                    _ => now.remove(&member(row)),
                };
            }
            let none = Vec::new();
            let locks = std::iter::once(&none).chain(added.values());
            let locks = locks.map(|more| {
                *next += 1;
                let all: BTreeSet<Member> = now.iter().chain(more).cloned().collect();
                Rc::new(Lock {
                    id: *next,
                    members: all.into_iter().collect(),
                })
            });
            weeks.push(locks.collect());
        }
        Self { weeks }
    }
}

fn member(row: &[&str]) -> Member {
    let sha256 = digest(row[4]);
    Member {
        name: format!("{sha256}.conda"),
        sha256,
        size: row[5].parse().expect("a size"),
    }
}

/// Any digest that belongs to a text: the fixture has only the beginnings of the real ones.
pub(crate) fn digest(text: &str) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(text.as_bytes());
    hasher.finish().sha256
}
