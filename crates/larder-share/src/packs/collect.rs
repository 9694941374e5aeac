//! Collecting packs where no service drops them by itself (lines G1 to G4 of PACKS.md).
//!
//! Reads indexes and no pack, rewrites nothing: that saves do, who have the objects at hand. There are no locks,
//! because readers and savers stand it that packs go: a save that comes meanwhile loses bytes at the most.

use std::{collections::BTreeMap, time::SystemTime};

use larder_remote::{ObjectInfo, ObjectName, Remote, RemoteError, Wanted};

use super::{
    PackId, ScopeId,
    look::read_index,
    name::{self, Part},
};
use crate::{
    CollectOptions, Collected, ShareError,
    clock::{is_older, now},
    delete::delete,
};

/// See the module.
pub(super) async fn collect(
    remote: &dyn Remote,
    options: &CollectOptions,
) -> Result<Collected, ShareError> {
    let unsupported = || RemoteError::Unsupported {
        remote: remote.url().to_owned(),
        operation: "collect",
    };
    let clock = ObjectName::new(name::CLOCK).map_err(|_| unsupported())?;
    // A service that has scopes drops what it likes.
    if remote.has_scopes() {
        return Err(unsupported().into());
    }
    let collecting = Collecting {
        remote,
        options,
        now: now(remote, &clock, options).await?,
    };
    let mut collected = Collected::default();
    let mut going = Vec::new();
    for (scope, shelf) in collecting.shelves().await? {
        for info in shelf.indexes.iter().chain(shelf.packs.values()) {
            collected.kept += 1;
            collected.kept_bytes += info.size;
        }
        going.extend(collecting.going(scope, shelf, &mut collected).await?);
    }
    let sizes = going.iter().map(|info| (info.name.to_string(), info.size));
    collected.removed = sizes.collect();
    if !options.dry_run {
        collecting.delete(going).await?;
    }
    collected.settle();
    Ok(collected)
}

struct Collecting<'a> {
    remote: &'a dyn Remote,
    options: &'a CollectOptions,
    /// By the remote's clock.
    now: SystemTime,
}

/// What is there of one scope.
#[derive(Default)]
struct Shelf {
    /// The newest first, as readers find them.
    indexes: Vec<ObjectInfo>,
    packs: BTreeMap<PackId, ObjectInfo>,
}

impl Collecting<'_> {
    async fn shelves(&self) -> Result<BTreeMap<ScopeId, Shelf>, ShareError> {
        let mut shelves: BTreeMap<ScopeId, Shelf> = BTreeMap::new();
        for info in self.remote.list(name::ALL).await? {
            match name::part_of(info.name.as_str()) {
                Some(Part::Index(scope)) => shelves.entry(scope).or_default().indexes.push(info),
                Some(Part::Pack(id)) => {
                    shelves.entry(id.scope).or_default().packs.insert(id, info);
                }
                None => {}
            }
        }
        Ok(shelves)
    }

    /// What goes of one scope.
    async fn going(
        &self,
        scope: ScopeId,
        shelf: Shelf,
        collected: &mut Collected,
    ) -> Result<Vec<ObjectInfo>, ShareError> {
        let Shelf { mut indexes, packs } = shelf;
        if indexes.is_empty() {
            return Ok(packs
                .into_values()
                .filter(|info| self.is_settled(info))
                .collect());
        }
        let newest = indexes.remove(0);
        if self.is_dead(&newest, &packs) && self.is_still_newest(scope, &newest.name).await? {
            return Ok(indexes
                .into_iter()
                .chain([newest])
                .chain(packs.into_values())
                .collect());
        }
        let index = match read_index(self.remote, scope, &newest.name).await {
            // Nobody finds anything of it until it is saved again, which merges nothing of it either.
            Err(error) if error.is_damage() => return Ok(Vec::new()),
            index => index?,
        };
        collected.roots += index.roots().len();
        let unnamed = packs.into_iter().filter(|(id, _)| !index.has(*id));
        let hidden = indexes.into_iter().chain(unnamed.map(|(_, info)| info));
        Ok(hidden.filter(|info| self.is_settled(info)).collect())
    }

    /// Whether no run that may be under way has made it or found it.
    fn is_settled(&self, info: &ObjectInfo) -> bool {
        is_older(info.created.max(info.used), self.options.grace, self.now)
    }

    /// Whether nobody saved to a scope or read its packs for long. That an index is read says nothing: a
    /// collection does it too.
    fn is_dead(&self, newest: &ObjectInfo, packs: &BTreeMap<PackId, ObjectInfo>) -> bool {
        let long = self.options.life + self.options.grace;
        let is_old = |info: &ObjectInfo| is_older(info.created.max(info.used), long, self.now);
        is_older(newest.created, long, self.now) && packs.values().all(is_old)
    }

    async fn is_still_newest(&self, scope: ScopeId, name: &ObjectName) -> Result<bool, ShareError> {
        let wanted = [Wanted::Prefix(scope.index_prefix())];
        let found = self.remote.newest(&wanted).await?;
        Ok(found.is_some_and(|found| found.name == *name))
    }

    /// Indexes first: what is listed should be there.
    async fn delete(&self, going: Vec<ObjectInfo>) -> Result<(), ShareError> {
        let is_pack =
            |info: &ObjectInfo| matches!(name::part_of(info.name.as_str()), Some(Part::Pack(_)));
        let (packs, indexes): (Vec<_>, Vec<_>) = going.into_iter().partition(is_pack);
        let names = |part: Vec<ObjectInfo>| part.into_iter().map(|info| info.name).collect();
        delete(self.remote, names(indexes)).await?;
        delete(self.remote, names(packs)).await
    }
}
