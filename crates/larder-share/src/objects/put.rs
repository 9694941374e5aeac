//! Putting a load on the remote: steps P1 to P4 of the layout.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};
use larder_remote::{ObjectName, Remote, RemoteError, whole};
use larder_store::ObjectId;

use super::{REQUESTS, doomed::Doomed, names, roots::Root};
use crate::{Load, Note, Put, ShareError, Unsent, Weighed, in_time};

/// How many objects are sent at once: enough to fill a line whose latency is high.
const UPLOADS: usize = 8;
/// How often a root that is about to be removed is written under another name.
const SALTS: u32 = 4;

/// See the module above.
pub(super) async fn put(remote: &dyn Remote, load: &Load<'_>) -> Result<Put, ShareError> {
    let putting = Putting { remote, load };
    let mut put = Put::default();
    let doomed = match load.dry_run {
        true => Doomed::default(),
        false => putting.root(&mut put).await?,
    };
    putting.settle(load.objects, &mut put).await?;
    let at_risk = |weighed: &&Weighed| doomed.objects.contains(&weighed.id);
    let at_risk: Vec<Weighed> = load.objects.iter().filter(at_risk).copied().collect();
    if !at_risk.is_empty() {
        putting.settle_doomed(&at_risk, &mut put).await?;
    }
    if !load.dry_run {
        putting.notes(&mut put).await?;
    }
    Ok(put)
}

struct Putting<'a> {
    remote: &'a dyn Remote,
    load: &'a Load<'a>,
}

/// What came of one object.
enum Outcome {
    Sent(Weighed),
    Present(Weighed),
    Unsent(Unsent),
}

