//! Where the bytes come from that go to a remote: the store, hashed on the way.

use std::{
    fs::File,
    io::{self, Read as _},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use larder_digest::Hasher;
use larder_remote::Body;
use larder_store::{Checksum, Object, ObjectId, Store};
use tokio::task::spawn_blocking;

/// How much is read at a time.
const PIECE: usize = 1 << 20;

/// Has objects.
#[async_trait]
pub trait Source: Send + Sync {
    /// The bytes of an object. They end with an error unless they have its digest, before the last of them.
    ///
    /// # Errors
    /// If it is not there.
    async fn body(&self, id: ObjectId) -> io::Result<Body>;
}

/// The objects of a store. What is found to be damaged is moved aside there.
#[derive(Debug, Clone)]
pub struct StoreSource {
    store: Store,
}

impl StoreSource {
    /// Those of this store and the ones below it.
    pub fn new(store: &Store) -> Self {
        let store = store.clone();
        Self { store }
    }
}

#[async_trait]
impl Source for StoreSource {
    async fn body(&self, id: ObjectId) -> io::Result<Body> {
        let store = self.store.clone();
        let reading = blocking(move || Reading::begin(store, id)).await?;
        let next = |reading: Option<Reading>| async {
            match reading {
                None => Ok(None),
                Some(reading) => blocking(move || reading.next()).await,
            }
        };
        Ok(Box::pin(stream::try_unfold(Some(reading), next)))
    }
}

/// An object that is being read. The last piece is held back until the digest is known to be right, so
/// that nobody has all of a damaged one.
struct Reading {
    store: Store,
    object: Object,
    file: File,
    hasher: Hasher,
}

impl Reading {
    fn begin(store: Store, id: ObjectId) -> io::Result<Self> {
        let found = store.find(id.kind, &Checksum::Sha256(id.sha256));
        let object = found.map_err(io::Error::other)?;
        let object = object.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it is gone"))?;
        Ok(Self {
            file: store.open_unverified(&object).map_err(io::Error::other)?,
            hasher: Hasher::sha256(),
            object,
            store,
        })
    }

    fn next(mut self) -> io::Result<Option<(Bytes, Option<Self>)>> {
        let mut piece = Vec::with_capacity(PIECE);
        (&mut self.file)
            .take(PIECE as u64)
            .read_to_end(&mut piece)?;
        self.hasher.update(&piece);
        if piece.len() == PIECE {
            return Ok(Some((piece.into(), Some(self))));
        }
        if self.hasher.finish().sha256 == self.object.id.sha256 {
            let is_end = piece.is_empty();
            return Ok((!is_end).then(|| (piece.into(), None)));
        }
        // Reads it once more, and says all there is to say.
        match self.store.open_verified(&self.object) {
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it changed meanwhile",
            )),
        }
    }
}

/// Runs what waits for the disk where it may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
}
