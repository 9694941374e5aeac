use std::error::Error as _;

use opendal::{Error, ErrorKind};

use super::{At, words};
use crate::RemoteError;

const AT: At<'_> = At {
    remote: "s3://cache",
    object: "a",
    operation: "read",
};

#[test]
fn kinds_become_what_a_remote_says() {
    let of = |kind| AT.failed(&Error::new(kind, "it said so"));
    assert!(of(ErrorKind::NotFound).is_not_found());
    assert!(
        of(ErrorKind::ConditionNotMatch).is_temporary(),
        "it was replaced while it was read"
    );
    let create = At {
        operation: "create",
        ..AT
    };
    let taken = create.failed(&Error::new(ErrorKind::ConditionNotMatch, "no"));
    assert!(taken.is_exists());
    assert!(of(ErrorKind::Conflict).is_temporary());
    assert!(matches!(
        of(ErrorKind::PermissionDenied),
        RemoteError::Forbidden { .. }
    ));
    assert!(matches!(
        of(ErrorKind::Unsupported),
        RemoteError::Unsupported { .. }
    ));
    assert!(matches!(
        of(ErrorKind::Unexpected),
        RemoteError::Broken { .. }
    ));
    let passing = Error::new(ErrorKind::Unexpected, "busy").set_temporary();
    assert!(AT.failed(&passing).is_temporary());
}

#[test]
fn a_bucket_that_is_not_there_is_no_missing_object() {
    let error = Error::new(
        ErrorKind::NotFound,
        "AzblobError { code: \"ContainerNotFound\" }",
    );
    assert!(matches!(AT.failed(&error), RemoteError::Broken { .. }));
}

#[test]
fn a_server_that_is_not_to_be_believed_is_not_asked_again() {
    let error = Error::new(ErrorKind::Unexpected, "send http request").set_temporary();
    let error = error.set_source(std::io::Error::other(
        "invalid peer certificate: UnknownIssuer",
    ));
    assert!(matches!(AT.failed(&error), RemoteError::Broken { .. }));
}

#[test]
fn what_a_service_says_is_short_and_has_no_secrets() {
    let said = "S3Error { code: \"AccessDenied\", message: \"Access Denied.\", resource: \"\" }";
    assert_eq!(words(said), "AccessDenied: Access Denied.");
    assert_eq!(words(""), "the service does not say why");
    let url = "error for https://me:hunter2@host/x?sig=hunter2 <html>\n".repeat(20);
    let told = words(&url);
    assert!(!told.contains("hunter2") && told.len() <= 400, "{told}");
    let context =
        Error::new(ErrorKind::Unexpected, "no").with_context("uri", "http://h/?sig=hunter2");
    let shown = AT.failed(&context).source().unwrap().to_string();
    assert_eq!(shown, "no");
}
