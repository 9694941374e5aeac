//! What is pinned and what roots say: read for a plan, and read again for what came since.
//!
//! Pins are always read before roots (G2): a run records its root before it gives up its pin, so that one
//! of the two is seen.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_digest::Sha256;
use larder_fs::PathError;

use crate::{
    RecordedRoot, RootError,
    pin::{self, Found},
    roots,
    store::Shared,
};

/// Pins and roots as they were when they were last read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Needs {
    /// Files of pins that have been read.
    pins: HashSet<PathBuf>,
    /// Files of roots that have been read, and when they were written.
    roots: HashMap<PathBuf, SystemTime>,
    /// What the pins that were read name, and the roots that came after the first reading.
    protected: HashSet<Sha256>,
}

impl Needs {
    /// Reads everything. The roots are given back: whether they count is the policy's business.
    pub(crate) fn read(
        shared: &Shared,
        now: SystemTime,
    ) -> Result<(Self, Vec<RecordedRoot>), RootError> {
        let mut needs = Self::default();
        needs.read_pins(shared, now)?;
        let roots = needs.read_roots(shared)?;
        Ok((needs, roots))
    }

    /// Reads what has come since, and protects what it names.
    pub(crate) fn read_again(&mut self, shared: &Shared, now: SystemTime) -> Result<(), RootError> {
        self.read_pins(shared, now)?;
        for recorded in self.read_roots(shared)? {
            let objects = recorded.root.objects.iter().map(|id| id.sha256);
            self.protected.extend(objects);
        }
        Ok(())
    }

    /// Whether a pin, or a root that came since the first reading, names this.
    pub(crate) fn protects(&self, sha256: &Sha256) -> bool {
        self.protected.contains(sha256)
    }

    /// Whether a root was written at this time when it was last read.
    pub(crate) fn knows(&self, root: &Path, written: Option<SystemTime>) -> bool {
        written.is_some() && self.roots.get(root).copied() == written
    }

    fn read_pins(&mut self, shared: &Shared, now: SystemTime) -> Result<(), PathError> {
        for file in pin::files(&shared.layout)? {
            if self.pins.contains(&file) {
                continue;
            }
            if let Found::Alive(named) = pin::read(&shared.layout, &file, now)? {
                self.protected.extend(named);
            }
            self.pins.insert(file);
        }
        Ok(())
    }

    /// The roots that are new or were recorded anew.
    fn read_roots(&mut self, shared: &Shared) -> Result<Vec<RecordedRoot>, RootError> {
        let mut news = Vec::new();
        for file in shared.root_files()? {
            if self.roots.get(&file).copied() == roots::written(&shared.layout, &file)? {
                continue;
            }
            if let Some(recorded) = roots::read(&shared.layout, file)? {
                self.roots.insert(recorded.file.clone(), recorded.last_used);
                news.push(recorded);
            }
        }
        Ok(news)
    }
}
