//! How long a remote is tried: a few times an operation, a bounded time in all.
//!
//! Counts and waits; knows neither remotes nor requests. Time is given, so that tests need none.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, Either, select};

use crate::RemoteError;

#[cfg(test)]
pub(crate) mod tests;

/// What a remote may cost when it does not do what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often an operation is tried in all.
    pub tries: u32,
    /// The wait before the second try; it doubles, and each is shortened by a random part of up to a half,
    /// so that many runs that failed together do not come back together.
    pub first_wait: Duration,
    /// No wait is longer, unless the service asks for it.
    pub longest_wait: Duration,
    /// The longest wait that a service may ask for by `Retry-After`; one that asks for more is not asked
    /// again, since it would refuse.
    pub longest_asked: Duration,
    /// An operation without a large body, with all its tries and waits.
    pub per_operation: Duration,
    /// All waits of a run together.
    pub per_run: Duration,
    /// Over so much time spent waiting for a body, it must come at `slowest` on average.
    pub slow_for: Duration,
    /// Bytes a second.
    pub slowest: u64,
    /// After so many operations in a row that failed, the remote is down: it is not asked again.
    pub down_after: u32,
}

impl Default for Patience {
    /// Three tries, half a minute an operation, two minutes of waiting a run, down after two failures in a
    /// row.
    fn default() -> Self {
        Self {
            tries: 3,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            longest_asked: Duration::from_secs(20),
            per_operation: Duration::from_secs(30),
            per_run: Duration::from_secs(120),
            slow_for: Duration::from_secs(20),
            slowest: 16 * 1024,
            down_after: 2,
        }
    }
}

/// How time goes.
pub(crate) trait Time: Send + Sync {
    /// How long it is since some moment.
    fn now(&self) -> Duration;

    /// Is ready after so long.
    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()>;
}

/// As it does.
struct Real(Instant);

impl Time for Real {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(wait))
    }
}

/// The waits of one run, shared by all that wait for one remote.
#[derive(Clone)]
pub(crate) struct Waits {
    pub(crate) patience: Patience,
    time: Arc<dyn Time>,
    spent: Arc<AtomicU64>,
}

impl Waits {
    pub(crate) fn new(patience: Patience) -> Self {
        Self::in_time(patience, Arc::new(Real(Instant::now())))
    }

    pub(crate) fn in_time(patience: Patience, time: Arc<dyn Time>) -> Self {
        Self {
            patience,
            time,
            spent: Arc::default(),
        }
    }

    /// How long it is since some moment.
    pub(crate) fn now(&self) -> Duration {
        self.time.now()
    }

    /// What comes of it within so long.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        match select(std::pin::pin!(work), self.time.sleep(limit)).await {
            Either::Left((result, _)) => Some(result),
            Either::Right(_) => None,
        }
    }

    /// The same that try nothing again.
    pub(crate) fn once(&self) -> Self {
        let mut once = self.clone();
        once.patience.tries = 1;
        once
    }

    /// Tries what fails for the moment as often as there is patience for.
    pub(crate) async fn often<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, RemoteError>
    where
        F: Future<Output = Result<T, RemoteError>>,
    {
        let mut tried = 1;
        loop {
            let result = attempt().await;
            let Err(RemoteError::Temporary { retry_after, .. }) = &result else {
                return result;
            };
            if !self.before_next(tried, *retry_after).await {
                return result;
            }
            tried += 1;
        }
    }

    /// Waits after a failed try, the first being number 1, if there is to be another one. `asked` is what
    /// the service asked for.
    pub(crate) async fn before_next(&self, tried: u32, asked: Option<Duration>) -> bool {
        if tried >= self.patience.tries
            || asked.is_some_and(|asked| asked > self.patience.longest_asked)
        {
            return false;
        }
        let random = RandomState::new().build_hasher().finish();
        let wait = asked.unwrap_or_default().max(self.wait(tried, random));
        let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let most = u64::try_from(self.patience.per_run.as_millis()).unwrap_or(u64::MAX);
        if self.spent.fetch_add(milliseconds, Ordering::Relaxed) >= most {
            return false;
        }
        self.time.sleep(wait).await;
        true
    }

    fn wait(&self, tried: u32, random: u64) -> Duration {
        let factor = 2_u32.saturating_pow(tried.saturating_sub(1));
        let doubled = self.patience.first_wait.saturating_mul(factor);
        let half = doubled.min(self.patience.longest_wait) / 2;
        let part = u32::try_from(random % 1024).unwrap_or(0);
        half + half.saturating_mul(part) / 1024
    }
}
