//! [`Shelf`]: how a remote keeps the objects of a store.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use larder_remote::{Download, RemoteError};
use larder_store::ObjectId;

use crate::{Load, NoteName, Put, ShareError};

/// How a remote keeps the objects of a store: which of some are there, the bytes of one, and more of them.
///
/// Implementations say what is there as far as the remote tells; they need not verify what they give, because
/// whoever takes it does. They wait as long as the remote does: [`in_time`](crate::in_time) bounds that.
#[async_trait]
pub trait Shelf: Send + Sync {
    /// The remote's URL, without credentials, for messages.
    fn url(&self) -> &str;

    /// Looks whether the remote is there at all; one that is made by the first push may not be.
    ///
    /// # Errors
    /// [`RemoteError::Missing`] if it is not.
    async fn probe(&self) -> Result<(), ShareError>;

    /// Says what this run is about to ask for, so that what is kept together can be read together. Changes
    /// nothing in what the other methods give.
    ///
    /// # Errors
    /// If the remote does not answer.
    async fn expect(&self, wanted: &[ObjectId]) -> Result<(), ShareError> {
        let _ = wanted;
        Ok(())
    }

    /// Which of these are there, and how large they are.
    ///
    /// # Errors
    /// If the remote does not answer.
    async fn find(&self, wanted: &[ObjectId]) -> Result<BTreeMap<ObjectId, u64>, ShareError>;

    /// Every object that is there, and how large they are.
    ///
    /// # Errors
    /// [`RemoteError::Unsupported`] where that cannot be told.
    async fn list(&self) -> Result<BTreeMap<ObjectId, u64>, ShareError>;

    /// The bytes of an object, as they come: not verified.
    ///
    /// # Errors
    /// [`ShareError::is_absent`] if it is not there.
    async fn open(&self, id: ObjectId) -> Result<Download, ShareError>;

    /// The bytes of a note, if there is one: not verified.
    ///
    /// # Errors
    /// If the remote does not answer, or the note is larger than any.
    async fn note(&self, name: &NoteName) -> Result<Option<Vec<u8>>, ShareError>;

    /// Puts there what is missing of a load. Two that put one object at once are no harm.
    ///
    /// # Errors
    /// If the remote takes nothing, or no more; what it has taken until then stays, so that trying again
    /// continues.
    async fn put(&self, load: &Load<'_>) -> Result<Put, ShareError>;

    /// Removes what nobody needs any more.
    ///
    /// # Errors
    /// [`RemoteError::Unsupported`] where the service does that by itself.
    async fn collect(&self, options: &CollectOptions) -> Result<Collected, ShareError> {
        let _ = options;
        Err(ShareError::Remote(RemoteError::Unsupported {
            remote: self.url().to_owned(),
            operation: "collect",
        }))
    }
}

/// What may go. The remote's clock is the one that counts.
#[derive(Debug, Clone)]
pub struct CollectOptions {
    /// How long a root counts after it was last refreshed. Notes that were not used for so long go as well.
    pub life: Duration,
    /// What was written or used since stays, whatever roots say; longer than any run takes.
    pub grace: Duration,
    /// Change nothing.
    pub dry_run: bool,
    /// The time here: counts where nothing is to be changed, because a remote tells its time of what is written.
    pub now: SystemTime,
}

impl CollectOptions {
    /// 30 days and 2 days.
    pub fn new(now: SystemTime) -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            life: Duration::from_secs(30 * DAY),
            grace: Duration::from_secs(2 * DAY),
            dry_run: false,
            now,
        }
    }
}

/// What a collection removed, or would remove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// What went by name, with its size: objects, or packs and indexes of such.
    pub removed: BTreeMap<String, u64>,
    /// How many stay.
    pub kept: usize,
    /// How many bytes these have.
    pub kept_bytes: u64,
    /// How many were about to go when somebody began to need them.
    pub spared: usize,
    /// How many roots counted.
    pub roots: usize,
    /// How many roots were removed.
    pub expired_roots: usize,
    /// How many notes were removed.
    pub notes: usize,
}
