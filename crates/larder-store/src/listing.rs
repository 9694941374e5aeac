//! Listing the directories of a store by name, without reading files.
//!
//! Changes nothing. A missing directory counts as empty, because cache services drop empty ones. A link in the place
//! of a directory counts as empty too: its target does not belong to the store.

use std::{
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_fs::PathError;

use crate::{
    Object, ObjectId, ObjectKind, Store, layout::StoreLayout, store::is_possible_object_size,
};

/// An object in the store, with its modification time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its id, path and size.
    pub object: Object,
    /// When it was written.
    pub written: SystemTime,
}

impl Store {
    /// Lists the objects of this store (not of the stores below it), sorted by id. Reads only names, sizes and times.
    /// Entries that cannot be objects (directories, links, empty files) are left out.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn list_objects(&self) -> Result<Vec<StoredObject>, PathError> {
        let layout = &self.shared.layout;
        let mut objects = Vec::new();
        for id in list_object_ids(layout, &mut Vec::new())? {
            let path = layout.object_path(id);
            // Collected or moved aside since the listing.
            let Ok(status) = layout.dir().status(&path) else {
                continue;
            };
            if status.is_file && is_possible_object_size(status.size) {
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
    /// Lists the object ids of this store and of the stores below it, sorted, by file name only.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn list_all_object_ids(&self) -> Result<Vec<ObjectId>, PathError> {
        let mut ids = Vec::new();
        for layout in self.shared.layouts() {
            ids.extend(list_object_ids(layout, &mut Vec::new())?);
        }
        ids.sort();
        ids.dedup();
        Ok(ids)
    }
}

/// Lists the object ids of one store, sorted. Paths that are not object names are added to `stray`.
pub(crate) fn list_object_ids(
    layout: &StoreLayout,
    stray: &mut Vec<PathBuf>,
) -> Result<Vec<ObjectId>, PathError> {
    let mut objects = Vec::new();
    for directory in [ObjectKind::Conda, ObjectKind::Wheel].map(|kind| layout.kind_dir(kind)) {
        for shard in layout.dir().list(&directory)? {
            if !layout.dir().is_dir(&shard) {
                stray.push(shard);
                continue;
            }
            for path in layout.dir().list(&shard)? {
                match object_id_from_path(layout, &path) {
                    Some(id) => objects.push(id),
                    None => stray.push(path),
                }
            }
        }
    }
    objects.sort();
    Ok(objects)
}

fn object_id_from_path(layout: &StoreLayout, path: &Path) -> Option<ObjectId> {
    let id: ObjectId = path.file_name()?.to_str()?.parse().ok()?;
    (layout.object_path(id) == path).then_some(id)
}

/// Lists the paths in a directory that have this extension.
pub(crate) fn list_with_extension(
    layout: &StoreLayout,
    directory: &Path,
    extension: &str,
) -> Result<Vec<PathBuf>, PathError> {
    let mut paths = layout.dir().list(directory)?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    Ok(paths)
}

/// Reads a regular file of at most `limit` bytes; `None` if it does not exist.
pub(crate) fn read_if_present(
    layout: &StoreLayout,
    path: &Path,
    limit: u64,
) -> Result<Option<Vec<u8>>, PathError> {
    match layout.dir().read(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
