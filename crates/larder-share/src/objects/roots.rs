//! Roots on the remote: what somebody needs, kept under the digest of its bytes. Its age is that of its last push.

use std::collections::BTreeSet;

use larder_digest::{Hasher, Sha256};
use larder_remote::{ObjectInfo, ObjectName, Remote, RemoteError, whole};
use larder_store::ObjectId;
use serde::{Deserialize, Serialize};

use super::{names, read};
use crate::ShareError;

/// In bytes; a root of 1,000 packages has 80 kB.
const LARGEST: u64 = 64 << 20;

/// What a root says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Root {
    /// For people.
    pub(super) name: String,
    /// What it needs.
    pub(super) objects: BTreeSet<ObjectId>,
    /// Grows where the root of fewer is about to be removed.
    pub(super) salt: u32,
}

impl Root {
    /// Writes it, or writes it anew; gives its name, its age's begin and its size.
    pub(super) async fn refresh(
        &self,
        remote: &dyn Remote,
    ) -> Result<(ObjectInfo, u64), ShareError> {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        let size = bytes.len() as u64;
        let name = names::root(digest(&bytes));
        let mut tries = REMOVED_ROOT_TRIES;
        loop {
            match remote.replace(&name, whole(bytes.clone())).await {
                Ok(_) => {}
                Err(RemoteError::Unsupported { .. }) => {
                    create(remote, &name, bytes.clone()).await?;
                }
                Err(error) => return Err(error.into()),
            }
            match remote.stat(&name).await {
                // A collection that had announced the expired root before it was written again has removed it since.
                Err(error) if error.is_not_found() && tries > 0 => tries -= 1,
                found => return Ok((found?, size)),
            }
        }
    }
}

/// How often a root is written again that a collection removes right after: one collection removes it once.
const REMOVED_ROOT_TRIES: u32 = 3;

/// Where nothing is ever replaced.
async fn create(remote: &dyn Remote, name: &ObjectName, bytes: Vec<u8>) -> Result<(), ShareError> {
    match remote.create_if_absent(name, whole(bytes)).await {
        Err(error) if error.is_exists() => Ok(remote.touch(name).await?),
        created => Ok(created.map(drop)?),
    }
}

/// All roots that there are, with their ages.
pub(super) async fn list(remote: &dyn Remote) -> Result<Vec<ObjectInfo>, ShareError> {
    let mut all = remote.list(&names::below(names::ROOTS)).await?;
    all.retain(|info| names::root_of(&info.name).is_some());
    Ok(all)
}

/// Reads a root; one that is gone meanwhile is none.
///
/// # Errors
/// If its bytes are not those of its name: it may be all that keeps something alive.
pub(super) async fn fetch(
    remote: &dyn Remote,
    name: &ObjectName,
) -> Result<Option<Root>, ShareError> {
    let download = match remote.get(name, None).await {
        Err(error) if error.is_not_found() => return Ok(None),
        download => download?,
    };
    let bytes = read(remote, name.as_str(), download, LARGEST).await?;
    let damaged = |problem: String| ShareError::Damaged {
        remote: remote.url().to_owned(),
        object: name.to_string(),
        problem,
    };
    if names::root_of(name) != Some(digest(&bytes)) {
        return Err(damaged(
            "its bytes are not those that its name promises".to_owned(),
        ));
    }
    let root = serde_json::from_slice(&bytes);
    root.map(Some).map_err(|error| damaged(error.to_string()))
}

fn digest(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}
