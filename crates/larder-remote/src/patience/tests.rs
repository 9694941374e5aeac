use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;

use super::{Patience, Time, Waits};

/// Time in which only waiting takes any.
#[derive(Default, Clone)]
pub(crate) struct Quick(Arc<AtomicU64>);

impl Time for Quick {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        let now = Arc::clone(&self.0);
        Box::pin(async move {
            let milliseconds = u64::try_from(wait.as_millis()).unwrap();
            now.fetch_add(milliseconds, Ordering::Relaxed);
        })
    }
}

pub(crate) fn quick() -> (Quick, Waits) {
    let time = Quick::default();
    let waits = Waits::in_time(Patience::default(), Arc::new(time.clone()));
    (time, waits)
}

#[test]
fn waits_double_and_are_bounded_and_differ() {
    let (_, waits) = quick();
    let milliseconds = |tried, random| waits.wait(tried, random).as_millis();
    assert_eq!(milliseconds(1, 0), 250);
    assert_eq!(milliseconds(2, 0), 500);
    assert_eq!(milliseconds(1, 512), 375);
    assert_eq!(milliseconds(40, 0), 4000);
    assert!(milliseconds(40, 1023) < 8000);
}

#[tokio::test]
async fn a_service_is_left_alone_for_as_long_as_it_asks() {
    let (time, waits) = quick();
    assert!(waits.before_next(1, Some(Duration::from_secs(9))).await);
    assert!(time.now() >= Duration::from_secs(9));
}

#[tokio::test]
async fn a_service_that_asks_for_too_long_is_not_asked_again() {
    let (time, waits) = quick();
    assert!(!waits.before_next(1, Some(Duration::from_secs(3600))).await);
    assert_eq!(time.now(), Duration::ZERO);
}

#[tokio::test]
async fn all_waits_of_a_run_are_bounded_together() {
    let (time, waits) = quick();
    let mut times = 0;
    while waits
        .clone()
        .before_next(1, Some(Duration::from_secs(20)))
        .await
    {
        times += 1;
    }
    assert_eq!(times, 6);
    assert!(time.now() <= Duration::from_secs(121));
}

#[tokio::test]
async fn an_operation_is_tried_so_often() {
    let (_, waits) = quick();
    assert!(waits.before_next(2, None).await);
    assert!(!waits.before_next(3, None).await);
}
