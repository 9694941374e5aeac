//! `doomed/`: what collections are about to remove, for pushes to see.

use std::{
    collections::{BTreeSet, hash_map::RandomState},
    hash::{BuildHasher as _, Hasher as _},
    time::{Duration, SystemTime},
};

use larder_remote::{ObjectName, Remote, RemoteError, whole};
use larder_store::ObjectId;
use serde::{Deserialize, Serialize};

use super::{names, read};
use crate::{ShareError, clock::is_older};

/// In bytes; a thousand objects have 80 kB.
const LARGEST: u64 = 16 << 20;
/// Nobody collects for longer. What is older was left by a collection that was killed.
const CREDIBLE: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// What is about to go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Doomed {
    pub(super) objects: BTreeSet<ObjectId>,
    /// By name.
    pub(super) roots: BTreeSet<String>,
}

impl Doomed {
    /// C4. Its name is to be removed when all is done.
    pub(super) async fn write(&self, remote: &dyn Remote) -> Result<ObjectName, ShareError> {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        let random = || RandomState::new().build_hasher().finish();
        let name = names::doomed(&format!("{:016x}{:016x}", random(), random()));
        remote.create_if_absent(&name, whole(bytes)).await?;
        Ok(name)
    }

    /// P2: everything that any collection is about to remove at this time. Where nothing can be listed nothing
    /// can be collected.
    pub(super) async fn read(remote: &dyn Remote, now: SystemTime) -> Result<Self, ShareError> {
        let mut all = Self::default();
        let files = match remote.list(&names::below(names::DOOMED)).await {
            Err(RemoteError::Unsupported { .. }) => return Ok(all),
            files => files?,
        };
        for file in files {
            if is_older(file.created, CREDIBLE, now) {
                continue;
            }
            let download = match remote.get(&file.name, None).await {
                Err(error) if error.is_not_found() => continue,
                download => download?,
            };
            let bytes = read(remote, file.name.as_str(), download, LARGEST).await?;
            // What is none says nothing of any object; a collection writes nothing else.
            if let Ok(more) = serde_json::from_slice::<Self>(&bytes) {
                all.objects.extend(more.objects);
                all.roots.extend(more.roots);
            }
        }
        Ok(all)
    }

    /// Removes what killed collections left.
    pub(super) async fn sweep(remote: &dyn Remote, now: SystemTime) -> Result<(), ShareError> {
        for file in remote.list(&names::below(names::DOOMED)).await? {
            if is_older(file.created, CREDIBLE, now) {
                remote.delete(&file.name).await?;
            }
        }
        Ok(())
    }
}
