//! Where bytes come from: a response of an HTTP server or a local file, as one stream of chunks.
//!
//! Decides what a status means; does not look at the bytes, does not retry.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use reqwest::{
    Response, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER},
};
use tokio::{sync::mpsc, task::spawn_blocking};
use url::Url;

use crate::{Network, TransferError, redact};

/// How much of a file is read at once.
const CHUNK: usize = 256 << 10;

/// Bytes on their way.
pub(crate) struct Body {
    /// How many there are, as the source says.
    pub(crate) length: Option<u64>,
    /// The bytes, until the first error.
    pub(crate) chunks: BoxStream<'static, Result<Bytes, ChunkError>>,
}

/// Why a stream of chunks broke off.
pub(crate) enum ChunkError {
    /// The connection was lost, stood still, or its framing is broken.
    Http(reqwest::Error),
    /// The file cannot be read.
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another place broke off.
    Elsewhere(io::Error),
}

/// Asks `url` for its bytes; `fresh` asks caches on the way to look again.
pub(crate) async fn open(url: &Url, fresh: bool, network: &Network) -> Result<Body, TransferError> {
    match url.scheme() {
        "http" | "https" => request(url, fresh, network).await,
        "file" => local(url).await,
        _ => Err(TransferError::Unsupported { url: redact(url) }),
    }
}

async fn request(url: &Url, fresh: bool, network: &Network) -> Result<Body, TransferError> {
    let mut request = network.client().get(url.clone());
    if fresh {
        request = request.header(CACHE_CONTROL, "no-cache");
    }
    let response = request
        .send()
        .await
        .map_err(|source| TransferError::Unreachable {
            url: redact(url),
            source: source.without_url(),
        })?;
    if response.status() != StatusCode::OK {
        return Err(TransferError::Status {
            url: redact(url),
            status: response.status().as_u16(),
            retry_after: retry_after(&response),
        });
    }
    let length = response.content_length();
    let chunks = response
        .bytes_stream()
        .map(|chunk| chunk.map_err(|error| ChunkError::Http(error.without_url())));
    Ok(Body {
        length,
        chunks: chunks.boxed(),
    })
}

/// The form in seconds only: a date would need a clock that agrees with the server's.
fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

async fn local(url: &Url) -> Result<Body, TransferError> {
    let path = url
        .to_file_path()
        .map_err(|()| TransferError::Unsupported { url: redact(url) })?;
    let opened = path.clone();
    let (file, length) = match blocking(move || open_file(&opened)).await {
        Ok(opened) => opened,
        Err(source) => return Err(TransferError::File { path, source }),
    };
    let (sender, mut receiver) = mpsc::channel(4);
    spawn_blocking(move || read_file((path, file), &sender));
    Ok(Body {
        length: Some(length),
        chunks: stream::poll_fn(move |context| receiver.poll_recv(context)).boxed(),
    })
}

/// Runs `work` on a thread that may wait for a disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

fn open_file(path: &Path) -> io::Result<(File, u64)> {
    // Opening a FIFO would wait for a writer, and a device may do anything.
    if !std::fs::metadata(path)?.is_file() {
        let text = "it is not a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// Until the end, an error, or nobody listening any more.
fn read_file((path, mut file): (PathBuf, File), sender: &mpsc::Sender<Result<Bytes, ChunkError>>) {
    loop {
        let mut buffer = Vec::with_capacity(CHUNK);
        let read = (&mut file).take(CHUNK as u64).read_to_end(&mut buffer);
        let chunk = match read {
            Ok(0) => return,
            Ok(_) => Ok(Bytes::from(buffer)),
            Err(source) => Err(ChunkError::File {
                path: path.clone(),
                source,
            }),
        };
        let failed = chunk.is_err();
        if sender.blocking_send(chunk).is_err() || failed {
            return;
        }
    }
}
