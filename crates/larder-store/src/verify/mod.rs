//! Verifying a store and those below it: every object re-hashed, everything else in their directories
//! named.
//!
//! [`Store::verify`] changes nothing; [`Store::mend`] puts out of the way what cannot be used.

use std::{collections::HashSet, path::PathBuf, time::Instant};

use larder_digest::Sha256;
use larder_event::{Event, Phase, Reporter, milliseconds};
use larder_fs::PathError;

use crate::{ObjectId, RootError, Store, layout::Layout, listing::list, roots, store::object_size};

mod inspect;
mod repair;

use inspect::{Finding, Index, inspect_all, read_index};
pub use repair::Mended;

/// What a verification found.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// How many objects were hashed.
    pub objects: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// Objects that cannot be used, sorted by path.
    pub damaged: Vec<Damage>,
    /// Objects that are whole but that someone may write to by accident, sorted.
    pub writable: Vec<PathBuf>,
    /// Files of the MD5 index that name no object of this store or one with another digest, sorted.
    /// They cost time but are never believed.
    pub misleading: Vec<PathBuf>,
    /// What is among the objects or roots and is none, sorted. Never used.
    pub stray: Vec<PathBuf>,
    /// Roots that cannot be read. They stop collection.
    pub roots: Vec<RootError>,
}

impl VerifyReport {
    /// Whether every object and every root can be used.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.roots.is_empty()
    }

    fn sort(&mut self) {
        let paths = |one: &Damage, other: &Damage| one.path.cmp(&other.path);
        self.damaged.sort_by(paths);
        self.writable.sort();
        self.misleading.sort();
        self.stray.sort();
    }
}

/// An object that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("object `{}` cannot be used", path.display())]
pub struct Damage {
    /// Its name.
    pub id: ObjectId,
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub fault: Fault,
}

/// What is wrong with an object.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The bytes are others than the name promises.
    #[error("expected sha256:{expected}, found sha256:{found} ({size} bytes)")]
    Digest {
        /// What the name promises.
        expected: Sha256,
        /// What the bytes have.
        found: Sha256,
        /// How many there are.
        size: u64,
    },
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It is a directory, a link or something else.
    #[error("it is not a regular file")]
    NotAFile,
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(PathError),
}

impl Store {
    /// Hashes every object of this store and of those below it (or only those in `only`), several at a
    /// time; reads the roots and the MD5 index of this store.
    ///
    /// # Errors
    /// If a directory cannot be read. An object that cannot is damage, not an error.
    pub fn verify(
        &self,
        only: Option<&HashSet<ObjectId>>,
        reporter: &dyn Reporter,
    ) -> Result<VerifyReport, PathError> {
        let begun = Instant::now();
        let mut report = VerifyReport::default();
        let mut layers = Vec::new();
        for layout in self.shared.layers() {
            let mut objects = list(layout, &mut report.stray)?;
            let VerifyReport {
                misleading, stray, ..
            } = &mut report;
            let index = read_index(layout, &objects, misleading, stray)?;
            objects.retain(|id| only.is_none_or(|only| only.contains(id)));
            layers.push(Layer {
                layout,
                objects,
                index,
            });
        }
        announce(&layers, reporter);
        for layer in &layers {
            report.look_at(layer, reporter);
        }
        self.look_around(&mut report)?;
        report.sort();
        reporter.event(&Event::PhaseFinished {
            phase: Phase::Verify,
            milliseconds: milliseconds(begun),
        });
        Ok(report)
    }

    /// At roots and at the directories themselves.
    fn look_around(&self, report: &mut VerifyReport) -> Result<(), PathError> {
        let layout = &self.shared.layout;
        let dir = layout.dir();
        let others = Layout::OTHERS.iter().map(|name| layout.root().join(name));
        let places = layout.directories().chain(others);
        let is_other = |path: &PathBuf| dir.status(path).is_ok_and(|found| !found.is_dir);
        report.stray.extend(places.filter(is_other));
        for path in dir.list(&layout.pins())? {
            // A pin that is a link or directory is no pin: it is never read, and keeps nothing.
            if !dir.status(&path).is_ok_and(|found| found.is_file) {
                report.stray.push(path);
            }
        }
        for path in dir.list(&layout.roots())? {
            let is_root = path
                .extension()
                .is_some_and(|extension| extension == "json");
            if !is_root || !dir.status(&path).is_ok_and(|found| found.is_file) {
                report.stray.push(path);
                continue;
            }
            report.roots.extend(roots::read(layout, path).err());
        }
        Ok(())
    }
}

/// One store and what is to be hashed of it.
struct Layer<'a> {
    layout: &'a Layout,
    objects: Vec<ObjectId>,
    index: Index,
}

/// Sizes first: progress is by bytes.
fn announce(layers: &[Layer<'_>], reporter: &dyn Reporter) {
    let sizes = layers.iter().flat_map(|layer| {
        let size = |id: &ObjectId| {
            object_size(layer.layout, &layer.layout.object(*id))
                .ok()
                .flatten()
        };
        layer.objects.iter().filter_map(size)
    });
    reporter.event(&Event::PhaseStarted {
        phase: Phase::Verify,
        total: layers.iter().map(|layer| layer.objects.len() as u64).sum(),
        bytes: sizes.sum(),
    });
}

impl VerifyReport {
    fn look_at(&mut self, layer: &Layer<'_>, reporter: &dyn Reporter) {
        let Layer {
            layout,
            objects,
            index,
        } = layer;
        for (id, finding, wrong_md5) in inspect_all(layout, objects, index, reporter) {
            let path = layout.object(id);
            self.objects += u64::from(!matches!(finding, Finding::Gone));
            match finding {
                Finding::Gone => {}
                Finding::Whole { bytes, writable } => {
                    self.bytes += bytes;
                    self.writable.extend(writable.then_some(path));
                }
                Finding::Damaged(fault) => {
                    self.damaged.push(Damage { id, path, fault });
                }
            }
            let wrong = wrong_md5.into_iter().map(|md5| layout.md5_file(md5));
            self.misleading.extend(wrong);
        }
    }
}
