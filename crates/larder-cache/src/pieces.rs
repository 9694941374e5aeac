//! Between streams and threads: what arrives asynchronously, as something to read; what threads write, as
//! a stream.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use futures::StreamExt as _;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use larder_remote::Body;

/// How many pieces may wait: some megabytes.
const WAITING: usize = 8;

/// Bytes to be read on a thread that may wait.
pub(crate) struct PieceReader {
    receiver: Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

/// The two ends of a stream into a thread.
pub(crate) fn into_thread() -> (Sender<io::Result<Bytes>>, PieceReader) {
    let (sender, receiver) = channel(WAITING);
    let piece = Bytes::new();
    (sender, PieceReader { receiver, piece })
}

/// The two ends of a stream out of a thread.
pub(crate) fn out_of_thread() -> (Sender<io::Result<Bytes>>, Body) {
    let (sender, receiver) = channel(WAITING);
    let next = |mut receiver: Receiver<io::Result<Bytes>>| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    };
    (sender, Box::pin(futures::stream::unfold(receiver, next)))
}

/// Hands a body on, until there is no more of it or nobody reads any more, and tells how many bytes came.
pub(crate) async fn forward(mut body: Body, sender: Sender<io::Result<Bytes>>, came: impl Fn(u64)) {
    while let Some(piece) = body.next().await {
        if let Ok(piece) = &piece {
            came(piece.len() as u64);
        }
        if sender.send(piece).await.is_err() {
            return;
        }
    }
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.piece.len());
        buffer[..count].copy_from_slice(&self.piece[..count]);
        self.piece.advance(count);
        Ok(count)
    }
}
