//! Reading objects: all bytes are hashed before any of them is used.
//!
//! The bytes that are used must be the bytes that were hashed, but anyone with write permission can change a file in
//! between. A file that only this user can write is hashed and then read through the same handle: an attacker with
//! this user's permissions could change this process or the environment directly. Any other file (owned by another
//! member of a group that shares the store, or writable by group or others) is copied into a private file first, and
//! the copy is hashed and used.
//!
//! A damaged object is moved aside, never deleted: its bytes may show what happened, and another process may have
//! replaced it with a good one since it was hashed.

use std::{
    fs::File,
    io::{self, Read, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use larder_digest::{Digests, Hasher, Sha256};
use larder_fs::{PathContext as _, PathError, can_others_write, clone_content, private_file};

use crate::{
    Access, Object, ObjectId, Store, StoreStep,
    collect::{self, RescueOutcome},
    layout::StoreLayout,
    store::{StoreInner, is_no_object},
    temporary::{DAMAGED_PREFIX, unique_name},
};

/// How often a read is repeated because a collection has renamed the object.
const RESCUE_ATTEMPTS: usize = 8;

/// Buffer size in bytes: large enough that the cost of system calls is small compared with hashing.
const BUFFER: usize = 128 * 1024;

/// An object whose bytes have been hashed and are correct.
///
/// Read from the handle, not from the path: the path may name another file by now ([`VerifiedObject::link_or_copy`]
/// checks that). No other user can change the bytes that are read from the handle.
#[derive(Debug)]
pub struct VerifiedObject {
    /// Positioned at the start: the object itself, or a private copy of it.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
}

impl VerifiedObject {
    /// Creates the file `to` with the hashed bytes: a hard link to `object` if its path still names the hashed file,
    /// else a copy. `to` must not exist.
    ///
    /// # Errors
    /// If neither can be created. `to` does not exist then.
    pub fn link_or_copy(&mut self, object: &Object, to: &Path) -> Result<(), PathError> {
        if std::fs::hard_link(&object.path, to).is_ok() {
            // Never true for a private copy, which has no name: files that other users can write are always copied.
            if larder_fs::is_name_of(to, &self.file) {
                return Ok(());
            }
            // The object was replaced by another file, which has not been hashed.
            std::fs::remove_file(to).at("remove file", to)?;
        }
        let mut file = File::create_new(to).at("create file", to)?;
        self.file
            .rewind()
            .and_then(|()| io::copy(&mut self.file, &mut file).map(drop))
            .at("copy to", to)
            .inspect_err(|_| {
                // A partial copy would look like a complete file.
                let _ = std::fs::remove_file(to);
            })
    }
}

/// Why an object cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The digest of the bytes is not the one in the object's name.
    #[error(
        "object `{}` is damaged: expected sha256:{expected}, found sha256:{found}{}",
        path.display(), describe_moved_path(set_aside.as_deref())
    )]
    Damaged {
        /// Path of the object.
        path: PathBuf,
        /// Digest in the object's name.
        expected: Sha256,
        /// Digest of the bytes.
        found: Sha256,
        /// Path that the damaged object was moved to; `None` if it could not be moved (in a read-only store).
        set_aside: Option<PathBuf>,
    },
    /// The file system failed, or the object no longer exists.
    #[error(transparent)]
    Io(PathError),
}

impl From<PathError> for ReadError {
    fn from(error: PathError) -> Self {
        Self::Io(error)
    }
}

impl ReadError {
    /// A stable, greppable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "store::damaged",
            Self::Io(_) => "store::unreadable",
        }
    }

    /// Whether downloading the object again helps: the damaged or unreadable one has been moved aside, or is gone.
    pub fn is_repaired_by_ingest(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            Self::Io(error) => {
                is_no_object(error) || error.kind() == io::ErrorKind::PermissionDenied
            }
        }
    }
}

fn describe_moved_path(path: Option<&Path>) -> String {
    path.map(|path| format!(" (moved to `{}`)", path.display()))
        .unwrap_or_default()
}

impl Store {
    /// Reads a whole object, compares its digest with its name, and opens it.
    ///
    /// A damaged or unreadable object is moved to `tmp/`, so that it can be downloaded again. If it cannot be moved, this
    /// `Store` and its clones no longer find it.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] with both digests; [`ReadError::Io`] if the object is missing or unreadable.
    pub fn open_verified(&self, object: &Object) -> Result<VerifiedObject, ReadError> {
        let mut read = self.shared.read_verified(&object.path, object.id);
        for _ in 0..RESCUE_ATTEMPTS {
            if !self.shared.is_rescued(&read, object) {
                break;
            }
            read = self.shared.read_verified(&object.path, object.id);
        }
        match read {
            Ok(Ok(verified)) => Ok(verified),
            Ok(Err(found)) => self.shared.reject_damaged(object, found),
            Err(error) => {
                let is_other = error.kind() == io::ErrorKind::InvalidData;
                if is_other || error.kind() == io::ErrorKind::PermissionDenied {
                    self.shared.move_aside_or_ignore(object);
                }
                Err(ReadError::Io(error))
            }
        }
    }
}

