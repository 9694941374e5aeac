use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Limits, in_time, timed_body};
use crate::ShareError;

fn piece() -> Bytes {
    Bytes::from_static(b"piece")
}

/// Nothing may take any time.
fn impatient() -> Limits {
    Limits {
        answer: Duration::ZERO,
        pause: Duration::ZERO,
        least_rate: u64::MAX,
    }
}

#[tokio::test]
async fn a_remote_that_never_answers_is_given_up() {
    let never = std::future::pending::<Result<(), ShareError>>();
    let error = in_time(Duration::ZERO, ("s3://b", "pkgs/ab/x", "read"), never).await;
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "s3://b did not read `pkgs/ab/x` within 0 seconds");
}

#[tokio::test]
async fn a_body_that_stands_still_ends_with_an_error() {
    let body = stream::iter([Ok(piece())]).chain(stream::pending());
    let limits = Limits {
        pause: Duration::ZERO,
        ..Limits::default()
    };
    let mut body = timed_body(Box::pin(body), &limits);
    assert_eq!(body.try_next().await.unwrap(), Some(piece()));
    let error = body.try_next().await.unwrap_err();
    assert!(error.to_string().contains("stands still"), "{error}");
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up() {
    let trickle = stream::repeat_with(|| Ok(piece()));
    let body = timed_body(Box::pin(trickle), &impatient());
    let error = body.try_for_each(async |_| Ok(())).await.unwrap_err();
    assert!(error.to_string().contains("too slowly"), "{error}");
}

#[test]
fn many_bytes_may_take_long() {
    let limits = Limits::default();
    assert_eq!(limits.of_bytes(0), limits.answer);
    assert_eq!(
        limits.of_bytes(160 << 10),
        limits.answer + Duration::from_secs(10)
    );
}

#[tokio::test]
async fn a_body_in_time_passes_as_it_is() {
    let body = stream::iter([Ok(piece()), Ok(piece())]);
    let all: Vec<Bytes> = timed_body(Box::pin(body), &Limits::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(all, [piece(), piece()]);
}
