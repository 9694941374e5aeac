use super::*;

/// The kinds of error that come first, then success; how often it was tried, and how long was waited.
fn run(errors: &[io::ErrorKind]) -> (io::Result<()>, usize, Duration) {
    let (mut tries, mut waited) = (0, Duration::ZERO);
    let result = while_busy(
        || {
            tries += 1;
            errors
                .get(tries - 1)
                .map_or(Ok(()), |kind| Err((*kind).into()))
        },
        |pause| waited += pause,
    );
    (result, tries, waited)
}

#[test]
fn what_is_denied_for_a_while_succeeds() {
    let (result, tries, waited) = run(&[io::ErrorKind::PermissionDenied; 3]);
    assert!(result.is_ok());
    assert_eq!((tries, waited), (4, FIRST_PAUSE * 7));
}

#[test]
fn what_stays_denied_fails_after_a_bounded_time() {
    let (result, tries, waited) = run(&[io::ErrorKind::PermissionDenied; 100]);
    assert_eq!(result.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    assert_eq!(tries, 9);
    assert!(waited < Duration::from_secs(2), "{waited:?}");
}

#[test]
fn no_other_error_is_tried_again() {
    let (result, tries, _) = run(&[io::ErrorKind::AlreadyExists]);
    assert_eq!(result.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(tries, 1);
}
