//! One try: bytes from one URL into the store.
//!
//! The network side runs here, hashing and writing on a blocking thread behind a short queue: at most
//! [`QUEUE`] chunks are in memory, and a slow disk slows the network down. Only a body that ended
//! properly is handed to the store to finish; in every other case the store's temporary file is gone
//! when this returns. Never tries twice.

use std::io::{self, Write as _};

use bytes::Bytes;
use futures::StreamExt as _;
use larder_store::{Ingest, IngestError, Object, Store};
use tokio::{sync::mpsc, task::spawn_blocking};
use url::Url;

use crate::{
    FetchOptions, MissingPackage, TransferError,
    progress::Progress,
    redact,
    source::{Body, ChunkError, open},
};

/// How many chunks may wait for the disk.
const QUEUE: usize = 16;

/// What a try needs to know.
pub(crate) struct Job<'a> {
    pub(crate) missing: &'a MissingPackage,
    pub(crate) store: &'a Store,
    pub(crate) options: &'a FetchOptions<'a>,
}

enum Message {
    Chunk(Bytes),
    End,
}

/// Why no more bytes are taken from the source.
enum Stop {
    Failed(TransferError),
    /// The writer does not listen any more: it has an error to tell.
    WriterGone,
}

enum WriteError {
    Io(io::Error),
    Ingest(IngestError),
}

/// Fetches from `url`; `fresh` asks caches on the way to look again.
pub(crate) async fn transfer(
    job: &Job<'_>,
    url: &Url,
    fresh: bool,
    progress: &mut Progress<'_>,
) -> Result<Object, TransferError> {
    let body = open(url, fresh, job.options.network).await?;
    receive(job, (&redact(url), body), progress).await
}

/// Takes a body that comes from `place`, a text without credentials.
pub(crate) async fn receive(
    job: &Job<'_>,
    (place, mut body): (&str, Body),
    progress: &mut Progress<'_>,
) -> Result<Object, TransferError> {
    let mut stream = Incoming::new(job, place, body.length)?;
    let ingest = job
        .store
        .ingest(job.missing.kind, job.missing.checksum)
        .map_err(|source| TransferError::Store {
            url: place.to_owned(),
            source,
        })?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    let writer = spawn_blocking(move || write(receiver, ingest));
    let received = stream.receive(&mut body, sender, progress).await;
    let written = writer.await;
    if let Err(Stop::Failed(error)) = received {
        return Err(error);
    }
    match written {
        Ok(Ok(Some(object))) => Ok(object),
        Ok(Ok(None)) => Err(stream.write_error(io::ErrorKind::UnexpectedEof.into())),
        Ok(Err(WriteError::Io(source))) => Err(stream.write_error(source)),
        Ok(Err(WriteError::Ingest(source))) => Err(stream.ingest_error(source)),
        Err(panicked) => Err(stream.write_error(io::Error::other(panicked))),
    }
}

/// The bytes that come from one place, counted and bounded.
struct Incoming<'a> {
    place: &'a str,
    missing: &'a MissingPackage,
    announced: Option<u64>,
    limit: u64,
    received: u64,
}

impl<'a> Incoming<'a> {
    fn new(job: &Job<'a>, place: &'a str, announced: Option<u64>) -> Result<Self, TransferError> {
        let allowed = job.missing.size.unwrap_or(job.options.longest_body);
        let stream = Self {
            place,
            missing: job.missing,
            announced,
            limit: announced.map_or(allowed, |announced| announced.min(allowed)),
            received: 0,
        };
        match announced {
            Some(found) if found > allowed => Err(stream.too_long(found)),
            _ => Ok(stream),
        }
    }

    /// Passes everything on, then [`Message::End`], which is only sent after a proper end.
    async fn receive(
        &mut self,
        body: &mut Body,
        sender: mpsc::Sender<Message>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Stop> {
        while let Some(chunk) = body.chunks.next().await {
            let chunk = chunk.map_err(|error| Stop::Failed(self.broken(error)))?;
            let length = chunk.len() as u64;
            self.received += length;
            if self.received > self.limit {
                return Err(Stop::Failed(self.too_long(self.received)));
            }
            send(&sender, Message::Chunk(chunk)).await?;
            progress.arrived(length);
        }
        self.check_end().map_err(Stop::Failed)?;
        send(&sender, Message::End).await
    }

    /// A body that is shorter than its record says may still be right if there is a digest to prove it.
    fn check_end(&self) -> Result<(), TransferError> {
        let unproven = self
            .missing
            .size
            .filter(|_| self.missing.checksum.is_none());
        let least = self.announced.max(unproven).unwrap_or(0);
        if self.received < least {
            return Err(self.short(None));
        }
        Ok(())
    }

    fn broken(&self, error: ChunkError) -> TransferError {
        match error {
            ChunkError::Http(source) => self.short(Some(source)),
            ChunkError::File { path, source } => TransferError::File { path, source },
            ChunkError::Elsewhere(source) => TransferError::Broken {
                place: self.place.to_owned(),
                source,
            },
        }
    }

    fn short(&self, source: Option<reqwest::Error>) -> TransferError {
        TransferError::ShortBody {
            url: self.place.to_owned(),
            received: self.received,
            expected: self.missing.size.or(self.announced),
            source,
        }
    }

    fn too_long(&self, found: u64) -> TransferError {
        TransferError::LongBody {
            url: self.place.to_owned(),
            expected: self.limit,
            found,
        }
    }

    fn write_error(&self, source: io::Error) -> TransferError {
        TransferError::Write {
            url: self.place.to_owned(),
            source,
        }
    }

    /// Wrong content that is also too short was cut on its way, by someone who then told a wrong length.
    fn ingest_error(&self, source: IngestError) -> TransferError {
        match source {
            IngestError::Empty { .. } => self.short(None),
            IngestError::Mismatch { .. }
                if self.missing.size.is_some_and(|size| self.received < size) =>
            {
                self.short(None)
            }
            IngestError::Mismatch {
                expected, found, ..
            } => TransferError::HashMismatch {
                url: self.place.to_owned(),
                expected,
                found,
                size: self.received,
            },
            source => TransferError::Ingest {
                url: self.place.to_owned(),
                source,
            },
        }
    }
}

async fn send(sender: &mpsc::Sender<Message>, message: Message) -> Result<(), Stop> {
    sender.send(message).await.map_err(|_| Stop::WriterGone)
}

/// Writes until the end; without one the archive is abandoned, and its temporary file with it.
fn write(
    mut receiver: mpsc::Receiver<Message>,
    mut ingest: Ingest,
) -> Result<Option<Object>, WriteError> {
    while let Some(message) = receiver.blocking_recv() {
        match message {
            Message::Chunk(bytes) => ingest.write_all(&bytes).map_err(WriteError::Io)?,
            Message::End => return ingest.finish().map(Some).map_err(WriteError::Ingest),
        }
    }
    Ok(None)
}
