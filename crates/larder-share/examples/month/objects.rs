//! S3 with one object per digest: no quota, no scopes among names that are digests, no look-up but by name.

use std::collections::{HashMap, HashSet};

use crate::{
    counts::Counts,
    traffic::{DAY, Job},
    way::Way,
};

#[derive(Default)]
pub(crate) struct Objects {
    there: HashSet<String>,
    stored: u64,
    /// Locks of which everything is there.
    whole: HashSet<usize>,
    /// When each lock's root was recorded.
    roots: HashMap<usize, u64>,
    counts: Counts,
}

impl Way for Objects {
    fn start(&mut self, _: usize, job: &Job) {
        let mut missing = 0;
        if !self.whole.contains(&job.lock.id) {
            let absent = job.lock.members.iter();
            let absent = absent.filter(|member| !self.there.contains(&member.name));
            missing = absent.map(|member| member.size).sum();
        }
        // What is not there is asked for as well; a lock or a memo comes first.
        self.counts
            .request("GET", 1 + job.lock.members.len() as u64);
        self.counts.down += job.lock.bytes() - missing;
        self.counts.job(job.lock.bytes(), missing);
    }

    fn end(&mut self, _: usize, job: &Job) {
        if !job.succeeds {
            return;
        }
        let recorded = self.roots.get(&job.lock.id);
        if recorded.is_none_or(|then| then + DAY <= job.end) {
            self.roots.insert(job.lock.id, job.end);
            self.counts.request("PUT", 1);
        }
        if !self.whole.insert(job.lock.id) {
            return;
        }
        for member in &job.lock.members {
            if self.there.insert(member.name.clone()) {
                self.counts.request("PUT", 1);
                self.counts.up += member.size;
                self.stored += member.size;
            }
        }
        self.counts.stored_most = self.stored;
    }

    fn counts(&self) -> Counts {
        self.counts.clone()
    }
}
