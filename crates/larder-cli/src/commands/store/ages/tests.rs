//! Ages as a person reads them.

use std::time::{Duration, SystemTime};

use super::ago;

#[test]
fn ages_are_told_by_days() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10 * 86_400);
    let told = [10, 9, 3].map(|day: u64| ago(day * 86_400, now));
    assert_eq!(told, ["today", "yesterday", "7 days ago"]);
    assert_eq!(ago(99 * 86_400, now), "today", "a clock that is ahead");
}
