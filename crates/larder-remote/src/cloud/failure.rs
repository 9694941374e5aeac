//! What OpenDAL's errors mean for a remote, in words without secrets.

use std::{error::Error as _, io};

use opendal::{Error, ErrorKind};

use super::transport::asked;
use crate::RemoteError;

/// How much of what a service says is shown.
const LONGEST: usize = 400;
/// What services say of a bucket or container that is not there; elsewhere it would pass for an object.
const NO_PLACE: [&str; 3] = [
    "NoSuchBucket",
    "ContainerNotFound",
    "specified bucket does not exist",
];
/// What TLS says of a server that is not to be believed. Trying again does not help.
const NO_TRUST: [&str; 2] = ["invalid peer certificate", "certificate verify failed"];

/// Where it failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) remote: &'a str,
    pub(super) object: &'a str,
    /// A verb, as [`RemoteError`] has it.
    pub(super) operation: &'static str,
}

impl At<'_> {
    /// The remote's error for OpenDAL's.
    pub(super) fn failed(&self, error: &Error) -> RemoteError {
        let (remote, object) = (self.remote.to_owned(), self.object.to_owned());
        let operation = self.operation;
        let text = chain(error);
        let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
        let source = io::Error::other(words(&text));
        if has(&NO_PLACE) || has(&NO_TRUST) {
            return RemoteError::Broken {
                remote,
                object,
                operation,
                source,
            };
        }
        match error.kind() {
            ErrorKind::NotFound => RemoteError::NotFound { remote, object },
            _ if is_no_range(error) => RemoteError::NotFound { remote, object },
            ErrorKind::ConditionNotMatch | ErrorKind::AlreadyExists if operation != "read" => {
                RemoteError::Exists { remote, object }
            }
            ErrorKind::Unsupported => RemoteError::Unsupported { remote, operation },
            ErrorKind::PermissionDenied => RemoteError::Forbidden {
                remote,
                object,
                operation,
                source,
            },
            _ if has(&["CredentialInvalid", "failed to load signing credential"]) => {
                RemoteError::Forbidden {
                    remote,
                    object,
                    operation,
                    source: io::Error::other("there are no credentials for it among the variables"),
                }
            }
            // Another one creates it just now, or replaces what is read: in a moment it is known.
            ErrorKind::Conflict | ErrorKind::ConditionNotMatch => RemoteError::Temporary {
                remote,
                object,
                operation,
                retry_after: None,
                source,
            },
            _ if error.is_temporary() => RemoteError::Temporary {
                remote,
                object,
                operation,
                retry_after: asked(error),
                source,
            },
            _ => RemoteError::Broken {
                remote,
                object,
                operation,
                source,
            },
        }
    }
}

/// Whether the object has no such range. Azure's answer is not known to OpenDAL.
pub(super) fn is_no_range(error: &Error) -> bool {
    error.kind() == ErrorKind::RangeNotSatisfied || error.message().contains("InvalidRange")
}

/// What the error and its causes say. Not its `Display`: that has URLs and headers.
fn chain(error: &Error) -> String {
    let mut text = error.message().to_owned();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = match cause.downcast_ref::<Error>() {
            Some(error) => error.message().to_owned(),
            None => cause.to_string(),
        };
        if !text.contains(&said) {
            text += &format!(": {said}");
        }
        source = cause.source();
    }
    text
}

/// The part that is for people: of a service's answer its code and its message.
fn words(text: &str) -> String {
    let field = |name: &str| {
        let (_, rest) = text.split_once(&format!("{name}: \""))?;
        let (value, _) = rest.split_once('"')?;
        (!value.is_empty()).then_some(value)
    };
    let told = match (field("code"), field("message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, Some(message)) => message.to_owned(),
        (None, None) => text.to_owned(),
    };
    let told: String = larder_redact::redact_text(&told)
        .chars()
        .take(LONGEST)
        .collect();
    if told.trim().is_empty() {
        return "the service does not say why".to_owned();
    }
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
