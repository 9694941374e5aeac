//! Sending a pack: its members one after another, each read and verified while the ones before it leave.

use std::io;

use bytes::Bytes;
use futures::{StreamExt as _, future, stream};
use larder_remote::Body;
use tokio::sync::mpsc;

use super::{
    PackId, Table,
    put::{Saving, object_name},
};
use crate::{ShareError, in_time};

/// How many pieces wait to leave.
const WAITING: usize = 4;

/// What came of it.
pub(super) enum Sent {
    /// All of it is there.
    Whole,
    /// The name was taken.
    Exists,
    /// Nothing is there, because this member could not be read here, and why.
    Without(String, String),
}

type Pieces = mpsc::Sender<io::Result<Bytes>>;

/// Sends a pack whose table is `head`.
pub(super) async fn send(
    saving: &Saving<'_>,
    id: PackId,
    table: &Table,
    head: Vec<u8>,
) -> Result<Sent, ShareError> {
    let packs = saving.packs;
    let name = object_name(&id.object(), packs)?;
    let bytes = head.len() as u64
        + table
            .members()
            .iter()
            .map(|member| member.size)
            .sum::<u64>();
    let (pieces, arriving) = mpsc::channel(WAITING);
    let creating = async {
        let created = packs.remote.create_if_absent(&name, body(arriving));
        Ok(created.await?)
    };
    let what = (packs.remote.url(), name.as_str(), "create");
    let creating = in_time(saving.load.limits.of_bytes(bytes), what, creating);
    let (created, read) = future::join(creating, read(saving, table, head, pieces)).await;
    if let Err((member, error)) = read {
        return Ok(Sent::Without(member, error.to_string()));
    }
    match created {
        Err(ShareError::Remote(error)) if error.is_exists() => Ok(Sent::Exists),
        created => created.map(|_| Sent::Whole),
    }
}

fn body(arriving: mpsc::Receiver<io::Result<Bytes>>) -> Body {
    stream::unfold(arriving, |mut arriving| async {
        let piece = arriving.recv().await?;
        Some((piece, arriving))
    })
    .boxed()
}

/// Reads members until all have left or nobody takes them any more.
async fn read(
    saving: &Saving<'_>,
    table: &Table,
    head: Vec<u8>,
    pieces: Pieces,
) -> Result<(), (String, io::Error)> {
    if pieces.send(Ok(head.into())).await.is_err() {
        return Ok(());
    }
    for member in table.members() {
        match read_member(saving, &member.name, member.size, &pieces).await {
            Ok(true) => (saving.load.told)(member.size),
            Ok(false) => return Ok(()),
            Err(error) => {
                let end = io::Error::new(error.kind(), error.to_string());
                drop(pieces.send(Err(end)).await);
                return Err((member.name.clone(), error));
            }
        }
    }
    Ok(())
}

/// Whether somebody took all of it.
async fn read_member(
    saving: &Saving<'_>,
    name: &str,
    size: u64,
    pieces: &Pieces,
) -> io::Result<bool> {
    let note = saving
        .load
        .notes
        .iter()
        .find(|note| note.name.to_string() == name);
    if let Some(note) = note {
        let bytes = Bytes::from(note.bytes.clone());
        return Ok(pieces.send(Ok(bytes)).await.is_ok());
    }
    let id = name.parse().map_err(io::Error::other)?;
    let mut body = saving.load.source.body(id).await?;
    let mut sent = 0;
    while let Some(piece) = body.next().await {
        let piece = piece?;
        sent += piece.len() as u64;
        if sent > size {
            return Err(io::Error::other(format!("it has more than {size} bytes")));
        }
        if pieces.send(Ok(piece)).await.is_err() {
            return Ok(false);
        }
    }
    if sent == size {
        return Ok(true);
    }
    Err(io::Error::other(format!(
        "it has {sent} bytes, expected {size}"
    )))
}
