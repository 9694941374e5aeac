//! Verification of a store and the stores below it: hashes every object and lists every unexpected entry.
//!
//! [`Store::verify`] changes nothing; [`Store::repair`] moves unusable entries aside.

use std::{collections::HashSet, path::PathBuf, time::Instant};

use larder_digest::Sha256;
use larder_event::{Event, Phase, Reporter, elapsed_milliseconds};
use larder_fs::PathError;

use crate::{
    ObjectId, RootError, Store, layout::StoreLayout, listing::list_object_ids, roots,
    store::read_object_size,
};

mod inspect;
mod repair;

use inspect::{Md5Claims, ObjectFinding, inspect_objects, read_md5_claims};
pub use repair::RepairReport;

/// The result of a verification.
#[derive(Debug, Default)]
pub struct StoreVerification {
    /// Number of hashed objects.
    pub objects: u64,
    /// Their total size in bytes.
    pub bytes: u64,
    /// Objects that cannot be used, sorted by path.
    pub damaged: Vec<DamagedObject>,
    /// Undamaged objects that are not read-only, sorted.
    pub writable: Vec<PathBuf>,
    /// Entries of the MD5 index whose object is missing or has another MD5, sorted. They cost time but do no harm.
    pub misleading: Vec<PathBuf>,
    /// Entries of the store's directories that larder did not create, sorted. larder never uses them.
    pub stray: Vec<PathBuf>,
    /// Errors for unreadable roots. They block collections.
    pub roots: Vec<RootError>,
}

impl StoreVerification {
    /// Whether all objects and roots are usable.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.roots.is_empty()
    }

    fn sort(&mut self) {
        let paths = |one: &DamagedObject, other: &DamagedObject| one.path.cmp(&other.path);
        self.damaged.sort_by(paths);
        self.writable.sort();
        self.misleading.sort();
        self.stray.sort();
    }
}

/// An object that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("object `{}` cannot be used", path.display())]
pub struct DamagedObject {
    /// Id of the object.
    pub id: ObjectId,
    /// Path of the object.
    pub path: PathBuf,
    /// Why it cannot be used.
    #[source]
    pub fault: ObjectFault,
}

/// Why an object cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ObjectFault {
    /// The digest of the bytes is not the one in the name.
    #[error("expected sha256:{expected}, found sha256:{found} ({size} bytes)")]
    Digest {
        /// Digest in the name.
        expected: Sha256,
        /// Digest of the bytes.
        found: Sha256,
        /// Number of bytes.
        size: u64,
    },
    /// The file is empty.
    #[error("the file is empty")]
    Empty,
    /// A directory, a link or another special file.
    #[error("it is not a regular file")]
    NotAFile,
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(PathError),
}

impl Store {
    /// Hashes the objects of this store and of the stores below it (all, or those in `only`) on several threads, and
    /// reads the roots and the MD5 index of this store.
    ///
    /// # Errors
    /// If a directory cannot be read. An unreadable object is reported as damaged.
    pub fn verify(
        &self,
        only: Option<&HashSet<ObjectId>>,
        reporter: &dyn Reporter,
    ) -> Result<StoreVerification, PathError> {
        let begun = Instant::now();
        let mut report = StoreVerification::default();
        let mut layers = Vec::new();
        for layout in self.shared.layouts() {
            let mut objects = list_object_ids(layout, &mut report.stray)?;
            let StoreVerification {
                misleading, stray, ..
            } = &mut report;
            let index = read_md5_claims(layout, &objects, misleading, stray)?;
            objects.retain(|id| only.is_none_or(|only| only.contains(id)));
            layers.push(LayerObjects {
                layout,
                objects,
                index,
            });
        }
        report_start(&layers, reporter);
        for layer in &layers {
            report.inspect_layer(layer, reporter);
        }
        self.inspect_directories(&mut report)?;
        report.sort();
        reporter.event(&Event::PhaseFinished {
            phase: Phase::Verify,
            milliseconds: elapsed_milliseconds(begun),
        });
        Ok(report)
    }

    /// Checks the roots, and the entries of the store's directories.
    fn inspect_directories(&self, report: &mut StoreVerification) -> Result<(), PathError> {
        let layout = &self.shared.layout;
        let dir = layout.dir();
        let others = StoreLayout::LATER_DIRECTORIES
            .iter()
            .map(|name| layout.root().join(name));
        let places = layout.initial_dirs().chain(others);
        let is_other = |path: &PathBuf| dir.status(path).is_ok_and(|found| !found.is_dir);
        report.stray.extend(places.filter(is_other));
        for path in dir.list(&layout.pins_dir())? {
            // Links and directories are never read as pins and keep no objects.
            if !dir.status(&path).is_ok_and(|found| found.is_file) {
                report.stray.push(path);
            }
        }
        for path in dir.list(&layout.roots_dir())? {
            let is_root = path
                .extension()
                .is_some_and(|extension| extension == "json");
            if !is_root || !dir.status(&path).is_ok_and(|found| found.is_file) {
                report.stray.push(path);
                continue;
            }
            report.roots.extend(roots::read_root(layout, path).err());
        }
        Ok(())
    }
}

/// One store with the objects to be hashed.
struct LayerObjects<'a> {
    layout: &'a StoreLayout,
    objects: Vec<ObjectId>,
    index: Md5Claims,
}

/// Reports the start of the phase with its total size, because progress is counted in bytes.
fn report_start(layers: &[LayerObjects<'_>], reporter: &dyn Reporter) {
    let sizes = layers.iter().flat_map(|layer| {
        let size = |id: &ObjectId| {
            read_object_size(layer.layout, &layer.layout.object_path(*id))
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

impl StoreVerification {
    fn inspect_layer(&mut self, layer: &LayerObjects<'_>, reporter: &dyn Reporter) {
        let LayerObjects {
            layout,
            objects,
            index,
        } = layer;
        for (id, finding, wrong_md5) in inspect_objects(layout, objects, index, reporter) {
            let path = layout.object_path(id);
            self.objects += u64::from(!matches!(finding, ObjectFinding::Gone));
            match finding {
                ObjectFinding::Gone => {}
                ObjectFinding::Whole { bytes, writable } => {
                    self.bytes += bytes;
                    self.writable.extend(writable.then_some(path));
                }
                ObjectFinding::Damaged(fault) => {
                    self.damaged.push(DamagedObject { id, path, fault });
                }
            }
            let wrong = wrong_md5.into_iter().map(|md5| layout.md5_file(md5));
            self.misleading.extend(wrong);
        }
    }
}
