//! Writing objects into the store: steps W1 to W8 of FORMAT.md.
//!
//! Guarantee: at every moment the path of an object either does not exist or has all of its bytes, even if processes
//! are killed and several processes write the same object.

use std::{
    fmt,
    fs::File,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use larder_digest::{Checksum, ChecksumMismatch, Digests, Hasher, HashingWriter};
use larder_fs::{Durability, PathContext as _, PathError, take_write_from_all};

use crate::{
    Object, ObjectId, ObjectKind, Store, StoreError, StoreStep, index, store::StoreInner,
    temporary::TemporaryFile,
};

/// How often a damaged object at the target path is moved aside before giving up. A second attempt is only needed if
/// another process has put a damaged object there in between.
const PLACE_ATTEMPTS: usize = 8;

/// Why an object was not written. The temporary file has been removed. After [`IngestError::Io`] the object may exist
/// with all of its bytes, if only a flush or the update of the MD5 index failed.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The digest of the bytes is not the expected one.
    #[error("wrong bytes: expected {expected}, found {found} ({size} bytes)")]
    Mismatch {
        /// The checksum from the lock or the channel.
        expected: Checksum,
        /// The checksum of the bytes.
        found: Checksum,
        /// Number of bytes.
        size: u64,
    },
    /// There were no bytes.
    #[error("no bytes: a {} object is never empty", kind.extension())]
    Empty {
        /// Kind of the object that was to be written.
        kind: ObjectKind,
    },
    /// The file system refused.
    #[error(transparent)]
    Io(PathError),
}

impl From<PathError> for IngestError {
    fn from(error: PathError) -> Self {
        Self::Io(error)
    }
}

impl IngestError {
    /// A stable, greppable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Mismatch { .. } => "store::mismatch",
            Self::Empty { .. } => "store::empty",
            Self::Io(_) => "store::io",
        }
    }
}

/// An object that is being written. Dropping it removes the bytes written so far.
pub struct Ingest {
    shared: Arc<StoreInner>,
    kind: ObjectKind,
    expected: Option<Checksum>,
    writer: HashingWriter<File>,
    // After the writer: a file is closed before it is removed.
    temporary: TemporaryFile,
}

impl Store {
    /// Begins to write an object. Write its bytes to the result, then call [`Ingest::finish`].
    ///
    /// Without `expected` any bytes are accepted. MD5 is computed only if `expected` is an MD5.
    ///
    /// # Errors
    /// If the store is read-only or no file can be created in it.
    pub fn ingest(
        &self,
        kind: ObjectKind,
        expected: Option<Checksum>,
    ) -> Result<Ingest, StoreError> {
        self.check_writable()?;
        let shared = Arc::clone(&self.shared);
        let (temporary, file) =
            TemporaryFile::create(&shared.layout).map_err(|source| self.to_write_error(source))?;
        shared.report_step(StoreStep::Created, temporary.path())?;
        Ok(Ingest {
            shared,
            kind,
            expected,
            writer: HashingWriter::new(file, Hasher::for_checksum(expected.as_ref())),
            temporary,
        })
    }
}

impl fmt::Debug for Ingest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ingest")
            .field("kind", &self.kind)
            .field("expected", &self.expected)
            .field("temporary", &self.temporary)
            .finish_non_exhaustive()
    }
}

impl Write for Ingest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes).map_err(|error| {
            let kind = error.kind();
            match Err::<(), _>(error).at("write", self.temporary.path()) {
                Err(error) if kind != io::ErrorKind::Interrupted => io::Error::new(kind, error),
                _ => kind.into(),
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Ingest {
    /// Checks the digest, flushes the file and renames it to the object's path.
    ///
    /// If the object already exists undamaged, it is kept and the new file removed. A damaged one is moved aside.
    ///
    /// # Errors
    /// If the digest differs, no bytes were written, or the file system fails.
    pub fn finish(self) -> Result<Object, IngestError> {
        let Self {
            shared,
            kind,
            expected,
            writer,
            mut temporary,
        } = self;
        let (file, digests) = writer.finish();
        shared.report_step(StoreStep::Written, temporary.path())?;
        check_digests(kind, expected, &digests)?;
        shared.report_step(StoreStep::Checked, temporary.path())?;
        shared.protect_and_flush(file, temporary.path())?;
        let sha256 = digests.sha256;
        let object = Object {
            id: ObjectId { kind, sha256 },
            path: shared.layout.object_path(ObjectId { kind, sha256 }),
            size: digests.size,
        };
        shared.publish_object(&mut temporary, &object)?;
        if let Some(Checksum::Md5(md5)) = expected {
            index::record_md5(&shared.layout, md5, sha256, shared.durability)?;
            shared.report_step(StoreStep::Indexed, &object.path)?;
        }
        Ok(object)
    }
}

fn check_digests(
    kind: ObjectKind,
    expected: Option<Checksum>,
    digests: &Digests,
) -> Result<(), IngestError> {
    if digests.size == 0 {
        return Err(IngestError::Empty { kind });
    }
    let size = digests.size;
    match expected.map(|checksum| checksum.check(digests)) {
        Some(Err(ChecksumMismatch { expected, found })) => Err(IngestError::Mismatch {
            expected,
            found,
            size,
        }),
        _ => Ok(()),
    }
}

impl StoreInner {
    /// W4 and W5. Closes the file, because Windows cannot rename open files.
    fn protect_and_flush(&self, file: File, path: &Path) -> Result<(), PathError> {
        take_write_from_all(&file).at("set mode of", path)?;
        self.report_step(StoreStep::Protected, path)?;
        if self.durability == Durability::Flush {
            larder_fs::flush_file(&file).at("flush", path)?;
            self.report_step(StoreStep::Flushed, path)?;
        }
        Ok(())
    }

    /// W6 and W7.
    fn publish_object(
        &self,
        temporary: &mut TemporaryFile,
        object: &Object,
    ) -> Result<(), PathError> {
        let shard = self.layout.shard_dir(object.id);
        let is_new = !self.layout.dir().is_dir(&shard);
        // Moves a link at this path aside: following it would put the object outside the store.
        self.layout.dir().ensure_dir(&shard)?;
        self.rename_into_place(temporary, object)?;
        self.refused().remove(&object.path);
        self.report_step(StoreStep::Renamed, &object.path)?;
        if self.durability == Durability::Flush {
            self.layout.dir().sync_dir(&shard)?;
            if is_new {
                self.layout
                    .dir()
                    .sync_dir(&self.layout.kind_dir(object.id.kind))?;
            }
            self.report_step(StoreStep::DirectoryFlushed, &object.path)?;
        }
        Ok(())
    }

    fn rename_into_place(
        &self,
        temporary: &mut TemporaryFile,
        object: &Object,
    ) -> Result<(), PathError> {
        let mut attempt = 1;
        loop {
            match temporary.rename_to_free_name(&object.path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if self
                        .has_expected_digest(&object.path, object.id)
                        .unwrap_or(false)
                    {
                        return Ok(());
                    }
                    if attempt == PLACE_ATTEMPTS {
                        return Err(error);
                    }
                    attempt += 1;
                    self.clear_place(object)?;
                }
                result => return result,
            }
        }
    }

    /// Moves aside whatever is at an object's path. Succeeds if another process has already done so.
    fn clear_place(&self, object: &Object) -> Result<(), PathError> {
        match self.set_aside(&object.path, object.id) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
