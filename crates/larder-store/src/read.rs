//! Reading objects: every byte is hashed before any of them is used.
//!
//! What was hashed must be what is used, but who may write to a file can change it in between. A file that only
//! this user can change is read twice from one handle: a process of the same user can change this process and the
//! environment as well, so there is nobody to be kept out. Any other file (of another member of a group that shares
//! the store, or one that group or others may write to) is copied into a file that nobody else can open, and the
//! copy is hashed and used.
//!
//! A damaged object is moved aside, never deleted: its bytes may tell what happened to it, and a
//! hash may have been computed over a file that has just been healed.

use std::{
    fs::File,
    io::{self, Read, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use larder_digest::{Digests, Hasher, Sha256};
use larder_fs::{PathContext as _, PathError, can_others_write, clone_content, private_file};

use crate::{
    Access, Object, ObjectId, Step, Store,
    collect::{self, Rescue},
    layout::Layout,
    store::{Shared, is_no_object},
    temporary::{DAMAGED, unique_name},
};

/// How many collections may take the name of one object from a reader before it gives up.
const RESCUES: usize = 8;

/// Large enough that system calls do not show beside hashing.
const BUFFER: usize = 128 * 1024;

/// An object whose bytes have just been hashed.
///
/// The handle stays good whatever happens to the name, and no other user can change what is read from it. Use the
/// handle: the name may be another file's by now ([`VerifiedObject::link_or_copy`] looks).
#[derive(Debug)]
pub struct VerifiedObject {
    /// Open for reading, at the beginning: the object itself, or a private copy of it.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
}

impl VerifiedObject {
    /// Gives the bytes that were hashed the name `to` as well, which must be free: by a hard link to `object` if that
    /// still is the file that was hashed, else by a copy.
    ///
    /// # Errors
    /// If neither can be made. Nothing is left at `to` then.
    pub fn link_or_copy(&mut self, object: &Object, to: &Path) -> Result<(), PathError> {
        if std::fs::hard_link(&object.path, to).is_ok() {
            // A private copy has no name, so what another user can change is always copied.
            if larder_fs::is_name_of(to, &self.file) {
                return Ok(());
            }
            // Another file got the object's name since: it was not hashed.
            std::fs::remove_file(to).at("remove file", to)?;
        }
        let mut file = File::create_new(to).at("create file", to)?;
        self.file
            .rewind()
            .and_then(|()| io::copy(&mut self.file, &mut file).map(drop))
            .at("copy to", to)
            .inspect_err(|_| {
                // Half a file would be taken for the whole one.
                let _ = std::fs::remove_file(to);
            })
    }
}

/// Why an object cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes are not those that the name promises.
    #[error(
        "object `{}` is damaged: expected sha256:{expected}, found sha256:{found}{}",
        path.display(), aside_note(set_aside.as_deref())
    )]
    Damaged {
        /// Where the object was.
        path: PathBuf,
        /// Its name.
        expected: Sha256,
        /// What its bytes have.
        found: Sha256,
        /// Where its bytes are now; `None` if they could not be moved (a store below, or a read-only one).
        set_aside: Option<PathBuf>,
    },
    /// The file system refused, or the object is gone.
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

    /// Whether the object is now out of the way (damaged, unreadable, gone), so that fetching it again
    /// gives a whole one.
    pub fn is_mended_by_ingest(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            Self::Io(error) => {
                is_no_object(error) || error.kind() == io::ErrorKind::PermissionDenied
            }
        }
    }
}

fn aside_note(path: Option<&Path>) -> String {
    path.map(|path| format!(" (moved to `{}`)", path.display()))
        .unwrap_or_default()
}

impl Store {
    /// Opens an object after reading it whole and comparing its digest with its name.
    ///
    /// An object that is damaged or may not be read is moved to `tmp/`, so that it is not found again
    /// and can be fetched anew. Where it cannot be moved, this `Store` (and its clones) no longer finds it.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] with both digests; [`ReadError::Io`] if it is gone or not readable.
    pub fn open_verified(&self, object: &Object) -> Result<VerifiedObject, ReadError> {
        let mut read = self.shared.read_verified(&object.path, object.id);
        for _ in 0..RESCUES {
            if !self.shared.is_back(&read, object) {
                break;
            }
            read = self.shared.read_verified(&object.path, object.id);
        }
        match read {
            Ok(Ok(verified)) => Ok(verified),
            Ok(Err(found)) => self.shared.refuse(object, found),
            Err(error) => {
                let is_other = error.kind() == io::ErrorKind::InvalidData;
                if is_other || error.kind() == io::ErrorKind::PermissionDenied {
                    self.shared.put_out_of_the_way(object);
                }
                Err(ReadError::Io(error))
            }
        }
    }
}

