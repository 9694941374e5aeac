//! One object of the remote for each object of the store, laid out as the store is.
//!
//! | name on the remote | what |
//! |---|---|
//! | `store1/pkgs/ab/<sha256>.conda`, `.tar.bz2`; `store1/wheels/ab/<sha256>.whl`, `.sdist` | an object |
//! | `store1/solves/<key>` | a remembered solve; replaced |
//! | `store1/roots/<sha256 of its bytes>.json` | a root: a name for people, and the objects that it needs; written anew by each push, so that its age is how long ago |
//! | `store1/doomed/<random>.json` | what a collection is about to remove |
//! | `store1/clock` | written by a collection, to ask the remote what time it is |
//!
//! # Pushing and collecting at once
//! There are no locks. Names are digests, so two pushes of one object are no harm. That a collection never
//! takes what a push has put or found there rests on the order of what each writes and reads:
//!
//! | step | a push |
//! |---|---|
//! | P1 | writes its root |
//! | P2 | reads `doomed/`. If its own root is in there: P1 again, with other bytes and so under another name |
//! | P3 | looks which objects are there, sends those that are not |
//! | P4 | if P2 has seen some of its objects: reads `doomed/` again and looks for those that are no longer in there, sends what is missing; those that still are, it calls doubtful: the next push sees to them |
//!
//! | step | a collection |
//! |---|---|
//! | C1 | writes `clock`, whose age is the remote's time |
//! | C2 | lists the objects: those that were neither written nor used within the grace time may go |
//! | C3 | reads the roots; those that were refreshed within life and grace time count. What they name stays |
//! | C4 | writes into `doomed/` what is to go, expired roots as well |
//! | C5 | lists the roots again, and reads those that are new; what they name stays, and so do roots that were refreshed |
//! | C6 | removes the rest, and then its file in `doomed/` |
//!
//! Of a push and a collection, one sees the other: if C5 does not see the root, then P1 came after C5, and so P2
//! after C4. What a push does not call doubtful is there for as long as its root counts. (This wants what all services
//! give by now: who reads after a write was answered sees it.)
//!
//! A run that only reads: the objects of a root count for the grace time longer than the root is offered, and those
//! of a root that was replaced by another count for its whole life; so a run that takes less than the grace time
//! finds what it has seen, unless it has nothing but a lock that nobody pushed lately. What it does not find comes
//! from the channel.
//!
//! A file in `doomed/` that is older than the grace time was left by a collection that was killed, and counts no more.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use larder_remote::{Download, Remote};
use larder_store::ObjectId;

use crate::{CollectOptions, Collected, Load, NoteName, Put, ShareError, Shelf};

mod collect;
mod doomed;
mod names;
mod put;
mod roots;

/// How many small requests are made at once.
const REQUESTS: usize = 16;

/// Objects of a store as objects of a remote.
#[derive(Clone)]
pub struct Objects {
    remote: Arc<dyn Remote>,
}

impl Objects {
    /// Those on this remote.
    pub fn new(remote: Arc<dyn Remote>) -> Self {
        Self { remote }
    }

    /// The size of an object, if it is there.
    async fn size(&self, id: ObjectId) -> Result<Option<(ObjectId, u64)>, ShareError> {
        match self.remote.stat(&names::object(id)).await {
            Ok(info) => Ok(Some((id, info.size))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[async_trait]
impl Shelf for Objects {
    fn url(&self) -> &str {
        self.remote.url()
    }

    async fn probe(&self) -> Result<(), ShareError> {
        Ok(self.remote.probe().await?)
    }

    async fn find(&self, wanted: &[ObjectId]) -> Result<BTreeMap<ObjectId, u64>, ShareError> {
        let sizes = stream::iter(wanted.to_vec()).map(|id| self.size(id));
        let found: Vec<_> = sizes.buffer_unordered(REQUESTS).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn list(&self) -> Result<BTreeMap<ObjectId, u64>, ShareError> {
        let mut all = BTreeMap::new();
        for directory in names::DIRECTORIES {
            for info in self.remote.list(&names::below(directory)).await? {
                all.extend(names::object_of(&info.name).map(|id| (id, info.size)));
            }
        }
        Ok(all)
    }

    async fn open(&self, id: ObjectId) -> Result<Download, ShareError> {
        Ok(self.remote.get(&names::object(id), None).await?)
    }

    async fn note(&self, name: &NoteName) -> Result<Option<Vec<u8>>, ShareError> {
        let object = names::note(name);
        let download = match self.remote.get(&object, None).await {
            Err(error) if error.is_not_found() => return Ok(None),
            download => download?,
        };
        read(&*self.remote, object.as_str(), download, NoteName::LARGEST)
            .await
            .map(Some)
    }

    async fn put(&self, load: &Load<'_>) -> Result<Put, ShareError> {
        put::put(&*self.remote, load).await
    }

    async fn collect(&self, options: &CollectOptions) -> Result<Collected, ShareError> {
        collect::collect(&*self.remote, options).await
    }
}

/// All bytes of a small object.
pub(crate) async fn read(
    remote: &dyn Remote,
    object: &str,
    download: Download,
    most: u64,
) -> Result<Vec<u8>, ShareError> {
    let mut body = download.body;
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|source| ShareError::Broken {
            remote: remote.url().to_owned(),
            object: object.to_owned(),
            source,
        })?;
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > most {
            return Err(ShareError::Damaged {
                remote: remote.url().to_owned(),
                object: object.to_owned(),
                problem: format!("it has more than {most} bytes"),
            });
        }
    }
    Ok(bytes)
}
