//! The MD5 index: which SHA-256 an object has that a channel knows by MD5 only.
//!
//! A hint, never a proof: an entry counts only after the object that it names has been read and has
//! both digests.

use std::{fs, fs::File};

use larder_digest::{Hasher, Md5, Sha256};
use larder_fs::{Durability, PathContext as _, PathError};

use crate::{
    Object, ObjectId, ObjectKind, StoreError, layout::Layout, read, store, store::Shared,
    temporary::write_whole,
};

impl Shared {
    pub(crate) fn find_by_md5(
        &self,
        kind: ObjectKind,
        md5: Md5,
    ) -> Result<Option<Object>, StoreError> {
        for layout in self.layers() {
            let Some(sha256) = look_up(layout, md5)? else {
                continue;
            };
            if let Some(object) = self.find(ObjectId { kind, sha256 })?
                && has_both(&object, md5)?
            {
                return Ok(Some(object));
            }
        }
        Ok(None)
    }
}

/// What the index of one store says. A file that does not hold a digest says nothing.
pub(crate) fn look_up(layout: &Layout, md5: Md5) -> Result<Option<Sha256>, PathError> {
    let path = layout.md5_file(md5);
    match fs::read(&path) {
        Ok(bytes) => Ok(str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.trim_end().parse().ok())),
        Err(error) if store::is_absence(&error) => Ok(None),
        Err(error) => Err(error).at("read", &path),
    }
}

/// Records that the object `sha256` has the MD5 digest `md5`.
pub(crate) fn record(
    layout: &Layout,
    md5: Md5,
    sha256: Sha256,
    durability: Durability,
) -> Result<(), PathError> {
    let text = format!("{sha256}\n");
    write_whole(layout, &layout.md5_file(md5), text.as_bytes(), durability)
}

fn has_both(object: &Object, md5: Md5) -> Result<bool, PathError> {
    let digests = File::open(&object.path)
        .and_then(|mut file| read::hash(&mut file, Hasher::both()))
        .at("read object", &object.path)?;
    Ok(digests.md5 == Some(md5) && digests.sha256 == object.id.sha256)
}
