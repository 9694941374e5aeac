//! Answers made from bytes at hand.
//!
//! The gateway cannot tell them from a server's.

use reqwest::{Response, ResponseBuilderExt as _, StatusCode};
use reqwest_middleware::Error;
use url::Url;

/// A whole answer.
pub(super) fn answer(url: &Url, status: StatusCode, body: Vec<u8>) -> Result<Response, Error> {
    http::Response::builder()
        .status(status)
        .url(url.clone())
        .body(body)
        .map(Response::from)
        .map_err(Error::middleware)
}
