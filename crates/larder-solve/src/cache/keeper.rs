//! Shards on their way into the cache: written by a thread beside the loading, so that nobody waits for the disk.
//!
//! It writes one after the other, as they came, and says of a failure when it is asked, once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use larder_digest::Sha256;
use url::Url;

use super::{entry::Directory, error::IndexError};

/// A shard whose bytes have its digest.
pub(crate) struct Shard {
    pub(crate) url: Url,
    pub(crate) digest: Sha256,
    pub(crate) bytes: Vec<u8>,
}

/// Writes shards into one directory; clones share the work.
#[derive(Clone)]
pub(crate) struct Keeper(Arc<Shared>);

struct Shared {
    directory: Directory,
    queue: Mutex<Queue>,
    /// Held by who writes.
    writing: Mutex<()>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Shard>,
    /// Somebody writes, or is about to.
    is_tended: bool,
    failed: Option<IndexError>,
}

impl Keeper {
    /// Writes into this directory.
    pub(crate) fn new(directory: std::path::PathBuf) -> Self {
        Self(Arc::new(Shared {
            directory: Directory(directory),
            queue: Mutex::default(),
            writing: Mutex::default(),
        }))
    }

    /// Sees to it that the shard is kept, and returns at once.
    pub(crate) fn keep(&self, shard: Shard) {
        let mut queue = self.0.queue();
        queue.waiting.push_back(shard);
        if !queue.is_tended {
            queue.is_tended = true;
            let shared = Arc::clone(&self.0);
            tokio::task::spawn_blocking(move || shared.write());
        }
    }

    /// Returns when all is written that was to be kept so far.
    ///
    /// # Errors
    /// The first that could not be written since this was last asked.
    pub(crate) async fn finish(&self) -> Result<(), IndexError> {
        let is_tended = self.0.queue().is_tended;
        if is_tended {
            let shared = Arc::clone(&self.0);
            // That it panicked would be a shard less in the cache.
            tokio::task::spawn_blocking(move || shared.write())
                .await
                .ok();
        }
        self.0.queue().failed.take().map_or(Ok(()), Err)
    }
}

impl Shared {
    fn write(&self) {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(shard) = self.next() {
            let kept = self.directory.keep_shard(shard.digest, &shard.bytes);
            if let Err(source) = kept {
                let (url, source) = (shard.url, Box::new(source));
                let failure = IndexError::Disk { url, source };
                self.queue().failed.get_or_insert(failure);
            }
        }
    }

    fn next(&self) -> Option<Shard> {
        let mut queue = self.queue();
        let next = queue.waiting.pop_front();
        queue.is_tended = next.is_some();
        next
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
