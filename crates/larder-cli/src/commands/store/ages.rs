//! Times as a person reads them.

use std::time::{Duration, SystemTime};

/// How long ago a time in seconds since 1970 was, to a day.
pub(in crate::commands) fn ago(seconds: u64, now: SystemTime) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let days = now
        .duration_since(time)
        .map_or(0, |age| age.as_secs() / 86_400);
    match days {
        0 => "today".into(),
        1 => "yesterday".into(),
        days => format!("{days} days ago"),
    }
}

#[cfg(test)]
mod tests;
