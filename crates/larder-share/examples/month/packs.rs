//! GitHub's service with packs: the real plans of larder-share, and no bytes.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use larder_share::packs::{
    Index, Member, PackEntry, PackId, RestorePlan, Root, Rules, ScopeId, Table, View, Wanted,
};

use crate::{
    counts::Counts,
    locks::Lock,
    service::Service,
    traffic::{Job, MAIN},
    way::Way,
};

pub(crate) struct Packs {
    service: Service,
    rules: Rules,
    /// What is in each index, by its key.
    indexes: HashMap<String, Rc<Index>>,
    sizes: HashMap<String, u64>,
    counts: Counts,
    /// What running jobs have to save, if anything.
    running: HashMap<usize, bool>,
    /// Plans for a lock by what was visible.
    plans: HashMap<(Seen, usize), Rc<Summary>>,
}

/// The keys of the indexes that a job saw.
type Seen = Vec<String>;

/// A restore's plan, for all jobs that see the same.
struct Summary {
    /// Of each pack, how many requests, and for how many bytes.
    reads: HashMap<PackId, (u64, u64)>,
    missing: HashSet<String>,
    saves: bool,
}

impl Packs {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            service: Service::default(),
            rules,
            indexes: HashMap::new(),
            sizes: HashMap::new(),
            counts: Counts::default(),
            running: HashMap::new(),
            plans: HashMap::new(),
        }
    }

    /// Looks for the newest index of each scope, and reads those that there are.
    fn see(&mut self, scope: usize, now: u64) -> Seen {
        let mut seen = Vec::new();
        for of in if scope == MAIN {
            vec![MAIN]
        } else {
            vec![scope, MAIN]
        } {
            let prefix = scope_id(of).index_prefix();
            self.counts.request("look-up", 1);
            if let Some(key) = self.service.look_up(scope, &prefix, &[], now) {
                // The client asks for its properties, then looks it up again and reads it.
                self.counts.request("look-up", 1);
                self.counts.request("blob GET and HEAD", 2);
                self.counts.down += self.sizes[&key];
                seen.push(key);
            }
        }
        seen
    }

    fn view(&self, seen: &Seen) -> View {
        View::of(seen.iter().map(|key| &*self.indexes[key]))
    }

    fn own(&self, scope: usize, seen: &Seen) -> Index {
        let prefix = scope_id(scope).index_prefix();
        let key = seen.iter().find(|key| key.starts_with(&prefix));
        key.map_or_else(Index::default, |key| (*self.indexes[key]).clone())
    }

    fn plan(&mut self, seen: &Seen, job: &Job) -> Rc<Summary> {
        let place = (seen.clone(), job.lock.id);
        if let Some(known) = self.plans.get(&place) {
            return Rc::clone(known);
        }
        let view = self.view(seen);
        let summary = Rc::new(self.summary(&view, seen, job));
        self.plans.insert(place, Rc::clone(&summary));
        summary
    }

    fn summary(&self, view: &View, seen: &Seen, job: &Job) -> Summary {
        let names = job.lock.members.iter().map(|member| member.name.as_str());
        let RestorePlan { reads, missing } = view.restore(names, &self.rules);
        let mut of_packs: HashMap<PackId, (u64, u64)> = HashMap::new();
        for read in reads {
            let sums = of_packs.entry(read.pack).or_default();
            sums.0 += 1;
            sums.1 += read.range.end - read.range.start;
        }
        let root = root(job, job.start);
        let plan = view.save(wanted(job, &root), &self.own(job.scope, seen), &self.rules);
        Summary {
            reads: of_packs,
            missing: missing.into_iter().collect(),
            saves: !plan.is_empty(),
        }
    }

    /// Reads what is there; packs that are gone are no longer in the view.
    fn restore(&mut self, job: &Job, seen: &Seen, now: u64) -> (Rc<Summary>, HashSet<PackId>) {
        let mut summary = self.plan(seen, job);
        let mut gone = HashSet::new();
        loop {
            let mut lost = HashSet::new();
            for pack in summary.reads.keys() {
                let key = pack.object();
                if self.service.look_up(job.scope, &key, &[], now).is_none() {
                    lost.insert(*pack);
                }
            }
            if lost.is_empty() {
                return (summary, gone);
            }
            self.counts.request("look-up", lost.len() as u64);
            gone.extend(lost);
            let mut view = self.view(seen);
            gone.iter().for_each(|pack| view.without_pack(*pack));
            summary = Rc::new(self.summary(&view, seen, job));
        }
    }
}

