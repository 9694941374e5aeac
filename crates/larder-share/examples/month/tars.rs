//! actions/cache with one archive of the packages per lock: `key: pkgs-MANIFEST-LOCK`, `restore-keys:
//! pkgs-MANIFEST-`. In favour of it, an archive has only what its lock needs, compressed as packages are.

use std::collections::{BTreeSet, HashMap};

use larder_share::packs::Member;

use crate::{counts::Counts, service::Service, traffic::Job, way::Way};

#[derive(Default)]
pub(crate) struct Tars {
    service: Service,
    /// What is in the archive of a key.
    contents: HashMap<String, Vec<Member>>,
    counts: Counts,
    /// Which key each running job found.
    found: HashMap<usize, Option<String>>,
}

fn keys(job: &Job) -> (String, String) {
    let prefix = format!("pkgs-{}-", job.manifest);
    (format!("{prefix}{:08}", job.lock.id), prefix)
}

impl Way for Tars {
    fn start(&mut self, number: usize, job: &Job) {
        let (key, prefix) = keys(job);
        let found = self.service.look_up(job.scope, &key, &[&prefix], job.start);
        self.counts.request("look-up", 1);
        let wanted: BTreeSet<&Member> = job.lock.members.iter().collect();
        let mut missing = job.lock.bytes();
        if let Some(found) = &found {
            let contents = &self.contents[found];
            let all: u64 = contents.iter().map(|member| member.size).sum();
            let useful = contents.iter().filter(|member| wanted.contains(member));
            missing -= useful.map(|member| member.size).sum::<u64>();
            self.counts.down += all;
            // The client reads segments of 128 MiB after a HEAD.
            self.counts
                .request("blob GET and HEAD", 1 + all.div_ceil(128 << 20));
        }
        self.counts.job(job.lock.bytes(), missing);
        self.found.insert(number, found);
    }

    fn end(&mut self, number: usize, job: &Job) {
        let (key, _) = keys(job);
        let found = self.found.remove(&number).flatten();
        if !job.succeeds || found.as_ref() == Some(&key) {
            return;
        }
        let bytes = job.lock.bytes();
        self.counts.request("create and finalize", 1);
        if self.service.save(job.scope, &key, bytes, job.end) {
            self.counts.request("create and finalize", 1);
            self.counts
                .request("blob PUT", 1 + bytes.div_ceil(64 << 20));
            self.counts.up += bytes;
            self.contents.insert(key, job.lock.members.clone());
        }
    }

    fn counts(&self) -> Counts {
        self.service.counted(self.counts.clone())
    }
}
