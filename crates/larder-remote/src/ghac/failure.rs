//! What went wrong, in words without secrets: neither a signed URL nor a token is in an error.

use std::{
    error::Error as _,
    io,
    time::{Duration, SystemTime},
};

use reqwest::{StatusCode, header::HeaderMap};

use crate::{
    RemoteError,
    retry_after::{date, retry_after},
};

/// How much of what a service says is shown.
const LONGEST: usize = 400;

/// What is being done.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) remote: &'a str,
    pub(super) object: &'a str,
    /// A verb, as [`RemoteError`] has it.
    pub(super) operation: &'static str,
}

/// A service's answer that is no success.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// What kind of failure, by the service's own word for it.
    pub(super) code: String,
    /// What it says.
    pub(super) message: String,
    pub(super) retry_after: Option<Duration>,
}

impl At<'_> {
    pub(super) fn not_found(&self) -> RemoteError {
        let (remote, object) = (self.remote.to_owned(), self.object.to_owned());
        RemoteError::NotFound { remote, object }
    }

    pub(super) fn exists(&self) -> RemoteError {
        let (remote, object) = (self.remote.to_owned(), self.object.to_owned());
        RemoteError::Exists { remote, object }
    }

    /// What was to be sent could not be made.
    pub(super) fn no_body(&self, source: io::Error) -> RemoteError {
        let (remote, object) = (self.remote.to_owned(), self.object.to_owned());
        RemoteError::Body {
            remote,
            object,
            source,
        }
    }

    pub(super) fn forbidden(&self, text: &str) -> RemoteError {
        RemoteError::Forbidden {
            remote: self.remote.to_owned(),
            object: self.object.to_owned(),
            operation: self.operation,
            source: io::Error::other(shown(text)),
        }
    }

    pub(super) fn temporary(&self, text: &str, retry_after: Option<Duration>) -> RemoteError {
        RemoteError::Temporary {
            remote: self.remote.to_owned(),
            object: self.object.to_owned(),
            operation: self.operation,
            retry_after,
            source: io::Error::other(shown(text)),
        }
    }

    pub(super) fn broken(&self, text: &str) -> RemoteError {
        RemoteError::Broken {
            remote: self.remote.to_owned(),
            object: self.object.to_owned(),
            operation: self.operation,
            source: io::Error::other(shown(text)),
        }
    }

    /// A request that got no whole answer.
    pub(super) fn unsent(&self, error: reqwest::Error) -> RemoteError {
        let text = words(error);
        if text.contains("invalid peer certificate") {
            return self.broken(&text);
        }
        self.temporary(&text, None)
    }

    /// An answer that is no success.
    pub(super) fn refused(&self, refusal: &Refusal) -> RemoteError {
        let Refusal { status, code, .. } = refusal;
        let text = format!("the service says {status}: {}", refusal.message);
        match (status.as_u16(), &code[..]) {
            // Out of what is paid for.
            _ if refusal.message.contains("insufficient usage") => self.forbidden(&text),
            (429, _) | (_, "resource_exhausted") => self.temporary(&text, refusal.retry_after),
            (409, _) | (_, "already_exists") => self.exists(),
            (404, "BlobNotFound" | "not_found") => self.not_found(),
            (403, _) if refusal.retry_after.is_some() => self.temporary(&text, refusal.retry_after),
            (401 | 403, _) => self.forbidden(&text),
            (408 | 500..=599, _) => self.temporary(&text, refusal.retry_after),
            _ => self.broken(&text),
        }
    }
}

/// What an error of the client and its causes say, without the URL.
pub(super) fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

fn shown(text: &str) -> String {
    let text: String = larder_redact::redact_text(text)
        .chars()
        .take(LONGEST)
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// For how long the service wants to be left alone; GitHub's API says it in another way where its limit is spent.
pub(super) fn wish(headers: &HeaderMap) -> Option<Duration> {
    retry_after(headers).or_else(|| until_reset(headers))
}

fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let header = |name| headers.get(name)?.to_str().ok();
    let is_spent = header("x-ratelimit-remaining") == Some("0");
    let until: u64 = header("x-ratelimit-reset")
        .filter(|_| is_spent)?
        .parse()
        .ok()?;
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(until);
    Some(until.duration_since(date(headers)?).unwrap_or_default())
}
