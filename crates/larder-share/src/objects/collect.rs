//! Collecting on the remote: steps C1 to C6 of the layout.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use futures::{StreamExt as _, stream};
use larder_remote::{ObjectInfo, ObjectName, Remote};
use larder_store::ObjectId;

use super::{REQUESTS, doomed::Doomed, names, roots};
use crate::{
    CollectOptions, Collected, NoteKind, ShareError,
    clock::{is_older, now},
    delete::delete,
};

/// See the module above.
pub(super) async fn collect(
    remote: &dyn Remote,
    options: &CollectOptions,
) -> Result<Collected, ShareError> {
    let collecting = Collecting {
        remote,
        options,
        // C1.
        now: now(remote, &names::clock(), options).await?,
    };
    let mut collected = Collected::default();
    let mut going = collecting.unused(&mut collected).await?;
    let known = collecting.roots().await?;
    going.retain(|id, _| !known.needs(*id));
    collected.roots = known.living;
    collected.expired_roots = known.expired.len();
    if options.dry_run {
        collected.removed = named(going);
        collected.settle();
        collected.notes = collecting.old_notes().await?.len();
        return Ok(collected);
    }
    Doomed::sweep(remote, collecting.now).await?;
    collecting.remove(going, known, &mut collected).await?;
    collected.settle();
    let old = collecting.old_notes().await?;
    collected.notes = old.len();
    delete(remote, old).await?;
    Ok(collected)
}

struct Collecting<'a> {
    remote: &'a dyn Remote,
    options: &'a CollectOptions,
    /// By the remote's clock.
    now: SystemTime,
}

/// What was read of the roots.
#[derive(Default)]
struct Known {
    /// Each with the time of its last push; those that count were read.
    seen: BTreeMap<ObjectName, SystemTime>,
    needed: BTreeSet<ObjectId>,
    expired: BTreeMap<ObjectName, SystemTime>,
    living: usize,
}

impl Known {
    fn needs(&self, id: ObjectId) -> bool {
        self.needed.contains(&id)
    }
}

impl Collecting<'_> {
    /// C2.
    async fn unused(
        &self,
        collected: &mut Collected,
    ) -> Result<BTreeMap<ObjectId, u64>, ShareError> {
        let mut unused = BTreeMap::new();
        for directory in names::DIRECTORIES {
            for info in self.remote.list(&names::below(directory)).await? {
                let Some(id) = names::object_of(&info.name) else {
                    continue;
                };
                collected.kept += 1;
                collected.kept_bytes += info.size;
                if is_older(info.created.max(info.used), self.options.grace, self.now) {
                    unused.insert(id, info.size);
                }
            }
        }
        Ok(unused)
    }

    /// C3.
    async fn roots(&self) -> Result<Known, ShareError> {
        let mut known = Known::default();
        self.read_new(&mut known).await?;
        Ok(known)
    }

    /// Reads the roots that are new or were refreshed.
    async fn read_new(&self, known: &mut Known) -> Result<(), ShareError> {
        let listed = roots::list(self.remote).await?;
        let mut new = Vec::new();
        for info in listed {
            // Reading a root is no use of it.
            let refreshed = info.created;
            if known.seen.insert(info.name.clone(), refreshed) == Some(refreshed) {
                continue;
            }
            if is_older(refreshed, self.options.life + self.options.grace, self.now) {
                known.expired.insert(info.name, refreshed);
            } else {
                known.expired.remove(&info.name);
                new.push(info.name);
            }
        }
        let reads = new
            .into_iter()
            .map(|name| async move { roots::fetch(self.remote, &name).await });
        let mut reads = stream::iter(reads).buffer_unordered(REQUESTS);
        while let Some(root) = reads.next().await {
            if let Some(root) = root? {
                known.living += 1;
                known.needed.extend(root.objects);
            }
        }
        Ok(())
    }

    /// C4 to C6.
    async fn remove(
        &self,
        mut going: BTreeMap<ObjectId, u64>,
        mut known: Known,
        collected: &mut Collected,
    ) -> Result<(), ShareError> {
        if going.is_empty() && known.expired.is_empty() {
            return Ok(());
        }
        let doomed = Doomed {
            objects: going.keys().copied().collect(),
            roots: known.expired.keys().map(ToString::to_string).collect(),
        };
        let file = doomed.write(self.remote).await?;
        self.read_new(&mut known).await?;
        let before = going.len();
        going.retain(|id, _| !known.needs(*id));
        collected.spared = before - going.len();
        // What expired since was not announced.
        known
            .expired
            .retain(|name, _| doomed.roots.contains(name.as_str()));
        collected.expired_roots = known.expired.len();
        let objects = going.keys().map(|id| names::object(*id)).collect();
        delete(self.remote, objects).await?;
        delete(self.remote, known.expired.into_keys().collect()).await?;
        collected.removed = named(going);
        Ok(self.remote.delete(&file).await?)
    }

    async fn old_notes(&self) -> Result<Vec<ObjectName>, ShareError> {
        let is_old =
            |info: &ObjectInfo| is_older(info.created.max(info.used), self.options.life, self.now);
        let mut old = Vec::new();
        for kind in NoteKind::ALL {
            let notes = self.remote.list(&names::below(kind.directory())).await?;
            old.extend(notes.into_iter().filter(is_old).map(|info| info.name));
        }
        Ok(old)
    }
}

fn named(objects: BTreeMap<ObjectId, u64>) -> BTreeMap<String, u64> {
    let named = |(id, size): (ObjectId, u64)| (id.to_string(), size);
    objects.into_iter().map(named).collect()
}

impl Collected {
    /// What was counted as kept before anything was removed.
    pub(crate) fn settle(&mut self) {
        self.kept -= self.removed.len();
        self.kept_bytes -= self.removed.values().sum::<u64>();
    }
}