impl Way for Packs {
    fn start(&mut self, number: usize, job: &Job) {
        let seen = self.see(job.scope, job.start);
        let (summary, gone) = self.restore(job, &seen, job.start);
        let packs = summary.reads.len() as u64;
        for (requests, bytes) in summary.reads.values() {
            // Each read is looked up by itself: signed URLs are not kept.
            self.counts.request("look-up", *requests);
            self.counts.request("blob GET and HEAD", *requests);
            self.counts.down += bytes;
        }
        self.counts.packs += packs;
        self.counts.packs_most = self.counts.packs_most.max(packs);
        let missing = job.lock.members.iter();
        let missing = missing.filter(|member| summary.missing.contains(&member.name));
        let missing = missing.map(|member| member.size).sum();
        self.counts.job(job.lock.bytes(), missing);
        self.running
            .insert(number, summary.saves || !gone.is_empty());
    }

    fn end(&mut self, number: usize, job: &Job) {
        let saves = self.running.remove(&number).unwrap_or_default();
        if !job.succeeds || !saves {
            return;
        }
        let seen = self.see(job.scope, job.end);
        let mut view = self.view(&seen);
        let gone = self.restore(job, &seen, job.end).1;
        gone.iter().for_each(|pack| view.without_pack(*pack));
        let mut own = self.own(job.scope, &seen);
        gone.iter().for_each(|pack| own.remove(*pack));
        let root = root(job, job.end);
        let plan = view.save(wanted(job, &root), &own, &self.rules);
        if plan.is_empty() {
            return;
        }
        let rewritten: u64 = plan.rewritten.iter().map(|member| member.size).sum();
        self.counts.rewritten += rewritten;
        if !plan.members().is_empty() {
            own.add(self.send(job, &plan.members()));
        }
        if is_main(job) {
            own.record(root);
        }
        own.forget(job.end, self.rules.listed);
        own.advance();
        self.send_index(job, own);
    }

    fn counts(&self) -> Counts {
        self.service.counted(self.counts.clone())
    }
}

impl Packs {
    fn send(&mut self, job: &Job, members: &[Member]) -> PackEntry {
        let table = Table::new(members.to_vec(), 0).expect("members");
        let (digest, head) = table.to_bytes().expect("a table");
        let entry = PackEntry {
            id: PackId {
                scope: scope_id(job.scope),
                table: digest,
            },
            saved: job.end,
            start: head.len() as u64,
            members: table.members().to_vec(),
        };
        self.upload(job, &entry.id.object(), head.len() as u64 + entry.size());
        entry
    }

    /// And looks whether somebody else's hides it, as every save does.
    fn send_index(&mut self, job: &Job, own: Index) {
        let (key, bytes) = own.to_bytes(scope_id(job.scope)).expect("an index");
        self.upload(job, &key, bytes.len() as u64);
        self.sizes.insert(key.clone(), bytes.len() as u64);
        self.indexes.insert(key, Rc::new(own));
        self.counts.request("look-up", 2);
    }

    fn upload(&mut self, job: &Job, key: &str, size: u64) {
        self.counts.request("create and finalize", 1);
        if self.service.save(job.scope, key, size, job.end) {
            self.counts.request("create and finalize", 1);
            self.counts.request("blob PUT", 1 + size.div_ceil(64 << 20));
            self.counts.up += size;
        }
    }
}

fn scope_id(scope: usize) -> ScopeId {
    ScopeId::of(&format!("scope {scope}"))
}

fn is_main(job: &Job) -> bool {
    job.scope == MAIN
}

fn root(job: &Job, now: u64) -> Root {
    let lock: &Lock = &job.lock;
    Root {
        name: format!("manifest {}", job.manifest),
        saved: now,
        members: lock
            .members
            .iter()
            .map(|member| member.name.clone())
            .collect(),
    }
}

fn wanted<'a>(job: &'a Job, root: &'a Root) -> Wanted<'a> {
    Wanted {
        root,
        members: &job.lock.members,
        rewrites: is_main(job),
    }
}
