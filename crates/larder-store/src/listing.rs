//! What is in the directories of a store: names, and nothing of what the files hold.
//!
//! Changes nothing. A directory that is missing is empty: cache services drop such.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_fs::{PathContext as _, PathError, list_dir};

use crate::{Object, ObjectId, ObjectKind, Store, layout::Layout};

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
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                continue;
            };
            if metadata.is_file() && metadata.len() > 0 {
                let size = metadata.len();
                objects.push(StoredObject {
                    written: metadata.modified().at("read metadata of", &path)?,
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
        for shard in list_dir(&directory)? {
            if !fs::symlink_metadata(&shard).is_ok_and(|metadata| metadata.is_dir()) {
                stray.push(shard);
                continue;
            }
            for path in list_dir(&shard)? {
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

/// The files in a directory whose names end with `.extension`.
pub(crate) fn with_extension(directory: &Path, extension: &str) -> Result<Vec<PathBuf>, PathError> {
    let mut paths = list_dir(directory)?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    Ok(paths)
}

/// The file's bytes, or `None` if it is gone.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, PathError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("read", path),
    }
}
