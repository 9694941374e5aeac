//! What is in the directories of a store: names, and nothing of what the files hold.
//!
//! Changes nothing. A directory that is missing is empty: cache services drop such. So is a link in the place of
//! one: what it leads to is not the store's.

use std::{
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_fs::PathError;

use crate::{Object, ObjectId, ObjectKind, Store, layout::Layout, store::is_size};

/// An object as it lies in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Name, place and size.
    pub object: Object,
    /// When it was written.
    pub written: SystemTime,
}

impl Store {
    /// Every object of this store (not of those below it), sorted by name. Only names, sizes and times
    /// are read; what may not be an object (a directory, a link, an empty file) is left out.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn objects(&self) -> Result<Vec<StoredObject>, PathError> {
        let layout = &self.shared.layout;
        let mut objects = Vec::new();
        for id in list(layout, &mut Vec::new())? {
            let path = layout.object(id);
            // Collected or moved aside since it was listed.
            let Ok(status) = layout.dir().status(&path) else {
                continue;
            };
            if status.is_file && is_size(status.size) {
                let size = status.size;
                objects.push(StoredObject {
                    written: status.modified,
                    object: Object { id, path, size },
                });
            }
        }
        Ok(objects)
    }
}

impl Store {
    /// The names of all objects of this store and of those below it, sorted, whatever is in their places.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn object_ids(&self) -> Result<Vec<ObjectId>, PathError> {
        let mut ids = Vec::new();
        for layout in self.shared.layers() {
            ids.extend(list(layout, &mut Vec::new())?);
        }
        ids.sort();
        ids.dedup();
        Ok(ids)
    }
}

/// The names of all objects, sorted; what else is there goes to `stray`.
pub(crate) fn list(layout: &Layout, stray: &mut Vec<PathBuf>) -> Result<Vec<ObjectId>, PathError> {
    let mut objects = Vec::new();
    for directory in [ObjectKind::Conda, ObjectKind::Wheel].map(|kind| layout.kind(kind)) {
        for shard in layout.dir().list(&directory)? {
            if !layout.dir().is_dir(&shard) {
                stray.push(shard);
                continue;
            }
            for path in layout.dir().list(&shard)? {
                match object_at(layout, &path) {
                    Some(id) => objects.push(id),
                    None => stray.push(path),
                }
            }
        }
    }
    objects.sort();
    Ok(objects)
}

fn object_at(layout: &Layout, path: &Path) -> Option<ObjectId> {
    let id: ObjectId = path.file_name()?.to_str()?.parse().ok()?;
    (layout.object(id) == path).then_some(id)
}

/// The paths in a directory whose names end with `.extension`.
pub(crate) fn with_extension(
    layout: &Layout,
    directory: &Path,
    extension: &str,
) -> Result<Vec<PathBuf>, PathError> {
    let mut paths = layout.dir().list(directory)?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    Ok(paths)
}

/// The bytes of a regular file of at most `limit` bytes, or `None` if it is gone.
pub(crate) fn read_if_there(
    layout: &Layout,
    path: &Path,
    limit: u64,
) -> Result<Option<Vec<u8>>, PathError> {
    match layout.dir().read(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