impl Store {
    /// Opens an object without hashing it. The caller must hash the bytes and use none of them before their digest is
    /// known to be correct.
    ///
    /// # Errors
    /// If the object is missing, unreadable, or not a regular file.
    pub fn open_unverified(&self, object: &Object) -> Result<File, PathError> {
        self.shared.open_object(&object.path)
    }
}

impl StoreInner {
    /// Whether an object was missing because a collection had renamed it, and now has its name again (R6).
    fn is_rescued<T>(&self, read: &Result<T, PathError>, object: &Object) -> bool {
        let is_gone = matches!(read, Err(error) if error.kind() == io::ErrorKind::NotFound);
        is_gone
            && self.access == Access::ReadWrite
            && object.path.starts_with(self.layout.root())
            && (matches!(
                collect::rescue_doomed_object(self, object.id),
                Ok(RescueOutcome::PutBack)
            ) || self.layout.dir().status(&object.path).is_ok())
    }

    /// Handles an object whose bytes have the digest `found`: moves it aside. Returns it after all if the moved file
    /// turns out to be correct, because another process has replaced it in between.
    pub(crate) fn reject_damaged(
        &self,
        object: &Object,
        found: Sha256,
    ) -> Result<VerifiedObject, ReadError> {
        let set_aside = self.move_aside_or_ignore(object);
        if let Some(aside) = &set_aside
            && let Ok(verified) = self.read_verified(aside, object.id)?
        {
            rename_back(&self.layout, aside, &object.path)?;
            return Ok(verified);
        }
        Err(ReadError::Damaged {
            path: object.path.clone(),
            expected: object.id.sha256,
            found,
            set_aside,
        })
    }

    /// Moves an object aside; if that fails, makes lookups by this process skip it. Returns its new path.
    fn move_aside_or_ignore(&self, object: &Object) -> Option<PathBuf> {
        let set_aside = self.set_aside(&object.path, object.id).ok();
        if set_aside.is_none() {
            self.refused().insert(object.path.clone());
        }
        set_aside
    }

    /// Moves whatever is at the path of an object of this store into `tmp/`. Returns its new path.
    pub(crate) fn set_aside(&self, path: &Path, id: ObjectId) -> Result<PathBuf, PathError> {
        if self.access == Access::ReadOnly || !path.starts_with(self.layout.root()) {
            return Err(io::Error::from(io::ErrorKind::ReadOnlyFilesystem)).at("move aside", path);
        }
        let prefix = format!("{DAMAGED_PREFIX}{}-", id.sha256);
        let suffix = format!(".{}", id.kind.extension());
        let aside = self
            .layout
            .temporary_dir()
            .join(unique_name(&prefix, &suffix));
        self.layout.dir().rename_noreplace(path, &aside)?;
        Ok(aside)
    }
}

/// Renames a correct object back to its path. It was moved aside because another process had replaced a damaged object
/// between our read and our rename. If a third process has written the object meanwhile, removes this copy.
pub(crate) fn rename_back(
    layout: &StoreLayout,
    aside: &Path,
    path: &Path,
) -> Result<(), PathError> {
    match layout.dir().rename_noreplace(aside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            layout.dir().remove_file(aside)
        }
        result => result,
    }
}

impl StoreInner {
    /// Opens and hashes the object at `path`. The inner error is the digest that its bytes have instead.
    fn read_verified(
        &self,
        path: &Path,
        id: ObjectId,
    ) -> Result<Result<VerifiedObject, Sha256>, PathError> {
        let mut file = self.open_object(path)?;
        let digests = match can_others_write(&file).at("read metadata of", path)? {
            true => {
                let copied = copy_privately(&mut file, &self.layout.temporary_dir());
                let (copy, digests) = copied.at("copy object", path)?;
                file = copy;
                digests
            }
            false => hash_to_end(&mut file, Hasher::sha256()).at("read object", path)?,
        };
        if digests.sha256 != id.sha256 {
            return Ok(Err(digests.sha256));
        }
        self.report_step(StoreStep::Hashed, path)?;
        file.rewind().at("read object", path)?;
        let size = digests.size;
        Ok(Ok(VerifiedObject { file, size }))
    }

    /// Whether `path` is a regular file whose digest is that of `id`.
    pub(crate) fn has_expected_digest(&self, path: &Path, id: ObjectId) -> Result<bool, PathError> {
        let mut file = self.open_object(path)?;
        let digests = hash_to_end(&mut file, Hasher::sha256()).at("read object", path)?;
        Ok(digests.sha256 == id.sha256)
    }
}

/// Copies a file into an unnamed private file and hashes the copy. For files that other users can write.
fn copy_privately(source: &mut File, directory: &Path) -> io::Result<(File, Digests)> {
    let mut copy = private_file(directory)?;
    if clone_content(source, &copy) {
        let digests = hash_to_end(&mut copy, Hasher::sha256())?;
        return Ok((copy, digests));
    }
    // Hash the bytes that are written: the source may change while it is read.
    let mut hasher = Hasher::sha256();
    let mut buffer = vec![0; BUFFER];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok((copy, hasher.finish())),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                copy.write_all(&buffer[..count])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hashes all bytes from the reader's position to its end.
pub(crate) fn hash_to_end(reader: &mut impl Read, mut hasher: Hasher) -> io::Result<Digests> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