impl Putting<'_> {
    /// P1 and P2.
    async fn root(&self, put: &mut Put) -> Result<Doomed, ShareError> {
        let Some(name) = self.load.root else {
            return Ok(Doomed::default());
        };
        let mut root = Root {
            name: name.to_owned(),
            objects: self.load.objects.iter().map(|weighed| weighed.id).collect(),
            salt: 0,
        };
        loop {
            let written = self.timed("roots/", "create", root.refresh(self.remote));
            let (info, size) = written.await?;
            put.other_bytes += size;
            let doomed = Doomed::read(self.remote, info.created);
            let doomed = self.timed("doomed/", "read", doomed).await?;
            if !doomed.roots.contains(info.name.as_str()) || root.salt == SALTS {
                return Ok(doomed);
            }
            root.salt += 1;
        }
    }

    /// P3, for some of the objects: the large ones first, so that none of them begins last.
    async fn settle(&self, objects: &[Weighed], put: &mut Put) -> Result<(), ShareError> {
        let there = self.find(objects).await?;
        let is_whole = |weighed: &Weighed| {
            there.get(&weighed.id) == Some(&weighed.size)
                && !self.load.damaged.contains(&weighed.id)
        };
        let (present, mut missing): (Vec<Weighed>, Vec<Weighed>) =
            objects.iter().partition(|weighed| is_whole(weighed));
        put.present.extend(present);
        missing.sort_by(|one, other| {
            other
                .size
                .cmp(&one.size)
                .then_with(|| one.id.cmp(&other.id))
        });
        if self.load.dry_run {
            put.sent.extend(missing);
            return Ok(());
        }
        let sends = missing.into_iter().map(|weighed| {
            let is_there = there.contains_key(&weighed.id);
            async move { (is_there, self.send(weighed, is_there).await) }
        });
        let mut sends = stream::iter(sends).buffer_unordered(UPLOADS);
        while let Some((was_there, outcome)) = sends.next().await {
            match outcome? {
                Outcome::Sent(weighed) => {
                    put.sent.push(weighed);
                    put.mended.extend(was_there.then_some(weighed.id));
                }
                Outcome::Present(weighed) => put.present.push(weighed),
                Outcome::Unsent(unsent) => put.unsent.push(unsent),
            }
        }
        Ok(())
    }

    /// P4.
    async fn settle_doomed(&self, at_risk: &[Weighed], put: &mut Put) -> Result<(), ShareError> {
        let clock = self.remote.list(&names::below(names::DOOMED)).await?;
        // The newest is as old as this reading needs: older ones are judged by it.
        let Some(now) = clock.first().map(|info| info.created) else {
            return self.settle_again(at_risk, put).await;
        };
        let doomed = Doomed::read(self.remote, now).await?;
        let (doubtful, settled): (Vec<Weighed>, Vec<Weighed>) = at_risk
            .iter()
            .partition(|weighed| doomed.objects.contains(&weighed.id));
        put.doubtful
            .extend(doubtful.iter().map(|weighed| weighed.id));
        self.settle_again(&settled, put).await
    }

    /// What was counted already is counted as it is now.
    async fn settle_again(&self, objects: &[Weighed], put: &mut Put) -> Result<(), ShareError> {
        let ids: BTreeSet<ObjectId> = objects.iter().map(|weighed| weighed.id).collect();
        put.present.retain(|weighed| !ids.contains(&weighed.id));
        put.unsent.retain(|unsent| !ids.contains(&unsent.id));
        let mut again = Put::default();
        self.settle(objects, &mut again).await?;
        let sent: BTreeSet<ObjectId> = put.sent.iter().map(|weighed| weighed.id).collect();
        let is_new = |weighed: &Weighed| !sent.contains(&weighed.id);
        put.sent.extend(again.sent.into_iter().filter(is_new));
        put.present.extend(again.present.into_iter().filter(is_new));
        put.unsent.extend(again.unsent);
        Ok(())
    }

    async fn find(&self, objects: &[Weighed]) -> Result<BTreeMap<ObjectId, u64>, ShareError> {
        let ids: Vec<ObjectId> = objects.iter().map(|weighed| weighed.id).collect();
        let stats = ids.into_iter().map(|id| async move {
            let name = names::object(id);
            let stat = async { Ok(self.remote.stat(&name).await?) };
            match self.timed(name.as_str(), "look for", stat).await {
                Ok(info) => Ok(Some((id, info.size))),
                Err(error) if error.is_absent() => Ok(None),
                Err(error) => Err(error),
            }
        });
        let mut stats = stream::iter(stats).buffer_unordered(REQUESTS);
        let mut found = BTreeMap::new();
        while let Some(one) = stats.next().await {
            found.extend(one?);
        }
        Ok(found)
    }

    /// Sends one object; in place of what is there, if that is not it.
    async fn send(&self, weighed: Weighed, is_there: bool) -> Result<Outcome, ShareError> {
        let Weighed { id, size } = weighed;
        let unsent = |reason| Ok(Outcome::Unsent(Unsent { id, reason }));
        let body = match self.load.source.body(id).await {
            Ok(body) => body,
            Err(error) => return unsent(error.to_string()),
        };
        let name = names::object(id);
        let sending = async {
            Ok(match is_there {
                true => self.remote.replace(&name, body).await?,
                false => self.remote.create_if_absent(&name, body).await?,
            })
        };
        let limits = self.load.limits;
        let what = (self.remote.url(), name.as_str(), "create");
        match in_time(limits.of_bytes(size), what, sending).await {
            Ok(_) => {
                (self.load.told)(size);
                Ok(Outcome::Sent(weighed))
            }
            Err(ShareError::Remote(RemoteError::Body { source, .. })) => unsent(source.to_string()),
            // Somebody else was faster.
            Err(ShareError::Remote(error)) if error.is_exists() => Ok(Outcome::Present(weighed)),
            Err(error) => Err(error),
        }
    }

    /// Notes only help: where nothing is replaced the first one stays.
    async fn notes(&self, put: &mut Put) -> Result<(), ShareError> {
        for Note { name, bytes } in self.load.notes {
            let size = bytes.len() as u64;
            let name = names::note(name);
            if self.has_note(&name, bytes).await? {
                continue;
            }
            let sending = async {
                match self.remote.replace(&name, whole(bytes.clone())).await {
                    Err(RemoteError::Unsupported { .. }) => {
                        let created = self.remote.create_if_absent(&name, whole(bytes.clone()));
                        Ok(created.await.map(|_| ()))
                    }
                    sent => Ok(sent.map(|_| ())),
                }
            };
            let limit = self.load.limits.of_bytes(size);
            let what = (self.remote.url(), name.as_str(), "create");
            match in_time(limit, what, sending).await? {
                Ok(()) => {
                    put.notes += 1;
                    put.other_bytes += size;
                }
                Err(error) if error.is_exists() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether these very bytes are there. All of them are read: a damaged note is to be replaced.
    async fn has_note(&self, name: &ObjectName, bytes: &[u8]) -> Result<bool, ShareError> {
        let reading = async {
            let download = self.remote.get(name, None).await?;
            let size = bytes.len() as u64;
            if download.size != size {
                return Ok(false);
            }
            let found = super::read(self.remote, name.as_str(), download, size).await?;
            Ok(found == bytes)
        };
        match self.timed(name.as_str(), "read", reading).await {
            Err(error) if error.is_absent() => Ok(false),
            found => found,
        }
    }

    async fn timed<T>(
        &self,
        object: &str,
        operation: &'static str,
        work: impl Future<Output = Result<T, ShareError>>,
    ) -> Result<T, ShareError> {
        let what = (self.remote.url(), object, operation);
        in_time(self.load.limits.answer, what, work).await
    }
}
