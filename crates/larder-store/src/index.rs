//! The MD5 index: maps the MD5 digest of a package to the SHA-256 of its object, for channels without SHA-256.
//!
//! An entry is only a hint. It counts after the object has been read and has both digests.

use std::io::ErrorKind;

use larder_digest::{Hasher, Md5, Sha256};
use larder_fs::{Durability, PathContext as _, PathError};

use crate::{
    Object, ObjectId, ObjectKind, StoreError,
    layout::StoreLayout,
    read,
    store::{StoreInner, is_no_object},
    temporary::replace_whole_file,
};

/// Largest size of an index entry in bytes. larder writes 64 digits and a line break.
pub const MD5_NAME_BYTES: u64 = 256;

impl StoreInner {
    pub(crate) fn find_by_md5(
        &self,
        kind: ObjectKind,
        md5: Md5,
    ) -> Result<Option<Object>, StoreError> {
        for layout in self.layouts() {
            let Some(sha256) = lookup_md5(layout, md5)? else {
                continue;
            };
            if let Some(object) = self.find(ObjectId { kind, sha256 })?
                && self.has_both_digests(&object, md5)?
            {
                return Ok(Some(object));
            }
        }
        Ok(None)
    }
}

/// Reads the entry for `md5` from the index of one store. `None` if there is no regular file with a digest.
pub(crate) fn lookup_md5(layout: &StoreLayout, md5: Md5) -> Result<Option<Sha256>, PathError> {
    let path = layout.md5_file(md5);
    match layout.dir().read(&path, MD5_NAME_BYTES) {
        Ok(bytes) => Ok(str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.trim_end().parse().ok())),
        Err(error) => match error.kind() {
            // `InvalidData` is a link, a FIFO, a directory or a large file: ignored, as the index is only a hint.
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidData => Ok(None),
            _ => Err(error),
        },
    }
}

/// Records that the object `sha256` has the MD5 digest `md5`.
pub(crate) fn record_md5(
    layout: &StoreLayout,
    md5: Md5,
    sha256: Sha256,
    durability: Durability,
) -> Result<(), PathError> {
    let text = format!("{sha256}\n");
    replace_whole_file(layout, &layout.md5_file(md5), text.as_bytes(), durability)
}

impl StoreInner {
    /// Whether the bytes of an object have its SHA-256 and this MD5.
    fn has_both_digests(&self, object: &Object, md5: Md5) -> Result<bool, PathError> {
        let mut file = match self.open_object(&object.path) {
            // Collected, moved aside or replaced since the lookup.
            Err(error) if is_no_object(&error) => return Ok(false),
            opened => opened?,
        };
        let digests =
            read::hash_to_end(&mut file, Hasher::both()).at("read object", &object.path)?;
        Ok(digests.md5 == Some(md5) && digests.sha256 == object.id.sha256)
    }
}
