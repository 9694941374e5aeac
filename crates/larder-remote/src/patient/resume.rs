//! Bodies that go on where they broke off: from the byte that is missing, of an object of the same size.
//! What comes is not verified; who reads an object does that.

use std::{io, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, stream};

use super::{Failures, Patient};
use crate::{Body, Download, ObjectName, Remote, RemoteError, patience::Waits};

/// A download that is resumed.
pub(super) fn resumed(
    patient: &Patient,
    name: &ObjectName,
    (download, range): (Download, Range<u64>),
) -> Download {
    let size = download.size;
    let reading = Reading {
        remote: Arc::clone(&patient.inner),
        waits: patient.waits.clone(),
        failures: Arc::clone(&patient.failures),
        name: name.clone(),
        size,
        left: range,
        body: download.body,
        pace: Pace::default(),
        tried: 1,
    };
    let next = |mut reading: Reading| async move {
        let piece = reading.piece().await?;
        Ok(piece.map(|piece| (piece, reading)))
    };
    Download {
        size,
        body: Box::pin(stream::try_unfold(reading, next)),
    }
}

struct Reading {
    remote: Arc<dyn Remote>,
    waits: Waits,
    failures: Arc<Failures>,
    name: ObjectName,
    size: u64,
    left: Range<u64>,
    body: Body,
    pace: Pace,
    tried: u32,
}

/// How fast it comes, without the time that whoever reads takes.
#[derive(Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Reading {
    async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let error = match self.next().await {
                Ok(None) if self.left.is_empty() => return Ok(None),
                Ok(None) => io::ErrorKind::UnexpectedEof.into(),
                Ok(Some(piece)) => {
                    self.left.start += piece.len() as u64;
                    return Ok(Some(piece));
                }
                Err(error) => error,
            };
            self.again(error).await?;
        }
    }

    /// The next piece, unless it comes too slowly.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let patience = &self.waits.patience;
        let begun = self.waits.now();
        let slow = || io::Error::new(io::ErrorKind::TimedOut, "it comes too slowly");
        let piece = self.waits.within(patience.slow_for, self.body.next());
        let piece = piece.await.ok_or_else(slow)?.transpose()?;
        self.pace.waited += self.waits.now().saturating_sub(begun);
        self.pace.bytes += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.pace.waited >= patience.slow_for && piece.is_some() {
            let expected = patience.slowest.saturating_mul(self.pace.waited.as_secs());
            let pace = std::mem::take(&mut self.pace);
            if pace.bytes < expected {
                return Err(slow());
            }
        }
        Ok(piece)
    }

    /// Opens the rest, or fails with what went wrong.
    async fn again(&mut self, error: io::Error) -> io::Result<()> {
        let asked = match error.get_ref().and_then(|error| error.downcast_ref()) {
            Some(RemoteError::Temporary { retry_after, .. }) => *retry_after,
            Some(RemoteError::NotFound { .. } | RemoteError::Forbidden { .. }) => {
                return Err(error);
            }
            _ => None,
        };
        if !self.waits.before_next(self.tried, asked).await {
            let failed = RemoteError::Temporary {
                remote: self.remote.url().to_owned(),
                object: self.name.to_string(),
                operation: "read",
                retry_after: asked,
                source: error,
            };
            self.failures.note(Some(&failed));
            return Err(io::Error::other(failed));
        }
        self.tried += 1;
        self.pace = Pace::default();
        let opened = self.remote.get(&self.name, Some(self.left.clone()));
        let limit = self.waits.patience.per_operation;
        let opened = self.waits.within(limit, opened).await;
        self.body = match opened {
            Some(Ok(download)) if download.size == self.size => download.body,
            Some(Ok(_)) => {
                return Err(io::Error::other(
                    "the object was replaced while it was read",
                ));
            }
            Some(Err(error)) if !error.is_temporary() => return Err(io::Error::other(error)),
            // As if it had broken off once more.
            Some(Err(error)) => broken(io::Error::other(error)),
            None => broken(io::ErrorKind::TimedOut.into()),
        };
        Ok(())
    }
}

fn broken(error: io::Error) -> Body {
    Box::pin(stream::once(async { Err(error) }))
}
