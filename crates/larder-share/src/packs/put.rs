//! Saving: steps S1 to S6 of PACKS.md.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::UNIX_EPOCH,
};

use larder_remote::{ObjectName, RemoteError, whole};

use super::{
    Index, Member, PackEntry, PackId, Packs, Root, SavePlan, ScopeId, Table, Wanted,
    look::{look, newest_index},
    name,
    send::{Sent, send},
};
use crate::{Load, Put, ShareError, Unsent, Weighed, in_time};

/// How often an index is written again because another one hides it.
const TRIES: u32 = 3;
/// How often a pack gets another name because one of its members is there and damaged.
const SALTS: u32 = 4;

/// See the module above.
pub(super) async fn put(packs: &Packs, load: &Load<'_>) -> Result<Put, ShareError> {
    let Some(scope) = packs.options.scopes.write else {
        return Err(forbidden(packs));
    };
    let time = (packs.options.clock)().duration_since(UNIX_EPOCH);
    let saving = Saving {
        packs,
        load,
        scope,
        now: time.map_or(0, |time| time.as_secs()),
    };
    saving.run().await
}

fn forbidden(packs: &Packs) -> ShareError {
    ShareError::Remote(RemoteError::Forbidden {
        remote: packs.remote.url().to_owned(),
        object: "packs".to_owned(),
        operation: "create",
        source: std::io::Error::other("this run may only read"),
    })
}

pub(super) struct Saving<'a> {
    pub(super) packs: &'a Packs,
    pub(super) load: &'a Load<'a>,
    scope: ScopeId,
    now: u64,
}

/// What is to be done, as far as this run sees.
struct Plan {
    save: SavePlan,
    root: Root,
    /// What the index has to say besides.
    changes: Index,
    gone: HashSet<PackId>,
}

