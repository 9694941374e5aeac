//! Reading an object: the first part by one request, which also says how large it is; the rest of a large
//! one in parts, a few at once, each of the object that the first was of.

use std::{collections::VecDeque, io};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use opendal::{Buffer, BufferStream, BytesRange, Operator};

use super::{
    AT_ONCE, PART,
    failure::{At, is_no_range},
};
use crate::{Body, ByteRange, Download, RemoteError};

/// Reads an object or a range of it.
pub(super) async fn get(
    operator: &Operator,
    at: At<'_>,
    range: Option<ByteRange>,
) -> Result<Download, RemoteError> {
    let not_found = || RemoteError::NotFound {
        remote: at.remote.to_owned(),
        object: at.object.to_owned(),
    };
    let start = range.as_ref().map_or(0, |range| range.start);
    let most = range
        .as_ref()
        .map_or(u64::MAX, |range| range.end.saturating_sub(start));
    if range.as_ref().is_some_and(|range| range.start > range.end) {
        return Err(not_found());
    }
    let Some((first, size, version)) = begin(operator, at, (start, most)).await? else {
        let size = size(operator, at).await?;
        let end = range.map_or(size, |range| range.end);
        let body = Box::pin(stream::empty());
        return if end <= size && end == start {
            Ok(Download { size, body })
        } else {
            Err(not_found())
        };
    };
    let end = range.map_or(size, |range| range.end);
    if end > size {
        return Err(not_found());
    }
    let reading = Reading {
        operator: operator.clone(),
        remote: at.remote.to_owned(),
        object: at.object.to_owned(),
        version,
        current: Some(first),
        is_rest: false,
        pieces: VecDeque::new(),
        next: start,
        end,
    };
    Ok(Download {
        size,
        body: reading.body(),
    })
}

/// The first part from `start` on, how large the object is, and which it is; `None` if it has no such part.
async fn begin(
    operator: &Operator,
    at: At<'_>,
    (start, most): (u64, u64),
) -> Result<Option<(BufferStream, u64, Option<String>)>, RemoteError> {
    if most == 0 {
        return Ok(None);
    }
    let first = BytesRange::new(start, Some(most.min(PART as u64)));
    let opened = async {
        let mut stream = operator.reader(at.object).await?.into_stream(first).await?;
        let metadata = stream.metadata().await?;
        // A weak one never matches.
        let version = metadata.etag().filter(|tag| !tag.starts_with("W/"));
        let version = version.map(str::to_owned);
        Ok::<_, opendal::Error>((stream, metadata.content_length(), version))
    };
    match opened.await {
        // An empty object has no range at all.
        Err(error) if is_no_range(&error) => Ok(None),
        opened => opened.map(Some).map_err(|error| at.failed(&error)),
    }
}

async fn size(operator: &Operator, at: At<'_>) -> Result<u64, RemoteError> {
    let metadata = operator.stat(at.object).await;
    Ok(metadata
        .map_err(|error| at.failed(&error))?
        .content_length())
}

/// A body on its way.
struct Reading {
    operator: Operator,
    remote: String,
    object: String,
    version: Option<String>,
    current: Option<BufferStream>,
    /// Whether that is all that comes.
    is_rest: bool,
    pieces: VecDeque<Bytes>,
    /// The first byte that has not been given out.
    next: u64,
    end: u64,
}

impl Reading {
    fn body(self) -> Body {
        let next = |mut reading: Self| async move {
            let piece = reading.piece().await;
            Ok::<_, io::Error>(piece?.map(|piece| (piece, reading)))
        };
        Box::pin(stream::try_unfold(self, next))
    }

    async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                let left = self.end - self.next;
                if piece.len() as u64 > left {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "more bytes came than were asked for: the server does not serve ranges",
                    ));
                }
                self.next += piece.len() as u64;
                return Ok(Some(piece));
            }
            match self.more().await.map_err(io::Error::other)? {
                Some(buffer) => self.pieces.extend(buffer),
                None if self.next == self.end => return Ok(None),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// The next bytes; `None` at the end.
    async fn more(&mut self) -> Result<Option<Buffer>, RemoteError> {
        while let Some(current) = &mut self.current {
            match current.next().await.transpose() {
                Ok(Some(buffer)) => return Ok(Some(buffer)),
                Ok(None) if self.is_rest || self.next == self.end => self.current = None,
                Ok(None) => {
                    self.is_rest = true;
                    self.current = Some(self.rest().await?);
                }
                Err(error) => return Err(self.at().failed(&error)),
            }
        }
        Ok(None)
    }

    /// What comes behind the first part.
    async fn rest(&mut self) -> Result<BufferStream, RemoteError> {
        let left = self.end - self.next;
        let reader = self.operator.reader_with(&self.object);
        let reader = reader.chunk(PART).concurrent(AT_ONCE);
        let reader = match &self.version {
            Some(version) => reader.if_match(version),
            None => reader,
        };
        let range = BytesRange::new(self.next, Some(left));
        let opened = async { reader.await?.into_stream(range).await };
        opened.await.map_err(|error| self.at().failed(&error))
    }

    fn at(&self) -> At<'_> {
        At {
            remote: &self.remote,
            object: &self.object,
            operation: "read",
        }
    }
}
