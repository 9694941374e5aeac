//! Putting bytes into the store: steps W1 to W8 of FORMAT.md.
//!
//! Guarantee: under the name of an object there are at every moment either nothing or all of its
//! bytes, whoever is killed and however many processes write the same object.

use std::{
    fmt,
    fs::File,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use larder_digest::{Checksum, Digests, Hasher, HashingWriter, Mismatch};
use larder_fs::{Durability, PathContext as _, PathError, take_write_from_all};

use crate::{
    Object, ObjectId, ObjectKind, Step, Store, StoreError, index, store::Shared,
    temporary::Temporary,
};

/// How often a damaged object at the place of the new one is moved away before giving up: each time
/// another process must have put a damaged one there meanwhile.
const PLACE_ATTEMPTS: usize = 8;

/// Why bytes did not become an object. The temporary file is gone. After [`IngestError::Io`] the object
/// may be there all the same, whole, if only a flush or the MD5 index failed.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The bytes are not those that were asked for.
    #[error("wrong bytes: expected {expected}, found {found} ({size} bytes)")]
    Mismatch {
        /// What the lock or the channel says.
        expected: Checksum,
        /// What the bytes have.
        found: Checksum,
        /// How many bytes there were.
        size: u64,
    },
    /// There were no bytes.
    #[error("no bytes: a {} object is never empty", kind.extension())]
    Empty {
        /// What was to be stored.
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

/// An object on its way into the store. Dropping it removes what was written.
pub struct Ingest {
    shared: Arc<Shared>,
    kind: ObjectKind,
    expected: Option<Checksum>,
    writer: HashingWriter<File>,
    // After the writer: a file is closed before it is removed.
    temporary: Temporary,
}

impl Store {
    /// Begins to put an object into the store; write its bytes, then [`Ingest::finish`].
    ///
    /// Without `expected` the bytes are taken as they come. MD5 is computed only if it is expected.
    ///
    /// # Errors
    /// If the store is read-only or no file can be made in it.
    pub fn ingest(
        &self,
        kind: ObjectKind,
        expected: Option<Checksum>,
    ) -> Result<Ingest, StoreError> {
        self.check_writable()?;
        let shared = Arc::clone(&self.shared);
        let (temporary, file) =
            Temporary::create(&shared.layout).map_err(|source| self.not_writable(source))?;
        shared.reached(Step::Created, temporary.path())?;
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
    /// Ends the stream: checks the digest, flushes, and gives the object its name.
    ///
    /// If a whole object of that name is there already, it stays and the new bytes go; a damaged
    /// one is moved aside.
    ///
    /// # Errors
    /// If the digest is another one, there were no bytes, or the file system refuses.
    pub fn finish(self) -> Result<Object, IngestError> {
        let Self {
            shared,
            kind,
            expected,
            writer,
            mut temporary,
        } = self;
        let (file, digests) = writer.finish();
        shared.reached(Step::Written, temporary.path())?;
        check(kind, expected, &digests)?;
        shared.reached(Step::Checked, temporary.path())?;
        shared.protect_and_flush(file, temporary.path())?;
        let sha256 = digests.sha256;
        let object = Object {
            id: ObjectId { kind, sha256 },
            path: shared.layout.object(ObjectId { kind, sha256 }),
            size: digests.size,
        };
        shared.place(&mut temporary, &object)?;
        if let Some(Checksum::Md5(md5)) = expected {
            index::record(&shared.layout, md5, sha256, shared.durability)?;
            shared.reached(Step::Indexed, &object.path)?;
        }
        Ok(object)
    }
}

fn check(
    kind: ObjectKind,
    expected: Option<Checksum>,
    digests: &Digests,
) -> Result<(), IngestError> {
    if digests.size == 0 {
        return Err(IngestError::Empty { kind });
    }
    let size = digests.size;
    match expected.map(|checksum| checksum.check(digests)) {
        Some(Err(Mismatch { expected, found })) => Err(IngestError::Mismatch {
            expected,
            found,
            size,
        }),
        _ => Ok(()),
    }
}

impl Shared {
    /// W4 and W5. The handle is closed: some systems rename no open files.
    fn protect_and_flush(&self, file: File, path: &Path) -> Result<(), PathError> {
        take_write_from_all(&file).at("set mode of", path)?;
        self.reached(Step::Protected, path)?;
        if self.durability == Durability::Flush {
            file.sync_all().at("flush", path)?;
            self.reached(Step::Flushed, path)?;
        }
        Ok(())
    }

    /// W6 and W7.
    fn place(&self, temporary: &mut Temporary, object: &Object) -> Result<(), PathError> {
        let shard = self.layout.shard(object.id);
        let is_new = !self.layout.dir().is_dir(&shard);
        // A link in its place is moved out of the way: the object must not appear outside the store.
        self.layout.dir().ensure_dir(&shard)?;
        self.rename(temporary, object)?;
        self.refused().remove(&object.path);
        self.reached(Step::Renamed, &object.path)?;
        if self.durability == Durability::Flush {
            self.layout.dir().sync_dir(&shard)?;
            if is_new {
                self.layout
                    .dir()
                    .sync_dir(&self.layout.kind(object.id.kind))?;
            }
            self.reached(Step::DirectoryFlushed, &object.path)?;
        }
        Ok(())
    }

    fn rename(&self, temporary: &mut Temporary, object: &Object) -> Result<(), PathError> {
        let mut attempt = 1;
        loop {
            match temporary.place(&object.path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if self.is_whole(&object.path, object.id).unwrap_or(false) {
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

    /// Moves away what is in the place of an object and is not it. If it is gone meanwhile, good.
    fn clear_place(&self, object: &Object) -> Result<(), PathError> {
        match self.set_aside(&object.path, object.id) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
