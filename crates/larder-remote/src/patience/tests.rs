use std::time::Duration;

use tokio::time::Instant;

use super::{Patience, Waits};

#[test]
fn waits_double_and_are_bounded_and_differ() {
    let waits = Waits::new(Patience::default());
    let milliseconds = |tried, random| waits.wait(tried, random).as_millis();
    assert_eq!(milliseconds(1, 0), 250);
    assert_eq!(milliseconds(2, 0), 500);
    assert_eq!(milliseconds(1, 512), 375);
    assert_eq!(milliseconds(40, 0), 4000);
    assert!(milliseconds(40, 1023) < 8000);
}

#[tokio::test(start_paused = true)]
async fn a_service_is_left_alone_for_as_long_as_it_asks() {
    let waits = Waits::new(Patience::default());
    let begun = Instant::now();
    assert!(waits.before_next(1, Some(Duration::from_secs(9))).await);
    assert!(begun.elapsed() >= Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_for_too_long_is_not_asked_again() {
    let waits = Waits::new(Patience::default());
    let begun = Instant::now();
    assert!(!waits.before_next(1, Some(Duration::from_secs(3600))).await);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn all_waits_of_a_run_are_bounded_together() {
    let waits = Waits::new(Patience::default());
    let begun = Instant::now();
    let mut times = 0;
    while waits
        .clone()
        .before_next(1, Some(Duration::from_secs(20)))
        .await
    {
        times += 1;
    }
    assert_eq!(times, 6);
    assert!(begun.elapsed() <= Duration::from_secs(121));
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_tried_so_often() {
    let waits = Waits::new(Patience::default());
    assert!(waits.before_next(2, None).await);
    assert!(!waits.before_next(3, None).await);
}
