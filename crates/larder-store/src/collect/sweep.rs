//! Removing objects: rename into `tmp/`, read pins and roots again, then remove or rename back (G4 to G8).

use std::{
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_event::{Event, Phase, Reporter};
use larder_fs::PathError;

use super::{
    CollectError, CollectPlan, CollectReport, needs::ObservedNeeds, rubbish::remove_if_present,
};
use crate::{
    Object, ObjectId, Store, StoreStep,
    layout::StoreLayout,
    read,
    roots::modification_time,
    store::{StoreInner, is_absence},
    temporary::{DOOMED_PREFIX, object_id_from_temporary_name, unique_name},
};

/// Number of objects that are renamed before pins and roots are read again. Small, so that objects which turn out to be
/// needed are back within moments; large enough that the cost of reading does not matter.
const BATCH: usize = 128;

impl Store {
    /// Removes the objects of the plan, except those that a pin or root added since names.
    ///
    /// # Errors
    /// If the store is not writable, or a root cannot be read. All objects that were not removed have their names then.
    pub fn collect(
        &self,
        plan: &CollectPlan,
        now: SystemTime,
        reporter: &dyn Reporter,
    ) -> Result<CollectReport, CollectError> {
        self.check_writable()?;
        let mut report = CollectReport::default();
        let mut needs = plan.needs.clone();
        reporter.event(&Event::PhaseStarted {
            phase: Phase::Collect,
            total: plan.objects.len() as u64,
            bytes: 0,
        });
        for batch in plan.objects.chunks(BATCH) {
            let objects = batch.iter().map(|one| &one.stored.object);
            let sweep = BatchSweep {
                shared: &self.shared,
                now,
            };
            sweep.sweep_batch(objects, &mut needs, &mut report)?;
            reporter.event(&Event::Collected {
                objects: batch.len() as u64,
            });
        }
        self.remove_roots(plan, &mut report)?;
        let (count, bytes) = plan.rubbish.remove_all(&self.shared)?;
        report.left_over = count;
        report.bytes = report.bytes.saturating_add(bytes);
        Ok(report)
    }

    /// Removes dead roots (G7), except those that were recorded again since the plan.
    fn remove_roots(
        &self,
        plan: &CollectPlan,
        report: &mut CollectReport,
    ) -> Result<(), PathError> {
        let layout = &self.shared.layout;
        for file in &plan.roots {
            if plan
                .needs
                .is_root_unchanged(file, modification_time(layout, file)?)
                && remove_if_present(layout, file)?
            {
                report.roots += 1;
                self.shared.report_step(StoreStep::RootRemoved, file)?;
            }
        }
        Ok(())
    }
}

/// An object that was renamed into `tmp/`.
struct DoomedObject<'a> {
    object: &'a Object,
    path: PathBuf,
}

struct BatchSweep<'a> {
    shared: &'a StoreInner,
    now: SystemTime,
}

