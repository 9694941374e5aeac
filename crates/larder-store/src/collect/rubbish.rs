//! Files that are neither objects nor roots and that nobody needs: what killed processes left in `tmp/`
//! and `pins/`, damaged objects that were set aside, entries of the MD5 index that lead nowhere.

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
    layout::Layout,
    pin::{self, Found},
    store::{Shared, is_absence, object_size},
    temporary::{DAMAGED, INGEST},
};

/// Left-over files.
#[derive(Debug, Default)]
pub(crate) struct Rubbish {
    /// In `tmp/`, with their sizes.
    temporary: Vec<(PathBuf, u64)>,
    /// Pins of runs that are over, and locks without a pin.
    pins: Vec<PathBuf>,
    /// Entries of the MD5 index whose object is not there, or goes.
    index: Vec<PathBuf>,
    /// What has the name of a pin or an entry and is a directory, or no such name: larder did not write it, so it
    /// stays. Verification names it.
    foreign: usize,
}

impl Rubbish {
    /// Looks for what is there now; entries of objects in `candidates` are among it.
    pub(crate) fn find(
        shared: &Shared,
        options: &CollectOptions<'_>,
        candidates: &[Candidate],
    ) -> Result<Self, PathError> {
        let layout = &shared.layout;
        let mut pins = pin::idle_locks(layout, options.now)?;
        for file in pin::files(layout)? {
            if matches!(pin::read(layout, &file, options.now)?, Found::Over) {
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
        for path in layout.dir().list(&layout.md5_index())? {
            if md5_of(&path).is_none() || layout.dir().is_dir(&path) {
                foreign += 1;
            } else if leads_to(layout, &path)?.is_none_or(|sha256| going.contains(&sha256)) {
                index.push(path);
            }
        }
        Ok(Self {
            temporary: temporary(layout, options)?,
            pins,
            index,
            foreign,
        })
    }

    /// How many bytes the left-overs in `tmp/` have.
    pub(crate) fn bytes(&self) -> u64 {
        let sizes = self.temporary.iter().map(|(_, size)| *size);
        // The size of a sparse file may be anything.
        sizes.fold(0, u64::saturating_add)
    }

    /// How many files and directories in `pins/` and `md5/` are none of larder's.
    pub(crate) fn foreign(&self) -> usize {
        self.foreign
    }

    pub(crate) fn count(&self) -> usize {
        self.temporary.len() + self.pins.len() + self.index.len()
    }

    /// Removes them; says how many and how many bytes. An entry whose object is there after all stays.
    pub(crate) fn remove(&self, shared: &Shared) -> Result<(usize, u64), PathError> {
        let (mut count, mut bytes) = (0, 0);
        for (path, size) in &self.temporary {
            if remove_if_there(&shared.layout, path)? {
                count += 1;
                bytes = u64::saturating_add(bytes, *size);
            }
        }
        for path in &self.pins {
            pin::remove(&shared.layout, path)?;
            count += 1;
        }
        for path in &self.index {
            if leads_to(&shared.layout, path)?.is_none() && remove_if_there(&shared.layout, path)? {
                count += 1;
            }
        }
        Ok((count, bytes))
    }
}

fn temporary(
    layout: &Layout,
    options: &CollectOptions<'_>,
) -> Result<Vec<(PathBuf, u64)>, PathError> {
    let mut found = Vec::new();
    for path in layout.dir().list(&layout.temporary())? {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let age = if name.starts_with(INGEST.as_bytes()) {
            options.abandoned
        } else if name.starts_with(DAMAGED.as_bytes()) {
            options.damaged
        } else {
            continue;
        };
        // What is gone meanwhile, or has no age, stays. So does a directory in an object's place: only a
        // person knows what is in it.
        if let Ok(status) = layout.dir().status(&path)
            && !status.is_dir
            && is_older(status.changed, age, options.now)
        {
            found.push((path, status.size));
        }
    }
    Ok(found)
}

/// Moving aside counts as a change.
fn is_older(changed: SystemTime, age: Duration, now: SystemTime) -> bool {
    now.duration_since(changed).is_ok_and(|found| found >= age)
}

/// The digest that the name of an entry of the MD5 index is.
fn md5_of(entry: &Path) -> Option<Md5> {
    entry.file_name()?.to_str()?.parse().ok()
}

/// The object to which an entry of the MD5 index leads, if it is there.
fn leads_to(layout: &Layout, entry: &Path) -> Result<Option<Sha256>, PathError> {
    let Some(md5) = md5_of(entry) else {
        return Ok(None);
    };
    let Some(sha256) = index::look_up(layout, md5)? else {
        return Ok(None);
    };
    for kind in ObjectKind::ALL {
        if object_size(layout, &layout.object(ObjectId { kind, sha256 }))?.is_some() {
            return Ok(Some(sha256));
        }
    }
    Ok(None)
}

/// Whether there was something to remove.
pub(super) fn remove_if_there(layout: &Layout, path: &Path) -> Result<bool, PathError> {
    match layout.dir().remove_file(path) {
        Ok(()) => Ok(true),
        // Gone meanwhile, or its directory was exchanged for a link.
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
