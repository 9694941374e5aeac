//! What tests say of runs: objects with bytes, what a run saves and what it reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use larder_digest::Hasher;
use larder_remote::{Body, Remote, whole};
use larder_share::{
    Limits, Load, Note, Put, ShareError, Shelf as _, Source, Weighed,
    packs::{PackScopes, Packs, PacksOptions, Rules},
};
use larder_store::{ObjectId, ObjectKind};

/// Objects by their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Objects(BTreeMap<ObjectId, Vec<u8>>);

/// An object of so many bytes that no other has.
pub(crate) fn object(name: &str, size: usize) -> (ObjectId, Vec<u8>) {
    let bytes: Vec<u8> = name.bytes().chain([b'.']).cycle().take(size).collect();
    (id_of(&bytes), bytes)
}

pub(crate) fn id_of(bytes: &[u8]) -> ObjectId {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    ObjectId {
        kind: ObjectKind::Conda,
        sha256: hasher.finish().sha256,
    }
}

impl Objects {
    pub(crate) fn of(objects: &[(&str, usize)]) -> Self {
        Self(
            objects
                .iter()
                .map(|(name, size)| object(name, *size))
                .collect(),
        )
    }

    pub(crate) fn ids(&self) -> Vec<ObjectId> {
        self.0.keys().copied().collect()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.0.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// The bytes of one are not what they were.
    pub(crate) fn damage(&mut self, id: ObjectId) {
        self.0.insert(id, b"damaged".to_vec());
    }
}

#[async_trait]
impl Source for Objects {
    async fn body(&self, id: ObjectId) -> io::Result<Body> {
        let bytes = self.0.get(&id).cloned();
        let bytes = bytes.ok_or(io::ErrorKind::NotFound)?;
        if id_of(&bytes) != id {
            return Err(io::Error::other("it is damaged"));
        }
        Ok(whole(bytes))
    }
}

pub(crate) fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub(crate) fn packs(remote: Arc<dyn Remote>, scopes: PackScopes) -> Packs {
    let options = PacksOptions {
        scopes,
        rules: Rules::default(),
        clock,
    };
    Packs::new(remote, options)
}

/// The packs of a run that reads these scopes and writes the first.
pub(crate) fn of_run(remote: Arc<dyn Remote>, scopes: &[&str]) -> Packs {
    packs(
        remote,
        PackScopes::of(scopes.iter().copied(), scopes.first().copied()),
    )
}

/// What is special about a save.
#[derive(Default)]
pub(crate) struct Saved {
    pub(crate) damaged: BTreeSet<ObjectId>,
    pub(crate) notes: Vec<Note>,
    pub(crate) dry_run: bool,
    /// Sizes that are not those of the bytes, to pretend.
    pub(crate) root: Option<&'static str>,
}

pub(crate) async fn save(packs: &Packs, objects: &Objects) -> Result<Put, ShareError> {
    save_as(packs, objects, Saved::default()).await
}

pub(crate) async fn save_as(
    packs: &Packs,
    objects: &Objects,
    saved: Saved,
) -> Result<Put, ShareError> {
    let weighed: Vec<Weighed> = objects
        .0
        .iter()
        .map(|(id, bytes)| Weighed {
            id: *id,
            size: bytes.len() as u64,
        })
        .collect();
    let load = Load {
        objects: &weighed,
        notes: &saved.notes,
        root: Some(saved.root.unwrap_or("environment.yml")),
        damaged: &saved.damaged,
        source: objects,
        limits: &Limits::default(),
        told: &|_| {},
        dry_run: saved.dry_run,
    };
    packs.put(&load).await
}

/// What a restore got.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Restored {
    /// Right, byte for byte.
    pub(crate) whole: BTreeSet<ObjectId>,
    /// Not there.
    pub(crate) missing: BTreeSet<ObjectId>,
    /// There, with other bytes: whoever hashes finds it.
    pub(crate) damaged: BTreeSet<ObjectId>,
    /// What was said of the remote.
    pub(crate) said: Vec<String>,
}

/// Reads objects as a run does that expects them all; hashes what comes.
pub(crate) async fn restore(packs: &Packs, wanted: &[ObjectId]) -> Restored {
    let mut restored = Restored::default();
    if let Err(error) = packs.expect(wanted).await {
        restored.said.push(error.to_string());
    }
    for id in wanted {
        match packs.open(*id).await {
            Ok(download) => match download.bytes().await {
                Ok(bytes) if id_of(&bytes) == *id => restored.whole.insert(*id),
                _ => restored.damaged.insert(*id),
            },
            Err(error) if error.is_absent() => restored.missing.insert(*id),
            Err(error) => {
                restored.said.push(error.to_string());
                restored.damaged.insert(*id)
            }
        };
    }
    restored
}
