//! Points in time as users write them: dates, times and ages.

use std::time::SystemTime;

use jiff::{Span, SpanRelativeTo, Timestamp, civil::Date, tz::TimeZone};

/// `2026-01-31` (its beginning, UTC), `2026-01-31T12:00:00Z`, or an age before `now`: `48h`, `7d`,
/// `3d12h`, `P7D`.
pub fn point_in_time(text: &str, now: SystemTime) -> Option<SystemTime> {
    date(text)
        .or_else(|| text.parse::<Timestamp>().ok())
        .map(SystemTime::from)
        .or_else(|| before(text, now))
}

/// As `exclude_newer` of conda's configuration has it: a date means its end, and a plain number is an
/// age in seconds.
pub(super) fn cutoff(text: &str, now: SystemTime) -> Option<SystemTime> {
    if let Ok(seconds) = text.parse::<u64>() {
        return now.checked_sub(std::time::Duration::from_secs(seconds));
    }
    match date(text) {
        Some(begin) => {
            let end = begin
                .checked_add(jiff::SignedDuration::from_hours(24))
                .ok()?;
            Some(SystemTime::from(end))
        }
        None => point_in_time(text, now),
    }
}

fn date(text: &str) -> Option<Timestamp> {
    let date = text.parse::<Date>().ok().filter(|_| text.len() == 10)?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn before(text: &str, now: SystemTime) -> Option<SystemTime> {
    let span: Span = text.parse().ok()?;
    let age = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    let age = std::time::Duration::try_from(age).ok()?;
    now.checked_sub(age)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{cutoff, point_in_time};

    #[test]
    fn dates_times_and_ages_are_read() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let seconds = |time: Option<SystemTime>| {
            let since = time?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            Some(since.as_secs())
        };
        let at = |text| seconds(point_in_time(text, now));
        assert_eq!(at("1970-01-02"), Some(86_400));
        assert_eq!(at("1970-01-01T00:01:00Z"), Some(60));
        assert_eq!(at("48h"), Some(1_000_000_000 - 48 * 3600));
        assert_eq!(at("7d"), at("P7D"));
        assert_eq!(at("1w"), at("7d"));
        assert_eq!(at("3d12h"), at("84h"));
        for text in ["", "soon", "-1d", "7", "1970-13-01"] {
            assert_eq!(at(text), None, "{text}");
        }
        let conda = |text| seconds(cutoff(text, now));
        assert_eq!(conda("1970-01-02"), Some(2 * 86_400), "the end of the day");
        assert_eq!(conda("60"), Some(1_000_000_000 - 60));
        assert_eq!(conda("0"), Some(1_000_000_000));
        assert_eq!(conda("7d"), at("7d"));
    }
}
