//! An entry's bytes on their way to Azure's blobs: one Put Blob, or blocks beside one another and their
//! list. In memory are as many blocks as are sent at once, and the one that is being filled.

use std::io;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use reqwest::{Client, Method, header::CONTENT_TYPE};

use super::{failure::At, service::refusal};
use crate::{Body, RemoteError, patience::Waits};

/// A body in pieces of one size.
pub(super) struct Blocks {
    body: Body,
    size: usize,
    waiting: BytesMut,
    /// Nothing comes after what waits.
    pub(super) is_at_end: bool,
}

impl Blocks {
    pub(super) fn new(body: Body, size: usize) -> Self {
        Self {
            body,
            size,
            waiting: BytesMut::new(),
            is_at_end: false,
        }
    }

    /// The next block, all of one size but the last.
    pub(super) async fn next(&mut self) -> io::Result<Bytes> {
        while !self.is_at_end && self.waiting.len() <= self.size {
            match self.body.next().await {
                Some(piece) => self.waiting.extend_from_slice(&piece?),
                None => self.is_at_end = true,
            }
        }
        let length = self.waiting.len().min(self.size);
        Ok(self.waiting.split_to(length).freeze())
    }

    /// All blocks, with their numbers, this one first.
    fn after(self, first: Bytes) -> BoxStream<'static, io::Result<(usize, Bytes)>> {
        let next = |(block, mut rest): (Option<Bytes>, Self)| async move {
            let block = match block {
                Some(block) => block,
                None if rest.is_at_end => return Ok(None),
                None => rest.next().await?,
            };
            Ok(Some((block, (None, rest))))
        };
        let blocks = stream::try_unfold((Some(first), self), next);
        let numbered = |(number, block): (usize, io::Result<Bytes>)| Ok((number, block?));
        blocks.enumerate().map(numbered).boxed()
    }
}

/// Where bytes go.
pub(super) struct Upload<'a> {
    pub(super) client: &'a Client,
    pub(super) at: At<'a>,
    /// Signed: a secret.
    pub(super) url: &'a str,
    /// How many blocks are sent at once.
    pub(super) parallel: usize,
    /// How often each request is tried.
    pub(super) waits: Waits,
}

impl Upload<'_> {
    /// Sends all; how many bytes that was.
    pub(super) async fn send(&self, first: Bytes, rest: Blocks) -> Result<u64, RemoteError> {
        if rest.is_at_end {
            let size = first.len() as u64;
            self.put("", first).await?;
            return Ok(size);
        }
        let blocks = rest.after(first).map_err(|source| self.at.no_body(source));
        let sizes: Vec<u64> = blocks
            .map_ok(|(number, block)| self.put_block(number, block))
            .try_buffer_unordered(self.parallel)
            .try_collect()
            .await?;
        let ids = (0..sizes.len()).map(|number| format!("<Latest>{}</Latest>", block_id(number)));
        let list = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{}</BlockList>",
            ids.collect::<String>()
        );
        self.put("&comp=blocklist", list.into()).await?;
        Ok(sizes.iter().sum())
    }

    async fn put_block(&self, number: usize, block: Bytes) -> Result<u64, RemoteError> {
        let size = block.len() as u64;
        let id: String =
            url::form_urlencoded::byte_serialize(block_id(number).as_bytes()).collect();
        self.put(&format!("&comp=block&blockid={id}"), block)
            .await?;
        Ok(size)
    }

    async fn put(&self, query: &str, bytes: Bytes) -> Result<(), RemoteError> {
        let attempt = || self.put_once(query, bytes.clone());
        self.waits.often(attempt).await
    }

    async fn put_once(&self, query: &str, bytes: Bytes) -> Result<(), RemoteError> {
        let sent = self
            .client
            .request(Method::PUT, format!("{}{query}", self.url))
            .header("x-ms-blob-type", "BlockBlob")
            .header("x-ms-version", "2021-12-02")
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(bytes);
        let answer = sent.send().await.map_err(|error| self.at.unsent(error))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(self.at.refused(&refusal(answer).await))
    }
}

/// All ids have one length; that of 48 bytes is the one that other servers than Azure's know too.
fn block_id(number: usize) -> String {
    BASE64_STANDARD.encode(format!("{number:048}"))
}
