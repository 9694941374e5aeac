//! [`Way`]: something that keeps environments, and the run of all jobs through one.

use crate::{counts::Counts, service::Service, traffic::Job};

pub(crate) trait Way {
    /// A job begins and gets its environment.
    fn start(&mut self, number: usize, job: &Job);
    /// It ends and saves what it should.
    fn end(&mut self, number: usize, job: &Job);
    fn counts(&self) -> Counts;
}

/// Lets all jobs begin and end in the order of time.
pub(crate) fn run(way: &mut dyn Way, jobs: &[Job]) -> Counts {
    let mut moments: Vec<(u64, bool, usize)> = Vec::new();
    for (number, job) in jobs.iter().enumerate() {
        moments.push((job.start, true, number));
        moments.push((job.end, false, number));
    }
    moments.sort_unstable();
    for (_, is_start, number) in moments {
        match is_start {
            true => way.start(number, &jobs[number]),
            false => way.end(number, &jobs[number]),
        }
    }
    way.counts()
}

impl Service {
    /// With what the service counted by itself.
    pub(crate) fn counted(&self, counts: Counts) -> Counts {
        Counts {
            evicted: self.evicted,
            expired: self.expired,
            stored_most: self.stored_most,
            uploads_a_minute: self.uploads_a_minute,
            ..counts
        }
    }
}
