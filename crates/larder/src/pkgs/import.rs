//! `larder store import`: the archives of other package caches, verified, into the store.
//!
//! Bytes are copied, never linked: what others may write to can be no object. Nothing is taken whose
//! digest nobody vouches for.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use larder_digest::{Checksum, Digests, Hasher, HashingReader};
use larder_event::{Event, Phase, Reporter};
use larder_fs::{Durability, PathError};
use larder_store::{IngestError, Object, OpenError, Store, StoreError};
use serde::Serialize;

use crate::{
    Explain, InputError, Kind, Settings, explain,
    inputs::read_lock,
    materialize::in_parallel,
    transfer::{TransferFailure, transfer},
};

use super::{
    known::Known,
    scan::{FoundArchive, scan},
};

/// What to import.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Package caches, or any directories with archives.
    pub directories: Vec<PathBuf>,
    /// Locks that vouch for archives, besides what is in the directories.
    pub locks: Vec<PathBuf>,
    /// Read no archive and change nothing.
    pub dry_run: bool,
}

/// What was imported.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportReport {
    /// Whether no archive was wrong or could not be read.
    pub success: bool,
    /// Whether nothing was changed on request.
    pub dry_run: bool,
    /// What came into the store, or would if it is what its digest says.
    pub imported: Vec<ImportedArchive>,
    /// What they weigh together, in bytes.
    pub imported_bytes: u64,
    /// How many were in the store.
    pub present: usize,
    /// Archives whose digest nobody vouches for: not taken.
    pub unknown: Vec<PathBuf>,
    /// Archives that are not what anybody says: not taken.
    pub wrong: Vec<WrongArchive>,
    /// Archives that cannot be read.
    pub unreadable: Vec<UnreadableArchive>,
    /// How many extracted packages have no archive: nothing can be made of them.
    pub extracted_only: usize,
    /// How long it took.
    pub milliseconds: u64,
}

/// An archive that came into the store.
#[derive(Debug, Clone, Serialize)]
pub struct ImportedArchive {
    /// Where it was.
    pub path: PathBuf,
    /// What vouches for it: `sha256:` or `md5:` and the digest.
    pub checksum: String,
    /// Its size in bytes.
    pub size: u64,
}

/// An archive with another digest than any that is known for its name.
#[derive(Debug, Clone, Serialize)]
pub struct WrongArchive {
    /// Where it is.
    pub path: PathBuf,
    /// The digests that it may have.
    pub expected: Vec<String>,
    /// The digest that it has.
    pub found: String,
}

