//! How long to wait before another try. Pure arithmetic: nothing here sleeps or reads a clock.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    time::Duration,
};

#[cfg(test)]
mod tests;

/// Waiting times between tries: doubling from `first` up to `longest`, each shortened by a random part
/// of up to a half, so that many clients that failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second try.
    pub first: Duration,
    /// Never longer than this, unless the server asks for it.
    pub longest: Duration,
    /// The longest wait that a server may ask for by `Retry-After`.
    pub longest_asked: Duration,
}

impl Default for Backoff {
    /// Half a second, doubling, 10 seconds at most; a server may ask for a minute.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(10),
            longest_asked: Duration::from_secs(60),
        }
    }
}

impl Backoff {
    /// Never waits, whatever the server asks for: for tests.
    pub const NONE: Self = Self {
        first: Duration::ZERO,
        longest: Duration::ZERO,
        longest_asked: Duration::ZERO,
    };

    /// The wait before try number `attempt + 1`, the first try being number 1; `asked` is what the server
    /// asked for.
    pub fn delay(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let random = RandomState::new().build_hasher().finish();
        let own = shorten(self.ceiling(attempt), random);
        asked.map_or(own, |asked| asked.min(self.longest_asked).max(own))
    }

    fn ceiling(&self, attempt: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.first.saturating_mul(factor).min(self.longest)
    }
}

/// Between a half and the whole of `delay`.
fn shorten(delay: Duration, random: u64) -> Duration {
    let part = u32::try_from(random % 1024).unwrap_or(0);
    delay / 2 + (delay / 2).saturating_mul(part) / 1024
}
