//! `larder store list` and `larder store info`: what is in the store and who uses it. Changes nothing.

use std::{
    path::PathBuf,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use larder_event::{Event, Phase, Reporter};
use larder_fs::{Durability, PathError};
use larder_solve::{KeptKind, kept_files};
use larder_store::{ObjectKind, OpenError, RootError, RootKind, Store};
use serde::Serialize;

use super::{
    linked::{Linked, measure},
    usage::Usage,
};
use crate::{Explain, Kind, Settings};

/// An archive of the store.
#[derive(Debug, Clone, Serialize)]
pub struct ListedArchive {
    /// Its file name, if any environment or lock tells it.
    pub name: Option<String>,
    /// The name of the object.
    pub object: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last used, as far as larder knows, in seconds since 1970.
    pub last_used: u64,
    /// The environments that need it.
    pub environments: Vec<PathBuf>,
    /// The locks that name it.
    pub locks: Vec<PathBuf>,
}

/// How many there are of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// How many.
    pub count: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

impl Amount {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// The store at a glance.
#[derive(Debug, Clone, Serialize)]
pub struct StoreInfo {
    /// Its directory.
    pub store: PathBuf,
    /// The stores below it.
    pub lower: Vec<PathBuf>,
    /// The directory of the trees.
    pub trees: PathBuf,
    /// All archives.
    pub archives: Amount,
    /// Those that are `.conda`.
    pub conda: Amount,
    /// Those that are `.tar.bz2`.
    pub tar_bz2: Amount,
    /// Those that are wheels, or sources of such.
    pub wheels: Amount,
    /// Those that no living environment and no lock needs.
    pub unneeded: Amount,
    /// Those that several environments need.
    pub shared: Amount,
    /// Remembered solves.
    pub memos: Amount,
    /// Channel indexes and parts of such.
    pub indexes: Amount,
    /// How many environments are there.
    pub environments: usize,
    /// How many locks are there.
    pub locks: usize,
    /// How many recorded environments and locks are gone.
    pub gone: usize,
    /// What hard links save.
    pub linked: Linked,
}

/// Why the store cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A root cannot be read.
    #[error(transparent)]
    Root(#[from] RootError),
    /// A directory cannot be read.
    #[error(transparent)]
    Read(#[from] PathError),
}

impl Explain for InspectError {
    fn kind(&self) -> Kind {
        match self {
            Self::Open(error) => crate::explain::open_kind(error),
            Self::Root(error) => crate::explain::root_kind(error),
            Self::Read(_) => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::Root(error) => error.code(),
            Self::Read(_) => "store::io",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Open(error) => crate::explain::open_hint(error),
            Self::Root(error) => crate::explain::root_hint(error),
            Self::Read(_) => None,
        }
    }
}

/// Every archive of the store, the largest first.
///
/// # Errors
/// See [`InspectError`].
pub fn list_store(settings: &Settings) -> Result<Vec<ListedArchive>, InspectError> {
    let store = super::open_to_inspect(settings, Durability::Lazy)?;
    let usage = Usage::of(&store)?;
    let objects = store.list_objects()?.into_iter();
    let mut listed: Vec<ListedArchive> = objects
        .map(|stored| {
            let id = stored.object.id;
            ListedArchive {
                name: usage.names.file_name(id).map(str::to_owned),
                object: id.to_string(),
                bytes: stored.object.size,
                last_used: seconds(usage.last_used(&stored)),
                environments: usage.users(id, RootKind::Prefix),
                locks: usage.users(id, RootKind::Lock),
            }
        })
        .collect();
    listed.sort_by(|one, other| {
        (other.bytes, &one.name, &one.object).cmp(&(one.bytes, &other.name, &other.object))
    });
    Ok(listed)
}

/// What is in the store, who uses it, and what hard links save (for that, the files of environments
/// and trees are looked at, not read).
///
/// # Errors
/// See [`InspectError`].
pub fn store_info(settings: &Settings, reporter: &dyn Reporter) -> Result<StoreInfo, InspectError> {
    let store = super::open_to_inspect(settings, Durability::Lazy)?;
    let usage = Usage::of(&store)?;
    let begun = Instant::now();
    reporter.event(&Event::PhaseStarted {
        phase: Phase::Measure,
        total: 0,
        bytes: 0,
    });
    let mut info = StoreInfo {
        store: store.root().to_owned(),
        lower: settings.lower_stores.clone(),
        trees: settings.trees.clone(),
        archives: Amount::default(),
        conda: Amount::default(),
        tar_bz2: Amount::default(),
        wheels: Amount::default(),
        unneeded: Amount::default(),
        shared: Amount::default(),
        memos: Amount::default(),
        indexes: Amount::default(),
        environments: usage.count(RootKind::Prefix),
        locks: usage.count(RootKind::Lock),
        gone: usage.gone,
        linked: measure(usage.prefixes(), &settings.trees, settings.threads),
    };
    info.count_archives(&store, &usage)?;
    info.count_beside(&store)?;
    reporter.event(&Event::PhaseFinished {
        phase: Phase::Measure,
        milliseconds: crate::elapsed_milliseconds(begun),
    });
    Ok(info)
}

impl StoreInfo {
    fn count_archives(&mut self, store: &Store, usage: &Usage) -> Result<(), PathError> {
        for stored in store.list_objects()? {
            let (id, bytes) = (stored.object.id, stored.object.size);
            self.archives.add(bytes);
            match id.kind {
                ObjectKind::Conda => self.conda.add(bytes),
                ObjectKind::TarBz2 => self.tar_bz2.add(bytes),
                ObjectKind::Wheel | ObjectKind::Source => self.wheels.add(bytes),
            }
            if !usage.is_needed(id) {
                self.unneeded.add(bytes);
            }
            if usage.environments(id) > 1 {
                self.shared.add(bytes);
            }
        }
        Ok(())
    }

    fn count_beside(&mut self, store: &Store) -> Result<(), PathError> {
        for file in kept_files(&store.repodata_dir(), &store.solves_dir())? {
            match file.kind {
                KeptKind::Memo => self.memos.add(file.bytes),
                KeptKind::Index | KeptKind::Shard => self.indexes.add(file.bytes),
                KeptKind::LeftOver => {}
            }
        }
        Ok(())
    }
}

/// Whole seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
