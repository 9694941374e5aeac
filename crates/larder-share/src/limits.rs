//! How long a remote is waited for.
//!
//! A remote is a convenience: what it does not give in time, the channel does.

use std::{io, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use larder_remote::Body;
use tokio::time::{Instant, timeout};

use crate::ShareError;

/// How long a remote is waited for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For an answer without a body.
    pub answer: Duration,
    /// For the next piece of a body.
    pub pause: Duration,
    /// A body that comes more slowly, in bytes a second, is given up, once it has had [`Limits::answer`].
    pub least_rate: u64,
}

impl Default for Limits {
    /// 20 seconds, 15 seconds, 16 KiB a second.
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(20),
            pause: Duration::from_secs(15),
            least_rate: 16 << 10,
        }
    }
}

impl Limits {
    /// How long so many bytes may take altogether.
    pub fn of_bytes(&self, bytes: u64) -> Duration {
        self.answer + Duration::from_secs(bytes / self.least_rate.max(1))
    }
}

/// Waits for an answer of a remote; `what` is the remote, the object and a verb.
///
/// # Errors
/// Those of the work, and [`ShareError::Slow`].
pub async fn in_time<T>(
    limit: Duration,
    (remote, object, operation): (&str, &str, &'static str),
    work: impl Future<Output = Result<T, ShareError>>,
) -> Result<T, ShareError> {
    let late = |_| ShareError::Slow {
        remote: remote.to_owned(),
        object: object.to_owned(),
        operation,
        limit,
    };
    timeout(limit, work).await.map_err(late)?
}

/// A body that ends with an error if it stands still or trickles.
pub fn timed_body(body: Body, limits: &Limits) -> Body {
    struct State {
        body: Body,
        begun: Instant,
        bytes: u64,
        limits: Limits,
    }
    let state = State {
        body,
        begun: Instant::now(),
        bytes: 0,
        limits: limits.clone(),
    };
    let next = |mut state: State| async move {
        let piece = timeout(state.limits.pause, state.body.next()).await;
        let Some(piece) = piece.map_err(|_| late("it stands still"))? else {
            return Ok(None);
        };
        let piece: Bytes = piece?;
        state.bytes += piece.len() as u64;
        if state.begun.elapsed() > state.limits.of_bytes(state.bytes) {
            return Err(late("it comes too slowly"));
        }
        Ok(Some((piece, state)))
    };
    Box::pin(stream::try_unfold(state, next))
}

fn late(problem: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, problem)
}

#[cfg(test)]
mod tests;
