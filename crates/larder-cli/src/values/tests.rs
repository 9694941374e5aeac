//! What is an age or a size, and what is none.

use std::time::Duration;

use super::{age, size};

#[test]
fn sizes_are_read_with_decimal_and_binary_units() {
    let cases = [
        ("1000", 1000),
        ("5GB", 5_000_000_000),
        ("5 gb", 5_000_000_000),
        ("1.5K", 1500),
        ("2MiB", 2 << 20),
        ("0", 0),
    ];
    for (text, bytes) in cases {
        assert_eq!(size(text), Some(bytes), "{text}");
    }
    for text in ["", "GB", "5XB", "-1GB", "5GB5", "1..2G"] {
        assert_eq!(size(text), None, "{text}");
    }
}

#[test]
fn ages_are_whole_hours_days_or_weeks() {
    let hours = |count: u64| Some(Duration::from_secs(count * 3600));
    let cases = [("12h", hours(12)), ("7d", hours(168)), ("2w", hours(336))];
    for (text, expected) in cases {
        assert_eq!(age(text), expected, "{text}");
    }
    for text in ["", "7", "d", "-7d", "7 d", "7m", "7é"] {
        assert_eq!(age(text), None, "{text}");
    }
}
