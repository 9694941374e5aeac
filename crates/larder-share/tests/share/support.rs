//! Stores with objects, and loads of them.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    path::Path,
    sync::{Arc, LazyLock},
};

use larder_digest::{Checksum, Hasher, Sha256};
use larder_remote::{Directory, Remote};
use larder_share::{Limits, Load, Note, Put, Shelf, StoreSource, Weighed, objects::Objects};
use larder_store::{ObjectId, ObjectKind, Store, StoreOptions};

pub(crate) static NONE: BTreeSet<ObjectId> = BTreeSet::new();
pub(crate) static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}

pub(crate) fn store(directory: &Path) -> Store {
    Store::open(directory, &StoreOptions::default()).unwrap()
}

/// Puts bytes into a store.
pub(crate) fn keep(store: &Store, kind: ObjectKind, bytes: &[u8]) -> Weighed {
    let mut ingest = store.ingest(kind, None).unwrap();
    ingest.write_all(bytes).unwrap();
    let object = ingest.finish().unwrap();
    Weighed {
        id: object.id,
        size: object.size,
    }
}

/// A remote in a directory and objects on it.
pub(crate) fn shelf(directory: &Path) -> (Arc<dyn Remote>, Objects) {
    let remote: Arc<dyn Remote> = Arc::new(Directory::new(directory));
    (Arc::clone(&remote), Objects::new(remote))
}

/// Puts objects of a store there.
pub(crate) async fn push(
    shelf: &Objects,
    store: &Store,
    (objects, notes): (&[Weighed], &[Note]),
) -> Put {
    let load = Load {
        objects,
        notes,
        root: Some("test"),
        damaged: &NONE,
        source: &StoreSource::new(store),
        limits: &LIMITS,
        told: &|_| {},
        dry_run: false,
    };
    shelf.put(&load).await.unwrap()
}

/// The bytes of an object on a shelf.
pub(crate) async fn bytes(shelf: &Objects, id: ObjectId) -> Vec<u8> {
    shelf.open(id).await.unwrap().bytes().await.unwrap()
}

/// Whether the bytes of an object in a store are right.
pub(crate) fn is_whole(store: &Store, id: ObjectId) -> bool {
    let object = store.find(id.kind, &Checksum::Sha256(id.sha256)).unwrap();
    object.is_some_and(|object| {
        store.open_verified(&object).is_ok_and(|mut verified| {
            verified.file.read_to_end(&mut Vec::new()).unwrap() as u64 == object.size
        })
    })
}
