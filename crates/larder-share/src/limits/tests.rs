use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Limits, in_time, timed_body};
use crate::ShareError;

fn piece() -> Bytes {
    Bytes::from_static(b"piece")
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_never_answers_is_given_up() {
    let limit = Duration::from_secs(7);
    let never = std::future::pending::<Result<(), ShareError>>();
    let error = in_time(limit, ("s3://b", "pkgs/ab/x", "read"), never).await;
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "s3://b did not read `pkgs/ab/x` within 7 seconds");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stands_still_ends_with_an_error() {
    let body = stream::iter([Ok(piece())]).chain(stream::pending());
    let mut body = timed_body(Box::pin(body), &Limits::default());
    assert_eq!(body.try_next().await.unwrap(), Some(piece()));
    assert_eq!(
        body.try_next().await.unwrap_err().kind(),
        std::io::ErrorKind::TimedOut
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_is_given_up_in_bounded_time() {
    let trickle = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Some((Ok(piece()), ()))
    });
    let begun = tokio::time::Instant::now();
    let all: Result<Vec<Bytes>, _> = timed_body(Box::pin(trickle), &Limits::default())
        .try_collect()
        .await;
    assert!(all.is_err());
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
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
