//! Planning a collection: applies the policy to objects and roots. Changes nothing, except that objects left in `tmp/`
//! by a killed collection are renamed back.

use std::{cmp::Reverse, collections::HashMap, path::PathBuf, time::SystemTime};

use larder_digest::Sha256;

use super::{
    Candidate, CollectError, CollectOptions, CollectPlan, CollectPolicy, needs::ObservedNeeds,
    rubbish::LeftoverFiles, sweep,
};
use crate::{Access, RecordedRoot, Store, StoredObject};

impl Store {
    /// Plans a collection: finds the objects that the policy does not keep. Changes nothing, except that objects left in
    /// `tmp/` by a killed collection are renamed back (G8).
    ///
    /// # Errors
    /// If a root cannot be read (G1), or the file system fails.
    pub fn plan_collection(
        &self,
        options: &CollectOptions<'_>,
    ) -> Result<CollectPlan, CollectError> {
        if self.shared.access == Access::ReadWrite {
            sweep::restore_all_doomed_objects(&self.shared)?;
        }
        let (needs, recorded) = ObservedNeeds::read_pins_and_roots(&self.shared, options.now)?;
        let (alive, dead) = split_by_liveness(recorded, options);
        let used = LastUses::from_roots(&alive);
        let mut candidates = Vec::new();
        let (mut kept, mut kept_bytes) = (0, 0);
        for stored in self.list_objects()? {
            let candidate = used.to_candidate(stored);
            if needs.is_protected(&candidate.stored.object.id.sha256) {
                kept += 1;
                kept_bytes += candidate.stored.object.size;
            } else {
                candidates.push(candidate);
            }
        }
        let stay = sort_kept_first(&mut candidates, options, kept_bytes);
        for candidate in candidates.drain(..stay) {
            kept += 1;
            kept_bytes += candidate.stored.object.size;
        }
        candidates.reverse();
        let rubbish = LeftoverFiles::find(&self.shared, options, &candidates)?;
        Ok(CollectPlan {
            objects: candidates,
            roots: dead,
            kept,
            kept_bytes,
            rubbish,
            needs,
        })
    }
}

/// Splits roots into live ones and the files of dead ones.
fn split_by_liveness(
    recorded: Vec<RecordedRoot>,
    options: &CollectOptions<'_>,
) -> (Vec<RecordedRoot>, Vec<PathBuf>) {
    let mut alive = Vec::new();
    let mut dead = Vec::new();
    for one in recorded {
        let is_there = match &one.root.path {
            Some(path) => (options.is_alive)(one.root.kind, path),
            None => true,
        };
        if is_there && !is_expired(one.last_used, options) {
            alive.push(one);
        } else {
            dead.push(one.file);
        }
    }
    (alive, dead)
}

/// Whether the policy's age limit has passed. A time in the future (clocks of network file systems) counts as now.
fn is_expired(last_used: SystemTime, options: &CollectOptions<'_>) -> bool {
    let CollectPolicy::Recent {
        unused_for: Some(limit),
        ..
    } = &options.policy
    else {
        return false;
    };
    let age = options.now.duration_since(last_used).unwrap_or_default();
    age >= *limit
}

/// For each object, the latest time at which a live root that names it was used.
struct LastUses(HashMap<Sha256, SystemTime>);

impl LastUses {
    fn from_roots(alive: &[RecordedRoot]) -> Self {
        let mut used: HashMap<Sha256, SystemTime> = HashMap::new();
        for recorded in alive {
            for id in &recorded.root.objects {
                let time = used.entry(id.sha256).or_insert(recorded.last_used);
                *time = recorded.last_used.max(*time);
            }
        }
        Self(used)
    }

    fn to_candidate(&self, stored: StoredObject) -> Candidate {
        let used = self.0.get(&stored.object.id.sha256);
        Candidate {
            last_used: used.map_or(stored.written, |time| stored.written.max(*time)),
            is_needed: used.is_some(),
            stored,
        }
    }
}

/// Sorts the candidates that are kept to the front, most important first. Returns how many are kept.
fn sort_kept_first(
    candidates: &mut [Candidate],
    options: &CollectOptions<'_>,
    protected_bytes: u64,
) -> usize {
    // The id comes last, so that the order does not depend on the directory listing.
    candidates.sort_by_key(|one| {
        let stays = is_kept_by_policy(one, options);
        Reverse((stays, one.is_needed, one.last_used, one.stored.object.id))
    });
    let by_reason = candidates.partition_point(|one| is_kept_by_policy(one, options));
    let CollectPolicy::Recent {
        max_bytes: Some(limit),
        ..
    } = options.policy
    else {
        return by_reason;
    };
    let mut total = protected_bytes;
    let fits = |one: &&Candidate| {
        total = total.saturating_add(one.stored.object.size);
        total <= limit
    };
    candidates[..by_reason].iter().take_while(fits).count()
}

/// Whether the policy keeps an object, ignoring its size limit.
fn is_kept_by_policy(one: &Candidate, options: &CollectOptions<'_>) -> bool {
    match &options.policy {
        CollectPolicy::Needed => one.is_needed,
        CollectPolicy::Recent { .. } => !is_expired(one.last_used, options),
        CollectPolicy::Exactly(objects) => objects.contains(&one.stored.object.id),
    }
}