impl Store {
    /// Opens an object without hashing it, for a caller that hashes what it reads and uses nothing before the digest
    /// is right.
    ///
    /// # Errors
    /// If it is gone, not readable, or no regular file.
    pub fn open_unverified(&self, object: &Object) -> Result<File, PathError> {
        self.shared.open_object(&object.path)
    }
}

impl Shared {
    /// R6: whether an object was gone because a collection took its name and is about to look whether it
    /// is needed; it has its name again.
    fn is_back<T>(&self, read: &Result<T, PathError>, object: &Object) -> bool {
        let is_gone = matches!(read, Err(error) if error.kind() == io::ErrorKind::NotFound);
        is_gone
            && self.access == Access::ReadWrite
            && object.path.starts_with(self.layout.root())
            && (matches!(collect::rescue(self, object.id), Ok(Rescue::PutBack))
                || self.layout.dir().status(&object.path).is_ok())
    }

    /// What follows when the bytes at an object's place were those of `found`.
    pub(crate) fn refuse(
        &self,
        object: &Object,
        found: Sha256,
    ) -> Result<VerifiedObject, ReadError> {
        let set_aside = self.put_out_of_the_way(object);
        if let Some(aside) = &set_aside
            && let Ok(verified) = self.read_verified(aside, object.id)?
        {
            put_back(&self.layout, aside, &object.path)?;
            return Ok(verified);
        }
        Err(ReadError::Damaged {
            path: object.path.clone(),
            expected: object.id.sha256,
            found,
            set_aside,
        })
    }

    /// Moves an object aside; if that is not possible, sees to it that it is not found again.
    fn put_out_of_the_way(&self, object: &Object) -> Option<PathBuf> {
        let set_aside = self.set_aside(&object.path, object.id).ok();
        if set_aside.is_none() {
            self.refused().insert(object.path.clone());
        }
        set_aside
    }

    /// Moves what is at the place of an object of this store into `tmp/`, whatever it is.
    pub(crate) fn set_aside(&self, path: &Path, id: ObjectId) -> Result<PathBuf, PathError> {
        if self.access == Access::ReadOnly || !path.starts_with(self.layout.root()) {
            return Err(io::Error::from(io::ErrorKind::ReadOnlyFilesystem)).at("move aside", path);
        }
        let prefix = format!("{DAMAGED}{}-", id.sha256);
        let suffix = format!(".{}", id.kind.extension());
        let aside = self.layout.temporary().join(unique_name(&prefix, &suffix));
        self.layout.dir().rename_noreplace(path, &aside)?;
        Ok(aside)
    }
}

/// Gives a whole object its name again that another process had put there between our reading and
/// our moving. If a third process has done so meanwhile, one of the two is enough.
pub(crate) fn put_back(layout: &Layout, aside: &Path, path: &Path) -> Result<(), PathError> {
    match layout.dir().rename_noreplace(aside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            layout.dir().remove_file(aside)
        }
        result => result,
    }
}

impl Shared {
    /// The object at `path`, or the digest that its bytes have instead.
    fn read_verified(
        &self,
        path: &Path,
        id: ObjectId,
    ) -> Result<Result<VerifiedObject, Sha256>, PathError> {
        let mut file = self.open_object(path)?;
        let digests = match can_others_write(&file).at("read metadata of", path)? {
            true => {
                let copied = copy_privately(&mut file, &self.layout.temporary());
                let (copy, digests) = copied.at("copy object", path)?;
                file = copy;
                digests
            }
            false => hash(&mut file, Hasher::sha256()).at("read object", path)?,
        };
        if digests.sha256 != id.sha256 {
            return Ok(Err(digests.sha256));
        }
        self.reached(Step::Hashed, path)?;
        file.rewind().at("read object", path)?;
        let size = digests.size;
        Ok(Ok(VerifiedObject { file, size }))
    }

    /// Whether `path` is a regular file with exactly the bytes that its name promises.
    pub(crate) fn is_whole(&self, path: &Path, id: ObjectId) -> Result<bool, PathError> {
        let mut file = self.open_object(path)?;
        let digests = hash(&mut file, Hasher::sha256()).at("read object", path)?;
        Ok(digests.sha256 == id.sha256)
    }
}

/// Copies a file that others can change, and hashes the copy.
fn copy_privately(source: &mut File, directory: &Path) -> io::Result<(File, Digests)> {
    let mut copy = private_file(directory)?;
    if clone_content(source, &copy) {
        let digests = hash(&mut copy, Hasher::sha256())?;
        return Ok((copy, digests));
    }
    // What is hashed is what is written, not what the source has by then.
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

/// Hashes everything from the reader's position on.
pub(crate) fn hash(reader: &mut impl Read, mut hasher: Hasher) -> io::Result<Digests> {
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
