use std::time::Duration;

use proptest::prelude::*;

use super::{Backoff, shorten};

#[test]
fn waits_double_up_to_the_longest() {
    let backoff = Backoff::default();
    let ceilings: Vec<_> = (1..8)
        .map(|attempt| backoff.ceiling(attempt).as_millis())
        .collect();
    assert_eq!(ceilings, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    assert_eq!(backoff.ceiling(u32::MAX), backoff.longest);
}

#[test]
fn a_server_may_ask_for_more_but_not_for_hours() {
    let backoff = Backoff::default();
    assert_eq!(
        backoff.delay(1, Some(Duration::from_secs(30))),
        Duration::from_secs(30)
    );
    assert_eq!(
        backoff.delay(1, Some(Duration::from_secs(9000))),
        Duration::from_secs(60)
    );
    assert!(backoff.delay(4, Some(Duration::ZERO)) >= Duration::from_secs(2));
    assert_eq!(
        Backoff::NONE.delay(9, Some(Duration::from_secs(9000))),
        Duration::ZERO
    );
}

proptest! {
    #[test]
    fn jitter_only_shortens_and_by_at_most_a_half(milliseconds in 0..100_000_u64, random: u64) {
        let delay = Duration::from_millis(milliseconds);
        let shortened = shorten(delay, random);
        prop_assert!(shortened <= delay && shortened >= delay / 2);
    }
}
