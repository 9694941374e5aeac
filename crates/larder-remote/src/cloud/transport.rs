//! How OpenDAL's requests are sent: by a client that is given, so with its certificates, proxies and
//! time-outs.
//!
//! Tells how long a service wants to be left alone, which OpenDAL does not, and repeats the parts of a
//! large upload that failed: nobody else could, as what was sent is not kept. It repeats nothing else.

use std::time::Duration;

use futures::StreamExt as _;
use http::{Method, Request, Response, StatusCode};
use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport};
use opendal_http_transport_reqwest::ReqwestTransport;

use crate::{ANSWER_BYTES, patience::Waits, retry_after::retry_after};

/// What OpenDAL sends by.
pub(super) struct Transport {
    inner: ReqwestTransport,
    waits: Waits,
}

/// For how long a service wants to be left alone.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the service asks to come back in {} s", .0.as_secs())]
pub(super) struct RetryAfter(pub(super) Duration);

impl Transport {
    pub(super) fn new(client: reqwest::Client, waits: Waits) -> Self {
        let inner = ReqwestTransport::new(client);
        Self { inner, waits }
    }

    /// Sends a part, or gives it up: only putting parts together may take a service long.
    async fn soon(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let limit = self.waits.patience.per_operation * 2;
        let sent = self.waits.within(limit, self.once(request)).await;
        sent.unwrap_or_else(|| {
            let text = format!("a part was not taken within {} s", limit.as_secs());
            Err(Error::new(ErrorKind::Unexpected, text).set_temporary())
        })
    }

    async fn once(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let is_head = request.method() == Method::HEAD;
        let is_list = is_list(&request);
        let response = self.inner.fetch(request).await?;
        match wish(&response) {
            None => understood(bounded(response, is_list), is_head),
            Some(after) => {
                let text = format!("the service answers {}", response.status());
                let error = Error::new(ErrorKind::RateLimited, text).set_temporary();
                Err(error.set_source(RetryAfter(after)))
            }
        }
    }
}

impl HttpTransport for Transport {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        if !is_part(&request) {
            return self.once(request).await;
        }
        let mut tried = 1;
        loop {
            let result = match is_last(&request) {
                true => self.once(request.clone()).await,
                false => self.soon(request.clone()).await,
            };
            let asked = match &result {
                Ok(response) if !is_passing(response.status()) => return result,
                Err(error) if !error.is_temporary() => return result,
                // It may have been done, and then there is nothing to put together any more.
                Err(error) if is_last(&request) && asked(error).is_none() => return result,
                Ok(_) => None,
                Err(error) => asked(error),
            };
            if !self.waits.before_next(tried, asked).await {
                return result;
            }
            tried += 1;
        }
    }
}

/// What the service asks for, as an error of [`Transport`] has it.
pub(super) fn asked(error: &(dyn std::error::Error + 'static)) -> Option<Duration> {
    let mut error = Some(error);
    while let Some(cause) = error {
        if let Some(RetryAfter(after)) = cause.downcast_ref() {
            return Some(*after);
        }
        error = cause.source();
    }
    None
}

/// Cuts bodies that OpenDAL reads whole, errors and lists: a server can send without end.
fn bounded(response: Response<HttpBody>, is_list: bool) -> Response<HttpBody> {
    if response.status().is_success() && !is_list {
        return response;
    }
    response.map(|body| {
        body.map_inner(|pieces| {
            Box::new(pieces.scan(0, |sum, piece| {
                *sum += piece.as_ref().map_or(0, Buffer::len);
                let piece = if *sum > ANSWER_BYTES {
                    let text = format!("the answer has more than {ANSWER_BYTES} bytes");
                    Err(Error::new(ErrorKind::Unexpected, text))
                } else {
                    piece
                };
                std::future::ready(Some(piece))
            }))
        })
    })
}

/// Whether a request lists objects, as S3, Azure Blob and GCS have it.
fn is_list(request: &Request<Buffer>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    request.method() == Method::GET
        && query.split('&').any(|option| {
            option.starts_with("list-type=")
                || option.starts_with("prefix=")
                || option == "comp=list"
                || option.starts_with("delimiter=")
        })
}

/// What OpenDAL would not understand, or tell without a reason: an answer to HEAD has no body to say it.
fn understood(response: Response<HttpBody>, is_head: bool) -> opendal::Result<Response<HttpBody>> {
    let status = response.status();
    let kind = match status.as_u16() {
        401 => ErrorKind::PermissionDenied,
        // S3 in another region, or with a token that has expired.
        301 | 307 | 400 if is_head => ErrorKind::Unexpected,
        _ => return Ok(response),
    };
    let text = format!("the service answers {status}; are region and credentials right?");
    Err(Error::new(kind, text))
}

/// Whether a request is one of several that make an object: a part, a block, or their list.
fn is_part(request: &Request<Buffer>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    !request.body().is_empty()
        && query.split('&').any(|option| {
            option.starts_with("uploadId=") || option == "comp=block" || option == "comp=blocklist"
        })
}

/// Whether a request puts parts together.
fn is_last(request: &Request<Buffer>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    !query.contains("partNumber=") && !query.split('&').any(|option| option == "comp=block")
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// Only these say when they are there again.
fn wish(response: &Response<HttpBody>) -> Option<Duration> {
    let says_so = matches!(response.status().as_u16(), 429 | 503);
    retry_after(response.headers()).filter(|_| says_so)
}
