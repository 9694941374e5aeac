//! How often to try a request, and how long to wait in between.

use std::time::Duration;

use reqwest::{Response, header::RETRY_AFTER};

use crate::{Pause, SolverOptions};

/// The longest wait that a server may ask for by `Retry-After`.
const LONGEST_WISH: Duration = Duration::from_secs(60);

/// How often to try, and how long to wait in between.
#[derive(Debug, Clone)]
pub(super) struct Retry {
    /// At least 1.
    pub(super) tries: u32,
    /// Before the second try; doubled each time.
    delay: Duration,
    /// How to wait.
    pause: Pause,
}

impl Retry {
    pub(super) fn of(options: &SolverOptions) -> Self {
        Self {
            tries: options.tries.max(1),
            delay: options.retry_delay,
            pause: options.pause.clone(),
        }
    }

    /// Waits after the try of this number, longer if the server wishes so.
    pub(super) async fn wait(&self, tries: u32, wish: Option<Duration>) {
        let own = self.delay * (1 << (tries - 1).min(6));
        let wish = wish.unwrap_or_default().min(LONGEST_WISH);
        self.pause.wait(own.max(wish)).await;
    }
}

/// The form in seconds only: a date would need a clock that agrees with the server's.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    if !matches!(response.status().as_u16(), 429 | 503) {
        return None;
    }
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
