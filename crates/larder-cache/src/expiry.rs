//! What leaves a remote: entries that nobody used for long, and the least recently used when there is too
//! much.

use std::time::{Duration, SystemTime};

use larder_remote::{Remote, RemoteError};

use crate::{
    entry::{ENTRIES, Entry},
    service,
};

/// What may stay.
#[derive(Debug, Clone)]
pub struct PruneOptions {
    /// What was not used for so long goes.
    pub unused_for: Option<Duration>,
    /// The least recently used go until the rest has no more bytes.
    pub max_bytes: Option<u64>,
    /// Change nothing.
    pub dry_run: bool,
    /// The time it is.
    pub now: SystemTime,
}

/// What went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Removed, or to be removed; the least recently used first.
    pub removed: Vec<Entry>,
    /// How many stay.
    pub kept: usize,
    /// Their bytes.
    pub kept_bytes: u64,
}

/// All entries of a remote, the last used first.
///
/// # Errors
/// If the remote fails.
pub async fn list(remote: &dyn Remote) -> Result<Vec<Entry>, RemoteError> {
    let mut entries: Vec<Entry> = if remote.has_scopes() {
        let objects = remote.list(service::ENTRIES).await?;
        objects.into_iter().filter_map(service::entry).collect()
    } else {
        let objects = remote.list(ENTRIES).await?;
        objects.into_iter().filter_map(Entry::of_object).collect()
    };
    entries.sort_by(|one, other| {
        let latest = other.used.cmp(&one.used);
        latest.then_with(|| one.object.cmp(&other.object))
    });
    Ok(entries)
}

/// Removes entries.
///
/// # Errors
/// If the remote fails; some entries may be gone then.
pub async fn prune(remote: &dyn Remote, options: &PruneOptions) -> Result<Pruned, RemoteError> {
    let mut pruned = Pruned::default();
    let mut is_full = false;
    for entry in list(remote).await? {
        let is_old = options
            .unused_for
            .is_some_and(|age| entry.is_unused(age, options.now));
        let bytes = pruned.kept_bytes + entry.size;
        // Strictly by last use: a small one that would still fit does not outlive a later used one.
        is_full |= options.max_bytes.is_some_and(|most| bytes > most);
        if is_old || is_full {
            pruned.removed.push(entry);
        } else {
            pruned.kept += 1;
            pruned.kept_bytes = bytes;
        }
    }
    pruned.removed.reverse();
    if !options.dry_run {
        for entry in &pruned.removed {
            remote.delete(&entry.object).await?;
        }
    }
    Ok(pruned)
}
