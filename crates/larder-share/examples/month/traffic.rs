//! Who runs which job when: a fixed seed, integers only, so the same jobs everywhere.

use std::rc::Rc;

use crate::locks::{Lock, Locks};

pub(crate) const DAY: u64 = 24 * 60 * 60;
/// The scope of the default branch.
pub(crate) const MAIN: usize = 0;

/// What is assumed of a month.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assumptions {
    /// The first day, by the fixture's count.
    pub(crate) first_day: usize,
    pub(crate) days: usize,
    pub(crate) jobs_a_day: u64,
    pub(crate) branches: usize,
    pub(crate) seed: u64,
}

/// A job with an environment.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// Seconds.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// [`MAIN`], or a pull request's, each its own.
    pub(crate) scope: usize,
    pub(crate) manifest: usize,
    pub(crate) lock: Rc<Lock>,
    pub(crate) succeeds: bool,
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A branch with a pull request. Every fourth adds a package to one manifest.
struct Branch {
    scope: usize,
    ends: u64,
    merged: u64,
    added: Option<(usize, usize)>,
}

impl Branch {
    fn new(random: &mut Random, scope: usize, now: u64, locks: &Locks) -> Self {
        let manifest = random.below(locks.manifests() as u64) as usize;
        let added = 1 + random.below(locks.added(manifest) as u64) as usize;
        Self {
            scope,
            ends: now + DAY + random.below(8 * DAY),
            merged: now,
            added: (random.below(4) == 0).then_some((manifest, added)),
        }
    }
}

/// All jobs, by their start.
pub(crate) fn jobs(assumed: Assumptions, locks: &Locks) -> Vec<Job> {
    let mut random = Random(assumed.seed);
    let mut branches: Vec<Branch> = Vec::new();
    let mut next_scope = MAIN;
    let mut jobs = Vec::new();
    let first = assumed.first_day as u64 * DAY;
    for start in first..first + assumed.days as u64 * DAY {
        // Each second begins a job or not: what Poisson arrivals are at this rate, without logarithms.
        if random.below(DAY) >= assumed.jobs_a_day {
            continue;
        }
        while branches.len() < assumed.branches {
            next_scope += 1;
            branches.push(Branch::new(&mut random, next_scope, start, locks));
        }
        let manifest = random.below(locks.manifests() as u64) as usize;
        let (scope, day, added) = match random.below(5) {
            0 => (MAIN, start / DAY, 0),
            _ => {
                let place = random.below(branches.len() as u64) as usize;
                if branches[place].ends <= start {
                    next_scope += 1;
                    branches[place] = Branch::new(&mut random, next_scope, start, locks);
                }
                of_branch(&mut branches[place], manifest, start)
            }
        };
        jobs.push(Job {
            start,
            end: start + 180 + random.below(720),
            scope,
            manifest,
            lock: Rc::clone(locks.get(manifest, day as usize, added)),
            succeeds: random.below(10) > 0,
        });
    }
    jobs
}

/// The main branch is merged every third day.
fn of_branch(branch: &mut Branch, manifest: usize, start: u64) -> (usize, u64, usize) {
    if start - branch.merged > 3 * DAY {
        branch.merged = start;
    }
    let added = branch.added.filter(|(of, _)| *of == manifest);
    let added = added.map_or(0, |(_, added)| added);
    (branch.scope, branch.merged / DAY, added)
}