impl Saving<'_> {
    async fn run(&self) -> Result<Put, ShareError> {
        let mut plan = self.plan().await?;
        let mut put = Put::default();
        if self.load.dry_run || plan.save.is_empty() {
            self.account(&plan.save, &mut put);
            return Ok(put);
        }
        let entry = self.pack(&mut plan.save, &mut put).await?;
        self.account(&plan.save, &mut put);
        if let Some(entry) = entry {
            plan.changes.add(entry);
        } else if !plan.save.records {
            return Ok(put);
        }
        if self.packs.options.scopes.rewrites && self.load.root.is_some() {
            plan.changes.record(plan.root.clone());
        }
        self.index(&plan, &mut put).await?;
        Ok(put)
    }

    /// S1.
    async fn plan(&self) -> Result<Plan, ShareError> {
        let options = &self.packs.options;
        let looking = look(&*self.packs.remote, &options.scopes);
        let mut seen = self.timed("packs", "look for", looking).await?;
        let gone = self.packs.gone();
        for pack in &gone {
            seen.view.without_pack(*pack);
        }
        let members = self.members();
        let root = Root {
            name: self.load.root.unwrap_or_default().to_owned(),
            saved: self.now,
            members: members.iter().map(|member| member.name.clone()).collect(),
        };
        let damaged: HashSet<String> = self.load.damaged.iter().map(ToString::to_string).collect();
        let mut changes = Index::default();
        for member in &members {
            let listed = seen.view.member(&member.name);
            let is_right = listed.is_none_or(|listed| listed == member);
            if is_right && !damaged.contains(&member.name) {
                continue;
            }
            for pack in seen.view.packs_with(&member.name) {
                changes.doubt(pack, member.name.clone());
                seen.view.without_member(pack, &member.name);
            }
        }
        let wanted = Wanted {
            root: &root,
            members: &members,
            rewrites: options.scopes.rewrites && self.load.root.is_some(),
        };
        let save = seen.view.save(wanted, &seen.own, &options.rules);
        Ok(Plan {
            save,
            root,
            changes,
            gone,
        })
    }

    fn members(&self) -> Vec<Member> {
        let objects = self.load.objects.iter().map(|weighed| Member {
            name: weighed.id.to_string(),
            sha256: weighed.id.sha256,
            size: weighed.size,
        });
        let notes = self.load.notes.iter().map(|note| Member {
            name: note.name.to_string(),
            sha256: name::sha256(&note.bytes),
            size: note.bytes.len() as u64,
        });
        objects.chain(notes).collect()
    }

    /// S2 and S3: the pack, without what cannot be read here; none where nothing is left.
    async fn pack(
        &self,
        save: &mut SavePlan,
        put: &mut Put,
    ) -> Result<Option<PackEntry>, ShareError> {
        let mut salt = 0;
        while !save.members().is_empty() {
            let table = Table::new(save.members(), salt).map_err(|error| self.unfit(&error))?;
            let (digest, head) = table.to_bytes().map_err(|error| self.unfit(&error))?;
            let id = PackId {
                scope: self.scope,
                table: digest,
            };
            let start = head.len() as u64;
            match send(self, id, &table, head).await? {
                Sent::Whole => put.other_bytes += start,
                // Somebody saved the same, and perhaps nobody sees it: it is listed now. But what is there and
                // damaged is not it.
                Sent::Exists if salt < SALTS && self.mends(save) => {
                    salt += 1;
                    continue;
                }
                Sent::Exists => {}
                Sent::Without(name, reason) => {
                    self.leave_out(&name, reason, save, put);
                    continue;
                }
            }
            return Ok(Some(PackEntry {
                id,
                saved: self.now,
                start,
                members: table.members().to_vec(),
            }));
        }
        Ok(None)
    }

    fn mends(&self, save: &SavePlan) -> bool {
        let damaged: HashSet<String> = self.load.damaged.iter().map(ToString::to_string).collect();
        save.new.iter().any(|member| damaged.contains(&member.name))
    }

    fn leave_out(&self, name: &str, reason: String, save: &mut SavePlan, put: &mut Put) {
        save.new.retain(|member| member.name != name);
        save.rewritten.retain(|member| member.name != name);
        let id = name.parse().ok();
        put.unsent.extend(id.map(|id| Unsent { id, reason }));
    }

    /// S4 to S6.
    async fn index(&self, plan: &Plan, put: &mut Put) -> Result<(), ShareError> {
        let remote = &*self.packs.remote;
        for _ in 0..TRIES {
            let reading = newest_index(remote, self.scope);
            let mut index = match self.timed("packs", "look for", reading).await {
                Err(error) if error.is_damage() => Index::default(),
                read => read?,
            };
            if plan.changes.packs().iter().all(|pack| index.has(pack.id))
                && plan.changes.roots().iter().all(|root| index.knows(root))
            {
                return Ok(());
            }
            plan.gone.iter().for_each(|pack| index.remove(*pack));
            index.merge(&plan.changes);
            index.forget(self.now, self.packs.options.rules.listed);
            index.advance();
            let written = index.to_bytes(self.scope);
            let (name, bytes) = written.map_err(|error| self.unfit(&error))?;
            put.other_bytes += bytes.len() as u64;
            let object = object_name(&name, self.packs)?;
            let creating = async { Ok(remote.create_if_absent(&object, whole(bytes)).await?) };
            match self.timed(&name, "create", creating).await {
                Err(ShareError::Remote(error)) if error.is_exists() => {}
                created => drop(created?),
            }
        }
        Ok(())
    }

    /// What was sent, was there, and was mended.
    fn account(&self, save: &SavePlan, put: &mut Put) {
        let new: BTreeSet<&str> = save.new.iter().map(|member| member.name.as_str()).collect();
        let unsent: BTreeSet<_> = put.unsent.iter().map(|unsent| unsent.id).collect();
        let by_name: BTreeMap<String, Weighed> = self
            .load
            .objects
            .iter()
            .filter(|weighed| !unsent.contains(&weighed.id))
            .map(|weighed| (weighed.id.to_string(), *weighed))
            .collect();
        for (name, weighed) in by_name {
            if !new.contains(name.as_str()) {
                put.present.push(weighed);
                continue;
            }
            if self.load.damaged.contains(&weighed.id) {
                put.mended.push(weighed.id);
            }
            put.sent.push(weighed);
        }
        let notes = self.load.notes.iter().map(|note| note.name.to_string());
        put.notes = notes.filter(|name| new.contains(name.as_str())).count();
        let beside = |member: &&Member| member.name.contains('/');
        let rewritten = save.rewritten.iter().map(|member| member.size);
        let notes = save.new.iter().filter(beside).map(|member| member.size);
        put.other_bytes += rewritten.chain(notes).sum::<u64>();
    }

    fn unfit(&self, error: &super::FormatError) -> ShareError {
        ShareError::Damaged {
            remote: self.packs.remote.url().to_owned(),
            object: "what is to be packed".to_owned(),
            problem: error.to_string(),
        }
    }

    async fn timed<T>(
        &self,
        object: &str,
        operation: &'static str,
        work: impl Future<Output = Result<T, ShareError>>,
    ) -> Result<T, ShareError> {
        let what = (self.packs.remote.url(), object, operation);
        in_time(self.load.limits.answer, what, work).await
    }
}

/// A name of ours as the remote takes it.
pub(super) fn object_name(name: &str, packs: &Packs) -> Result<ObjectName, ShareError> {
    ObjectName::new(name).map_err(|error| ShareError::Damaged {
        remote: packs.remote.url().to_owned(),
        object: name.to_owned(),
        problem: error.to_string(),
    })
}
