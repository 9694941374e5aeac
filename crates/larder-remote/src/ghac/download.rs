//! An entry's bytes from Azure's blobs: in ranges, some of them beside one another, in their order.

use std::{io, time::SystemTime};

use bytes::Bytes;
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use reqwest::{
    Client, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, LAST_MODIFIED, RANGE},
};

use super::{
    failure::{At, words},
    service::{CALL, refusal},
};
use crate::{Body, ByteRange, Download, RemoteError, retry_after::date};

/// How large the ranges are, and how many come at once. In memory are as many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranges {
    pub(super) size: u64,
    pub(super) parallel: usize,
}

/// What is said of a blob.
pub(super) struct Properties {
    pub(super) size: u64,
    pub(super) modified: SystemTime,
    /// The service's clock.
    pub(super) now: SystemTime,
}

/// A blob.
pub(super) struct Blob<'a> {
    pub(super) client: &'a Client,
    pub(super) at: At<'a>,
    /// Signed: a secret.
    pub(super) url: &'a str,
}

impl Blob<'_> {
    pub(super) async fn properties(&self) -> Result<Properties, RemoteError> {
        let sent = self.client.head(self.url).timeout(CALL).send().await;
        let answer = sent.map_err(|error| self.at.unsent(error))?;
        if !answer.status().is_success() {
            return Err(self.at.refused(&refusal(answer).await));
        }
        let headers = answer.headers();
        let modified = text(headers, LAST_MODIFIED.as_str());
        let modified = modified.and_then(|time| httpdate::parse_http_date(time).ok());
        let size = text(headers, CONTENT_LENGTH.as_str()).and_then(|size| size.parse().ok());
        let (Some(size), Some(modified)) = (size, modified) else {
            return Err(self.at.broken("the service gives no size or no time"));
        };
        Ok(Properties {
            size,
            modified,
            now: date(headers).unwrap_or(modified).max(modified),
        })
    }

    /// Reads all, or a range that must be there.
    pub(super) async fn read(
        &self,
        range: Option<ByteRange>,
        ranges: Ranges,
    ) -> Result<Download, RemoteError> {
        let wanted = range.clone().unwrap_or(0..u64::MAX);
        if wanted.start >= wanted.end {
            let size = self.properties().await?.size;
            return match wanted.end <= size && wanted.start == wanted.end {
                true => Ok(nothing(size)),
                false => Err(self.at.not_found()),
            };
        }
        let first = wanted.start..wanted.end.min(wanted.start.saturating_add(ranges.size));
        let answer = request(self.client, self.url, &first).await;
        let answer = answer.map_err(|error| self.at.unsent(error))?;
        let size = match (answer.status(), total(answer.headers())) {
            (StatusCode::PARTIAL_CONTENT, Some(size)) => size,
            // Nothing is no range.
            (StatusCode::RANGE_NOT_SATISFIABLE, _) => {
                let size = self.properties().await?.size;
                return match (range, size) {
                    (None, 0) => Ok(nothing(0)),
                    _ => Err(self.at.not_found()),
                };
            }
            (status, _) if status.is_success() => {
                return Err(self.at.broken("the service does not read ranges"));
            }
            _ => return Err(self.at.refused(&refusal(answer).await)),
        };
        if range.is_some() && wanted.end > size {
            return Err(self.at.not_found());
        }
        let (first, end) = (first.start..first.end.min(size), wanted.end.min(size));
        let rest = self.rest(first.end..end, ranges);
        let body = exactly(first.end - first.start, answer).chain(rest).boxed();
        Ok(Download { size, body })
    }

    fn rest(&self, range: ByteRange, ranges: Ranges) -> Body {
        let (client, url) = (self.client.clone(), self.url.to_owned());
        let step = usize::try_from(ranges.size).unwrap_or(usize::MAX);
        let parts = range.clone().step_by(step);
        let fetched = stream::iter(parts).map(move |start| {
            let part = start..range.end.min(start.saturating_add(ranges.size));
            let (client, url) = (client.clone(), url.clone());
            async move { fetch(&client, &url, part).await }
        });
        fetched.buffered(ranges.parallel).boxed()
    }
}

/// One range, whole.
async fn fetch(client: &Client, url: &str, range: ByteRange) -> io::Result<Bytes> {
    let answer = request(client, url, &range).await;
    let answer = answer.map_err(|error| io::Error::other(words(error)))?;
    if answer.status() != StatusCode::PARTIAL_CONTENT {
        let text = format!("the service says {} in the middle", answer.status());
        return Err(io::Error::other(text));
    }
    let pieces: Vec<Bytes> = exactly(range.end - range.start, answer)
        .try_collect()
        .await?;
    Ok(pieces.concat().into())
}

async fn request(client: &Client, url: &str, range: &ByteRange) -> reqwest::Result<Response> {
    let range = format!("bytes={}-{}", range.start, range.end - 1);
    client.get(url).header(RANGE, range).send().await
}

/// So many bytes of an answer, or an error.
fn exactly(size: u64, answer: Response) -> Body {
    let pieces = answer.bytes_stream().boxed();
    let next = |(mut pieces, left): (BoxStream<'static, reqwest::Result<Bytes>>, u64)| async move {
        match pieces.next().await {
            Some(Ok(piece)) if piece.len() as u64 <= left => {
                let left = left - piece.len() as u64;
                Ok(Some((piece, (pieces, left))))
            }
            Some(Ok(_)) => Err(io::Error::other(
                "the service sends more than was asked for",
            )),
            Some(Err(error)) => Err(io::Error::other(words(error))),
            None if left == 0 => Ok(None),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    };
    Box::pin(stream::try_unfold((pieces, size), next))
}

fn nothing(size: u64) -> Download {
    Download {
        size,
        body: Box::pin(stream::empty()),
    }
}

/// The size behind the `/` of `Content-Range`.
fn total(headers: &HeaderMap) -> Option<u64> {
    text(headers, CONTENT_RANGE.as_str())?
        .rsplit_once('/')?
        .1
        .parse()
        .ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