impl BatchSweep<'_> {
    fn sweep_batch<'a>(
        &self,
        objects: impl Iterator<Item = &'a Object>,
        needs: &mut ObservedNeeds,
        report: &mut CollectReport,
    ) -> Result<(), CollectError> {
        let mut doomed = Vec::new();
        let result = self
            .doom_objects(objects, &mut doomed, report)
            .and_then(|()| Ok(needs.read_new_pins_and_roots(self.shared, self.now)?))
            .and_then(|()| {
                Ok(self
                    .shared
                    .report_step(StoreStep::NeedsRead, &self.shared.layout.pins_dir())?)
            })
            .and_then(|()| self.remove_or_restore_doomed(&mut doomed, needs, report));
        // After an error too: rename every remaining object back.
        for one in doomed {
            restore_doomed_object(&self.shared.layout, &one.path, &one.object.path)?;
        }
        result
    }

    /// Renames objects into `tmp/` (G4).
    fn doom_objects<'a>(
        &self,
        objects: impl Iterator<Item = &'a Object>,
        doomed: &mut Vec<DoomedObject<'a>>,
        report: &mut CollectReport,
    ) -> Result<(), CollectError> {
        for object in objects {
            let path = doomed_path(self.shared, object.id);
            match self
                .shared
                .layout
                .dir()
                .rename_noreplace(&object.path, &path)
            {
                Ok(()) => doomed.push(DoomedObject { object, path }),
                // Another collection was faster, or its directory was replaced by a link.
                Err(error) if is_absence(&error) => continue,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    report.refused.push(error);
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            self.shared.report_step(StoreStep::Doomed, &object.path)?;
        }
        Ok(())
    }

    /// Removes each object, or renames it back if it is needed (G6). After an error, `doomed` has the remaining ones.
    fn remove_or_restore_doomed(
        &self,
        doomed: &mut Vec<DoomedObject<'_>>,
        needs: &ObservedNeeds,
        report: &mut CollectReport,
    ) -> Result<(), CollectError> {
        while let Some(one) = doomed.last() {
            let step = if needs.is_protected(&one.object.id.sha256) {
                restore_doomed_object(&self.shared.layout, &one.path, &one.object.path)?;
                report.spared += 1;
                StoreStep::Spared
            } else {
                // Absent if a reader has just renamed it back (R6), because it needs it.
                if remove_if_present(&self.shared.layout, &one.path)? {
                    report.objects += 1;
                    report.bytes += one.object.size;
                }
                StoreStep::Removed
            };
            let path = &one.object.path;
            self.shared.report_step(step, path)?;
            doomed.pop();
        }
        Ok(())
    }
}

fn doomed_path(shared: &StoreInner, id: ObjectId) -> PathBuf {
    let prefix = format!("{DOOMED_PREFIX}{}-", id.sha256);
    let suffix = format!(".{}", id.kind.extension());
    let name = unique_name(&prefix, &suffix);
    shared.layout.temporary_dir().join(name)
}

/// Renames a doomed object back. Succeeds too if the object exists again or another process was faster.
fn restore_doomed_object(
    layout: &StoreLayout,
    doomed: &Path,
    path: &Path,
) -> Result<(), PathError> {
    // Its directory may have been removed or replaced in the meantime.
    if let Some(shard) = path.parent() {
        layout.dir().ensure_dir(shard)?;
    }
    match read::rename_back(layout, doomed, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Renames back all objects in `tmp/` that a collection has renamed (G8). That collection was killed, or is still running;
/// if it is running, it finds these objects absent and keeps them.
pub(crate) fn restore_all_doomed_objects(shared: &StoreInner) -> Result<(), PathError> {
    let layout = &shared.layout;
    for path in layout.dir().list(&layout.temporary_dir())? {
        if let Some(id) = object_id_from_temporary_name(&path, DOOMED_PREFIX) {
            restore_doomed_object(layout, &path, &layout.object_path(id))?;
        }
    }
    Ok(())
}

/// Result of looking for an object among the doomed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RescueOutcome {
    /// The object was renamed back.
    PutBack,
    /// Only other objects are doomed: a collection is running.
    OthersDoomed,
    /// No objects are doomed.
    NothingDoomed,
}

/// Renames an object back if a collection has just renamed it into `tmp/` (R6).
pub(crate) fn rescue_doomed_object(
    shared: &StoreInner,
    id: ObjectId,
) -> Result<RescueOutcome, PathError> {
    let layout = &shared.layout;
    let mut rescue = RescueOutcome::NothingDoomed;
    for path in layout.dir().list(&layout.temporary_dir())? {
        match object_id_from_temporary_name(&path, DOOMED_PREFIX) {
            Some(doomed) if doomed == id => {
                restore_doomed_object(layout, &path, &layout.object_path(id))?;
                return Ok(RescueOutcome::PutBack);
            }
            Some(_) => rescue = RescueOutcome::OthersDoomed,
            None => {}
        }
    }
    Ok(rescue)
}
