//! [`Patient`]: a remote that is tried again where that can help, for a bounded time.
//!
//! Repeats what failed for the moment, goes on with bodies where they broke off, and does not ask a remote
//! any more that failed several times in a row: what uses it goes on without. It verifies nothing.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, stream};

use crate::{
    Body, ByteRange, Download, ObjectInfo, ObjectName, Remote, RemoteError, Wanted, patience::Waits,
};

mod resume;

/// A body up to this is kept until it is sent, so that it can be sent again.
const KEPT: usize = 8 << 20;

/// Any remote, with patience.
pub struct Patient {
    inner: Arc<dyn Remote>,
    waits: Waits,
    failures: Arc<Failures>,
}

/// How it has gone lately.
#[derive(Default)]
struct Failures {
    in_a_row: AtomicU32,
    last: Mutex<String>,
}

impl Patient {
    pub(crate) fn new(inner: Arc<dyn Remote>, waits: Waits) -> Self {
        Self {
            inner,
            waits,
            failures: Arc::default(),
        }
    }

    /// Tries an operation as often as there is patience for.
    async fn often<'a, T>(
        &'a self,
        (operation, object): (&'static str, &str),
        attempt: impl Fn() -> BoxFuture<'a, Result<T, RemoteError>> + Send + Sync,
    ) -> Result<T, RemoteError> {
        self.up(operation, object)?;
        let trying = self.waits.often(attempt);
        let longest = self.waits.patience.per_operation;
        let result = self.waits.within(longest, trying).await;
        let result = result.unwrap_or_else(|| Err(self.silent(operation, object, longest)));
        self.note(&result);
        result
    }

    /// That it did not answer in time.
    fn silent(&self, operation: &'static str, object: &str, longest: Duration) -> RemoteError {
        let text = format!("no answer within {} s", longest.as_secs());
        self.temporary(
            (operation, object),
            io::Error::new(io::ErrorKind::TimedOut, text),
        )
    }

    fn temporary(
        &self,
        (operation, object): (&'static str, &str),
        source: io::Error,
    ) -> RemoteError {
        RemoteError::Temporary {
            remote: self.inner.url().to_owned(),
            object: object.to_owned(),
            operation,
            retry_after: None,
            source,
        }
    }

    /// Whether it is asked at all.
    fn up(&self, operation: &'static str, object: &str) -> Result<(), RemoteError> {
        if self.failures.in_a_row.load(Ordering::Relaxed) < self.waits.patience.down_after {
            return Ok(());
        }
        let last = self.failures.last();
        let text =
            format!("it failed several times in a row and is not asked any more; last: {last}");
        Err(self.temporary((operation, object), io::Error::other(text)))
    }

    /// Any answer, also that something is not there or not allowed, is one of a remote that works.
    fn note<T>(&self, result: &Result<T, RemoteError>) {
        self.failures.note(result.as_ref().err());
    }

    async fn send<'a>(
        &'a self,
        name: &'a ObjectName,
        body: Body,
        send: impl Fn(Body) -> BoxFuture<'a, Result<u64, RemoteError>> + Send + Sync,
    ) -> Result<u64, RemoteError> {
        let (kept, rest) = keep(body).await.map_err(|source| RemoteError::Body {
            remote: self.inner.url().to_owned(),
            object: name.to_string(),
            source,
        })?;
        let Some(rest) = rest else {
            let again = || send(pieces(kept.clone()));
            return self.often(("create", name.as_str()), again).await;
        };
        // Too large to be kept: its parts are tried again by whoever sends them.
        self.up("create", name.as_str())?;
        let result = send(Box::pin(pieces(kept).chain(rest))).await;
        self.note(&result);
        result
    }
}

impl Failures {
    fn note(&self, error: Option<&RemoteError>) {
        match error {
            Some(RemoteError::Temporary { source, .. } | RemoteError::Broken { source, .. }) => {
                self.in_a_row.fetch_add(1, Ordering::Relaxed);
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = source.to_string();
            }
            // Says nothing of the remote.
            Some(RemoteError::Body { .. }) => {}
            _ => self.in_a_row.store(0, Ordering::Relaxed),
        }
    }

    fn last(&self) -> String {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The first pieces of a body, and what follows if it has more than is kept.
async fn keep(mut body: Body) -> io::Result<(Vec<Bytes>, Option<Body>)> {
    let mut kept = Vec::new();
    let mut size = 0;
    while size <= KEPT {
        let Some(piece) = body.next().await.transpose()? else {
            return Ok((kept, None));
        };
        size += piece.len();
        kept.push(piece);
    }
    Ok((kept, Some(body)))
}

fn pieces(kept: Vec<Bytes>) -> Body {
    Box::pin(stream::iter(kept.into_iter().map(Ok)))
}

#[async_trait]
impl Remote for Patient {
    fn url(&self) -> &str {
        self.inner.url()
    }

    async fn probe(&self) -> Result<(), RemoteError> {
        self.often(("reach", ""), || self.inner.probe()).await
    }

    async fn create_if_absent(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        let create = |body| self.inner.create_if_absent(name, body);
        self.send(name, body, create).await
    }

    async fn replace(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        self.send(name, body, |body| self.inner.replace(name, body))
            .await
    }

    async fn get(
        &self,
        name: &ObjectName,
        range: Option<ByteRange>,
    ) -> Result<Download, RemoteError> {
        let get = || self.inner.get(name, range.clone());
        let download = self.often(("read", name.as_str()), get).await?;
        let range = range.unwrap_or(0..download.size);
        Ok(resume::resumed(self, name, (download, range)))
    }

    async fn stat(&self, name: &ObjectName) -> Result<ObjectInfo, RemoteError> {
        self.often(("read", name.as_str()), || self.inner.stat(name))
            .await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, RemoteError> {
        self.often(("list", prefix), || self.inner.list(prefix))
            .await
    }

    async fn newest(&self, wanted: &[Wanted]) -> Result<Option<ObjectInfo>, RemoteError> {
        let first = wanted.first().map_or("", Wanted::as_str);
        self.often(("list", first), || self.inner.newest(wanted))
            .await
    }

    fn has_scopes(&self) -> bool {
        self.inner.has_scopes()
    }

    async fn touch(&self, name: &ObjectName) -> Result<(), RemoteError> {
        self.often(("touch", name.as_str()), || self.inner.touch(name))
            .await
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), RemoteError> {
        self.often(("delete", name.as_str()), || self.inner.delete(name))
            .await
    }
}

#[cfg(test)]
mod tests;
