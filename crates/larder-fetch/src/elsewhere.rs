//! Another place that has objects by their digest, such as a remote of the store: asked before any URL.
//!
//! Like every other place it is not trusted: what it gives is hashed on its way into the store.

use std::{fmt, io};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use larder_store::{Checksum, Object, ObjectId};

use crate::{
    MissingPackage, PackageFailure, TransferError,
    progress::Progress,
    source::{Body, ChunkError},
    transfer::{Job, receive},
};

/// Another place that has objects.
#[async_trait]
pub trait Elsewhere: fmt::Debug + Send + Sync {
    /// Hears of everything that a fetch is about to ask for.
    async fn expect(&self, wanted: &[ObjectId]);

    /// An object, if it is there and can be had. Why it cannot be had is for the place to tell, and it sees to
    /// it that a fetch does not wait for it over and over.
    async fn open(&self, id: ObjectId) -> Option<Offer>;

    /// Hears that an offer for `package` was no good: it comes from somewhere else then.
    fn failed(&self, id: ObjectId, package: &str, error: &TransferError);
}

/// Bytes that another place has.
pub struct Offer {
    /// The place and what the object is called there, without credentials.
    pub place: String,
    /// How many there are, as the place says.
    pub bytes: u64,
    /// They.
    pub body: BoxStream<'static, io::Result<Bytes>>,
}

/// What a package's object is called, where its record has the digest that objects are called by.
pub(crate) fn id_of(missing: &MissingPackage) -> Option<ObjectId> {
    match missing.checksum {
        Some(Checksum::Sha256(sha256)) => Some(ObjectId {
            kind: missing.kind,
            sha256,
        }),
        _ => None,
    }
}

/// The object from there, if it is there and whole.
///
/// # Errors
/// If the store does not take it: then no other place can help.
pub(crate) async fn take(
    job: &Job<'_>,
    progress: &mut Progress<'_>,
) -> Result<Option<Object>, PackageFailure> {
    let (Some(elsewhere), Some(id)) = (job.options.elsewhere, id_of(job.missing)) else {
        return Ok(None);
    };
    let Some(offer) = elsewhere.open(id).await else {
        return Ok(None);
    };
    let chunks = offer.body.map(|piece| piece.map_err(ChunkError::Elsewhere));
    let body = Body {
        length: Some(offer.bytes),
        chunks: chunks.boxed(),
    };
    match receive(job, (&offer.place, body), progress).await {
        Ok(object) => Ok(Some(object)),
        Err(cause) if cause.is_ours() => Err(PackageFailure {
            package: job.missing.package.clone(),
            tries: 1,
            cause,
        }),
        Err(error) => {
            elsewhere.failed(id, &job.missing.package, &error);
            progress.void();
            Ok(None)
        }
    }
}
