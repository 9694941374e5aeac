//! Answers, and bodies that end too early, too late or slowly.
//!
//! Nothing here knows files or faults' bookkeeping.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::Frame;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use tokio::time::Sleep;

use super::Fault;
use crate::must;

const CHUNK: usize = 16 * 1024;
const TICKS_PER_SECOND: u64 = 20;
/// How often, and how long, a body that breaks off lets hyper send what it has before it does: an
/// error throws away what is still in hyper's buffer.
const FLUSH_PAUSE: Duration = Duration::from_millis(4);
const FLUSHES: u32 = 8;

/// An answer that is not sent yet.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: Bytes,
    /// Extra bytes that content-length promises.
    missing: usize,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            missing: 0,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = must(
            HeaderValue::try_from(value),
            format_args!("send {name}: {value:?}"),
        );
        self.headers.insert(name, value);
        self
    }

    pub(crate) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The answer that a fault gives in place of the file.
    pub(crate) fn instead(fault: &Fault, path: &str) -> Self {
        match fault {
            Fault::Status { code, .. } => Self::empty(*code),
            Fault::RedirectTo(url) => {
                Self::empty(302).with("location", &url.replace("{path}", path))
            }
            Fault::RetryAfter { seconds, .. } => {
                Self::empty(429).with("retry-after", &seconds.to_string())
            }
            other => panic!("{other:?} does not take the place of an answer"),
        }
    }

    pub(crate) fn body_length(&self) -> usize {
        self.body.len()
    }

    pub(crate) fn has_body(&self) -> bool {
        matches!(self.status, 200 | 206) && !self.body.is_empty()
    }

    /// Applies a fault of the body.
    pub(crate) fn spoil(&mut self, fault: &Fault) {
        let keep = |bytes: u64| {
            usize::try_from(bytes).map_or(self.body.len(), |kept| kept.min(self.body.len()))
        };
        match fault {
            Fault::CutAfter { bytes, .. } => {
                let kept = keep(*bytes);
                self.missing = (self.body.len() - kept).max(1);
                self.body.truncate(kept);
            }
            Fault::WrongLength { .. } => self.missing = 1000,
            Fault::WrongBytes { .. } => {
                let mut bytes = self.body.to_vec();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                self.body = bytes.into();
            }
            Fault::Truncated { bytes, .. } => {
                let kept = keep(*bytes);
                self.body.truncate(kept);
            }
            other => panic!("{other:?} does not spoil a body"),
        }
    }

    pub(crate) fn into_response(mut self, bytes_per_second: Option<u64>) -> hyper::Response<Body> {
        if !self.headers.contains_key(CONTENT_LENGTH) && self.status != 304 {
            self.headers
                .insert(CONTENT_LENGTH, (self.body.len() + self.missing).into());
        }
        let tick = bytes_per_second.map(|speed| (speed / TICKS_PER_SECOND).max(1));
        let mut response = hyper::Response::new(Body {
            rest: self.body,
            breaks_off: self.missing > 0,
            flushes: FLUSHES,
            chunk: tick.map_or(CHUNK, |tick| usize::try_from(tick).unwrap_or(CHUNK)),
            limited: tick.is_some(),
            pause: None,
        });
        *response.status_mut() = must(self.status.try_into(), "send a status");
        *response.headers_mut() = self.headers;
        response
    }
}

/// A body that is sent in chunks, perhaps slowly, and perhaps breaks off at its end.
#[derive(Debug)]
pub(crate) struct Body {
    rest: Bytes,
    breaks_off: bool,
    flushes: u32,
    chunk: usize,
    limited: bool,
    pause: Option<Pin<Box<Sleep>>>,
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(pause) = self.pause.as_mut() {
            std::task::ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        if !self.rest.is_empty() {
            let length = self.chunk.min(self.rest.len());
            let chunk = self.rest.split_to(length);
            if self.limited {
                let tick = Duration::from_millis(1000 / TICKS_PER_SECOND);
                self.pause = Some(Box::pin(tokio::time::sleep(tick)));
            }
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        if !self.breaks_off {
            return Poll::Ready(None);
        }
        if self.flushes > 0 {
            self.flushes -= 1;
            self.pause = Some(Box::pin(tokio::time::sleep(FLUSH_PAUSE)));
            return self.poll_frame(context);
        }
        Poll::Ready(Some(Err(io::Error::other("this body breaks off"))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !self.breaks_off
    }
}
