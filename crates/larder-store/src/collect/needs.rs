//! Reads pins and roots for a collection: once for its plan, and again for those that were added since.
//!
//! Pins are always read before roots (G2): a process records its root before it drops its pin, so a collection sees at
//! least one of the two.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_digest::Sha256;
use larder_fs::PathError;

use crate::{
    RecordedRoot, RootError,
    pin::{self, PinState},
    roots,
    store::StoreInner,
};

/// Pins and roots as of the last time they were read.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObservedNeeds {
    /// Pin files that have been read.
    pins: HashSet<PathBuf>,
    /// Root files that have been read, with their modification times.
    roots: HashMap<PathBuf, SystemTime>,
    /// Objects named by pins, and by roots that were added after the first read.
    protected: HashSet<Sha256>,
}

impl ObservedNeeds {
    /// Reads all pins and roots. Returns the roots, because the policy decides which of them count.
    pub(crate) fn read_pins_and_roots(
        shared: &StoreInner,
        now: SystemTime,
    ) -> Result<(Self, Vec<RecordedRoot>), RootError> {
        let mut needs = Self::default();
        needs.read_new_pins(shared, now)?;
        let roots = needs.read_new_roots(shared)?;
        Ok((needs, roots))
    }

    /// Reads pins and roots that were added since, and protects the objects that they name.
    pub(crate) fn read_new_pins_and_roots(
        &mut self,
        shared: &StoreInner,
        now: SystemTime,
    ) -> Result<(), RootError> {
        self.read_new_pins(shared, now)?;
        for recorded in self.read_new_roots(shared)? {
            let objects = recorded.root.objects.iter().map(|id| id.sha256);
            self.protected.extend(objects);
        }
        Ok(())
    }

    /// Whether a pin, or a root added after the first read, names this object.
    pub(crate) fn is_protected(&self, sha256: &Sha256) -> bool {
        self.protected.contains(sha256)
    }

    /// Whether the root file still has the modification time that it had when it was read.
    pub(crate) fn is_root_unchanged(&self, root: &Path, written: Option<SystemTime>) -> bool {
        written.is_some() && self.roots.get(root).copied() == written
    }

    fn read_new_pins(&mut self, shared: &StoreInner, now: SystemTime) -> Result<(), PathError> {
        for file in pin::list_pin_files(&shared.layout)? {
            if self.pins.contains(&file) {
                continue;
            }
            if let PinState::Alive(named) = pin::read_pin(&shared.layout, &file, now)? {
                self.protected.extend(named);
            }
            self.pins.insert(file);
        }
        Ok(())
    }

    /// Reads roots that are new or were recorded again.
    fn read_new_roots(&mut self, shared: &StoreInner) -> Result<Vec<RecordedRoot>, RootError> {
        let mut news = Vec::new();
        for file in shared.list_root_files()? {
            if self.roots.get(&file).copied() == roots::modification_time(&shared.layout, &file)? {
                continue;
            }
            if let Some(recorded) = roots::read_root(&shared.layout, file)? {
                self.roots.insert(recorded.file.clone(), recorded.last_used);
                news.push(recorded);
            }
        }
        Ok(news)
    }
}
