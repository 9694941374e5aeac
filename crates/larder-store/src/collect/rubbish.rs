//! Leftover files: temporary files and pins of killed processes, damaged objects that were moved aside, and entries of the
//! MD5 index without an object.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use larder_digest::{Md5, Sha256};
use larder_fs::PathError;

use super::{Candidate, CollectOptions};
use crate::{
    ObjectId, ObjectKind, index,
    layout::StoreLayout,
    pin::{self, PinState},
    store::{StoreInner, is_absence, read_object_size},
    temporary::{DAMAGED_PREFIX, INGEST_PREFIX},
};

/// Leftover files that a collection removes.
#[derive(Debug, Default)]
pub(crate) struct LeftoverFiles {
    /// Files in `tmp/`, with their sizes in bytes.
    temporary: Vec<(PathBuf, u64)>,
    /// Pins of processes that have ended, and lock files without a pin.
    pins: Vec<PathBuf>,
    /// Entries of the MD5 index whose object does not exist, or is about to be removed.
    index: Vec<PathBuf>,
    /// Number of entries in `pins/` and `md5/` that larder did not create, such as directories. They are kept;
    /// `store verify` reports them.
    foreign: usize,
}

impl LeftoverFiles {
    /// Finds leftover files. Index entries of the objects in `candidates` count as leftovers too.
    pub(crate) fn find(
        shared: &StoreInner,
        options: &CollectOptions<'_>,
        candidates: &[Candidate],
    ) -> Result<Self, PathError> {
        let layout = &shared.layout;
        let mut pins = pin::list_abandoned_locks(layout, options.now)?;
        for file in pin::list_pin_files(layout)? {
            if matches!(pin::read_pin(layout, &file, options.now)?, PinState::Over) {
                pins.push(file);
            }
        }
        let going: HashSet<Sha256> = candidates
            .iter()
            .map(|one| one.stored.object.id.sha256)
            .collect();
        let mut foreign = 0;
        pins.retain(|path| {
            let is_own = !layout.dir().is_dir(path);
            foreign += usize::from(!is_own);
            is_own
        });
        let mut index = Vec::new();
        for path in layout.dir().list(&layout.md5_index_dir())? {
            if md5_from_file_name(&path).is_none() || layout.dir().is_dir(&path) {
                foreign += 1;
            } else if lookup_existing_object(layout, &path)?
                .is_none_or(|sha256| going.contains(&sha256))
            {
                index.push(path);
            }
        }
        Ok(Self {
            temporary: list_expired_temporary_files(layout, options)?,
            pins,
            index,
            foreign,
        })
    }

    /// Total size in bytes of the leftovers in `tmp/`.
    pub(crate) fn total_bytes(&self) -> u64 {
        let sizes = self.temporary.iter().map(|(_, size)| *size);
        // The size of a sparse file may be anything.
        sizes.fold(0, u64::saturating_add)
    }

    /// Number of entries in `pins/` and `md5/` that larder did not create.
    pub(crate) fn foreign_count(&self) -> usize {
        self.foreign
    }

    pub(crate) fn count(&self) -> usize {
        self.temporary.len() + self.pins.len() + self.index.len()
    }

    /// Removes the leftovers. Returns their number and total size in bytes. Keeps index entries whose object has been
    /// written since.
    pub(crate) fn remove_all(&self, shared: &StoreInner) -> Result<(usize, u64), PathError> {
        let (mut count, mut bytes) = (0, 0);
        for (path, size) in &self.temporary {
            if remove_if_present(&shared.layout, path)? {
                count += 1;
                bytes = u64::saturating_add(bytes, *size);
            }
        }
        for path in &self.pins {
            pin::remove_pin(&shared.layout, path)?;
            count += 1;
        }
        for path in &self.index {
            if lookup_existing_object(&shared.layout, path)?.is_none()
                && remove_if_present(&shared.layout, path)?
            {
                count += 1;
            }
        }
        Ok((count, bytes))
    }
}

fn list_expired_temporary_files(
    layout: &StoreLayout,
    options: &CollectOptions<'_>,
) -> Result<Vec<(PathBuf, u64)>, PathError> {
    let mut found = Vec::new();
    for path in layout.dir().list(&layout.temporary_dir())? {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let age = if name.starts_with(INGEST_PREFIX.as_bytes()) {
            options.abandoned
        } else if name.starts_with(DAMAGED_PREFIX.as_bytes()) {
            options.damaged
        } else {
            continue;
        };
        // Keep files without a known age. Keep directories too: larder did not create them.
        if let Ok(status) = layout.dir().status(&path)
            && !status.is_dir
            && is_older(status.changed, age, options.now)
        {
            found.push((path, status.size));
        }
    }
    Ok(found)
}

/// Compares with the change time (ctime), which moving a file aside updates.
fn is_older(changed: SystemTime, age: Duration, now: SystemTime) -> bool {
    now.duration_since(changed).is_ok_and(|found| found >= age)
}

/// Parses the file name of an entry of the MD5 index.
fn md5_from_file_name(entry: &Path) -> Option<Md5> {
    entry.file_name()?.to_str()?.parse().ok()
}

/// The SHA-256 in an entry of the MD5 index, if an object with it exists.
fn lookup_existing_object(layout: &StoreLayout, entry: &Path) -> Result<Option<Sha256>, PathError> {
    let Some(md5) = md5_from_file_name(entry) else {
        return Ok(None);
    };
    let Some(sha256) = index::lookup_md5(layout, md5)? else {
        return Ok(None);
    };
    for kind in ObjectKind::ALL {
        if read_object_size(layout, &layout.object_path(ObjectId { kind, sha256 }))?.is_some() {
            return Ok(Some(sha256));
        }
    }
    Ok(None)
}

/// Removes a file. Returns whether it existed.
pub(super) fn remove_if_present(layout: &StoreLayout, path: &Path) -> Result<bool, PathError> {
    match layout.dir().remove_file(path) {
        Ok(()) => Ok(true),
        // Removed by another process, or its directory was replaced by a link.
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
