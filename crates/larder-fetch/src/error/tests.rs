use std::io;

use super::{Absent, FetchError, PackageFailure, TransferError};

fn failure(package: &str, cause: TransferError) -> PackageFailure {
    PackageFailure {
        package: package.into(),
        tries: 2,
        cause,
    }
}

fn status(status: u16) -> TransferError {
    TransferError::Status {
        url: "https://host/a.conda".into(),
        status,
        retry_after: None,
    }
}

#[test]
fn only_failures_that_all_may_pass_are_temporary() {
    let error = |others| FetchError::Packages {
        first: Box::new(failure("a-1-0", status(503))),
        others,
        not_started: 0,
    };
    assert!(error(vec![failure("b-1-0", status(429))]).is_temporary());
    assert!(!error(vec![failure("b-1-0", status(404))]).is_temporary());
    for (code, temporary) in [
        (408, true),
        (425, true),
        (500, true),
        (599, true),
        (401, false),
        (206, false),
    ] {
        assert_eq!(status(code).is_temporary(), temporary, "{code}");
    }
}

#[test]
fn codes_tell_statuses_apart() {
    for (code, expected) in [
        (401, "fetch::unauthorized"),
        (403, "fetch::unauthorized"),
        (404, "fetch::not-found"),
        (410, "fetch::not-found"),
        (503, "fetch::status"),
    ] {
        assert_eq!(status(code).code(), expected);
    }
    let missing = TransferError::File {
        path: "/a".into(),
        source: io::ErrorKind::NotFound.into(),
    };
    assert_eq!(missing.code(), "fetch::not-found");
}

#[test]
fn the_first_failure_is_told_in_detail_and_the_others_by_name() {
    let error = FetchError::Packages {
        first: Box::new(failure("a-1-0", status(404))),
        others: vec![failure("b-1-0", status(404)), failure("c-1-0", status(503))],
        not_started: 7,
    };
    assert_eq!(
        error.to_string(),
        "cannot fetch a-1-0 and 2 more (b-1-0, c-1-0); 7 not tried after that"
    );
    let FetchError::Packages { first, .. } = error else {
        return;
    };
    assert_eq!(first.to_string(), "a-1-0: 2 tries in vain");
    assert_eq!(
        first.cause.to_string(),
        "https://host/a.conda answered 404 (not found): the channel may have removed the package; lock again"
    );
}

#[test]
fn offline_lists_every_package() {
    let absent = |name: &str| Absent {
        package: format!("{name}-1-0"),
        url: format!("https://host/{name}-1-0.conda"),
    };
    let error = FetchError::Offline {
        missing: vec![absent("a"), absent("b")],
    };
    assert_eq!(
        error.to_string(),
        "offline, but not in the store: a-1-0 (https://host/a-1-0.conda), b-1-0 (https://host/b-1-0.conda)"
    );
    assert_eq!(
        (error.code(), error.is_temporary()),
        ("fetch::offline", false)
    );
}