/// An archive that cannot be read.
#[derive(Debug, Clone, Serialize)]
pub struct UnreadableArchive {
    /// Where it is.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// Why nothing, or no more, was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A directory cannot be read.
    #[error(transparent)]
    Scan(PathError),
    /// A lock cannot be read.
    #[error(transparent)]
    Lock(#[from] InputError),
    /// There is no such lock.
    #[error("there is no lock at `{}`", path.display())]
    NoLock {
        /// Where it should be.
        path: PathBuf,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store cannot be asked or written.
    #[error("cannot put `{}` into the store", path.display())]
    Store {
        /// The archive.
        path: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The store cannot take the bytes.
    #[error("cannot put `{}` into the store", path.display())]
    Write {
        /// The archive.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store cannot keep the bytes.
    #[error("cannot put `{}` into the store", path.display())]
    Ingest {
        /// The archive.
        path: PathBuf,
        /// Why.
        #[source]
        source: IngestError,
    },
}

impl Explain for ImportError {
    fn kind(&self) -> Kind {
        match self {
            Self::Scan(error) if error.kind() == io::ErrorKind::NotFound => Kind::Refused,
            Self::Lock(error) => error.kind(),
            Self::NoLock { .. } => Kind::Refused,
            Self::Open(error) => explain::open_kind(error),
            _ => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Scan(_) => "import::unreadable",
            Self::Lock(error) => error.code(),
            Self::NoLock { .. } => "lock::missing",
            Self::Open(error) => error.code(),
            Self::Store { source, .. } => source.code(),
            Self::Write { .. } => "store::io",
            Self::Ingest { source, .. } => source.code(),
        }
    }
}

/// What became of one archive.
enum Outcome {
    Imported(Checksum),
    Present,
    Unknown,
    Wrong {
        expected: Vec<Checksum>,
        found: Checksum,
    },
    Unreadable(io::Error),
}

/// Takes over the archives of package caches. What is in the store already is not read again.
///
/// # Errors
/// See [`ImportError`]; what was taken before stays. A wrong archive is none: it is in the report.
pub fn import(
    options: &ImportOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<ImportReport, ImportError> {
    let begun = Instant::now();
    let mut locks = Vec::new();
    for path in &options.locks {
        let path = settings.absolute(path);
        let lock = read_lock(&path, settings)?;
        locks.push(lock.ok_or(ImportError::NoLock { path })?);
    }
    let mut scans = Vec::new();
    for directory in &options.directories {
        scans.push(scan(&settings.absolute(directory)).map_err(ImportError::Scan)?);
    }
    let importer = Importer {
        known: Known::gather(&scans, &locks, reporter),
        store: crate::store::open(settings, Durability::Flush, reporter)?,
        dry_run: options.dry_run,
        reporter,
    };
    let extracted_only = scans.iter().map(|scan| scan.extracted.len()).sum();
    let archives: Vec<FoundArchive> = scans.into_iter().flat_map(|scan| scan.archives).collect();
    let outcomes = importer.run(&archives, settings.threads)?;
    let mut report = ImportReport {
        dry_run: options.dry_run,
        extracted_only,
        ..ImportReport::default()
    };
    for (archive, outcome) in archives.into_iter().zip(outcomes) {
        report.add(archive, outcome);
    }
    report.success = report.wrong.is_empty() && report.unreadable.is_empty();
    report.milliseconds = crate::elapsed_milliseconds(begun);
    Ok(report)
}

struct Importer<'a> {
    known: Known,
    store: Store,
    dry_run: bool,
    reporter: &'a dyn Reporter,
}

impl Importer<'_> {
    fn run(&self, archives: &[FoundArchive], threads: usize) -> Result<Vec<Outcome>, ImportError> {
        let begun = Instant::now();
        self.reporter.event(&Event::PhaseStarted {
            phase: Phase::Import,
            total: archives.len() as u64,
            bytes: archives.iter().map(|archive| archive.size).sum(),
        });
        let outcomes = in_parallel(archives, threads, |archive| self.take(archive))?;
        self.reporter.event(&Event::PhaseFinished {
            phase: Phase::Import,
            milliseconds: crate::elapsed_milliseconds(begun),
        });
        Ok(outcomes)
    }

    fn take(&self, archive: &FoundArchive) -> Result<Outcome, ImportError> {
        let checksums = self.known.checksums(archive);
        let Some(first) = checksums.first() else {
            self.progressed(archive.size);
            return Ok(Outcome::Unknown);
        };
        for checksum in &checksums {
            if self.is_there(archive, checksum)? {
                self.progressed(archive.size);
                return Ok(Outcome::Present);
            }
        }
        if self.dry_run {
            return Ok(Outcome::Imported(*first));
        }
        self.copy(archive, checksums)
    }

    fn is_there(&self, archive: &FoundArchive, checksum: &Checksum) -> Result<bool, ImportError> {
        let found = self.store.find(archive.kind, checksum);
        let found: Option<Object> = found.map_err(|source| ImportError::Store {
            path: archive.path.clone(),
            source,
        })?;
        Ok(found.is_some_and(|object| object.size == archive.size))
    }

    /// Of several digests the right one is found by reading the archive once before it is copied.
    fn copy(
        &self,
        archive: &FoundArchive,
        checksums: Vec<Checksum>,
    ) -> Result<Outcome, ImportError> {
        let expected = match checksums.as_slice() {
            [only] => *only,
            _ => match digests(&archive.path) {
                Err(error) => return Ok(Outcome::Unreadable(error)),
                Ok(digests) => {
                    let right = checksums
                        .iter()
                        .find(|checksum| checksum.check(&digests).is_ok());
                    let Some(right) = right else {
                        let found = Checksum::Sha256(digests.sha256);
                        self.progressed(archive.size);
                        return Ok(Outcome::Wrong {
                            expected: checksums,
                            found,
                        });
                    };
                    *right
                }
            },
        };
        self.ingest(archive, expected)
    }

    fn ingest(&self, archive: &FoundArchive, expected: Checksum) -> Result<Outcome, ImportError> {
        let path = || archive.path.clone();
        let mut file = match File::open(&archive.path) {
            Ok(file) => file,
            Err(error) => return Ok(Outcome::Unreadable(error)),
        };
        let ingest = self.store.ingest(archive.kind, Some(expected));
        let mut ingest = ingest.map_err(|source| ImportError::Store {
            path: path(),
            source,
        })?;
        match transfer(&mut file, &mut ingest, Phase::Import, self.reporter) {
            Ok(()) => {}
            Err(TransferFailure::Read(error)) => return Ok(Outcome::Unreadable(error)),
            Err(TransferFailure::Write(source)) => {
                return Err(ImportError::Write {
                    path: path(),
                    source,
                });
            }
        }
        match ingest.finish() {
            Ok(_) => Ok(Outcome::Imported(expected)),
            Err(IngestError::Mismatch { found, .. }) => Ok(Outcome::Wrong {
                expected: vec![expected],
                found,
            }),
            Err(IngestError::Empty { .. }) => Ok(Outcome::Unreadable(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it is empty",
            ))),
            Err(source) => Err(ImportError::Ingest {
                path: path(),
                source,
            }),
        }
    }

    fn progressed(&self, bytes: u64) {
        self.reporter.event(&Event::Progressed {
            phase: Phase::Import,
            bytes,
        });
    }
}

fn digests(path: &Path) -> io::Result<Digests> {
    let mut reader = HashingReader::new(File::open(path)?, Hasher::both());
    io::copy(&mut reader, &mut io::sink())?;
    Ok(reader.finish().1)
}

impl ImportReport {
    fn add(&mut self, archive: FoundArchive, outcome: Outcome) {
        let FoundArchive { path, size, .. } = archive;
        match outcome {
            Outcome::Imported(checksum) => {
                self.imported_bytes += size;
                self.imported.push(ImportedArchive {
                    path,
                    checksum: checksum.to_string(),
                    size,
                });
            }
            Outcome::Present => self.present += 1,
            Outcome::Unknown => self.unknown.push(path),
            Outcome::Wrong { expected, found } => self.wrong.push(WrongArchive {
                path,
                expected: expected.iter().map(ToString::to_string).collect(),
                found: found.to_string(),
            }),
            Outcome::Unreadable(error) => self.unreadable.push(UnreadableArchive {
                path,
                reason: error.to_string(),
            }),
        }
    }
}
