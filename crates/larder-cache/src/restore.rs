//! Restoring an entry: found, unpacked beside its place, verified on the way, put there when complete.
//!
//! A remote that cannot be asked, an entry that is damaged and one that there is no room for are a warning and
//! a miss: a cache costs time, never a job. What was there stays until everything was verified. Only paths
//! that nothing may be restored to are an error.

use std::{
    io::{Read as _, Take},
    path::{Path, PathBuf},
    time::Instant,
};

use larder_event::{Event, Phase, Reporter, elapsed_milliseconds};
use larder_fs::PathError;
use serde::Serialize;

use larder_remote::{Remote, RemoteError};

use crate::{
    archive::{ArchiveError, Extracted, OpenArchive, ReadLimits},
    entry::Entry,
    look_up::{Hit, Query, look_up},
    pieces::{PieceReader, forward, into_thread},
    scope::Scope,
    stage::Stage,
    told::with_causes,
};

/// What to restore.
#[derive(Debug, Clone)]
pub struct RestoreOptions {
    /// What is looked for.
    pub query: Query,
    /// The directories to restore, absolute; what is there is replaced.
    pub paths: Vec<PathBuf>,
    /// Directories that must not be replaced, nor anything they lie in: the working directory, the home.
    pub keep: Vec<PathBuf>,
    /// The scope that this run may write, to remove what is damaged there.
    pub write: Option<Scope>,
    /// Look, and restore nothing.
    pub lookup_only: bool,
    /// How many threads unpack.
    pub threads: usize,
    /// Bytes that may come out of an entry; `None` for what its size and the free space allow.
    pub max_bytes: Option<u64>,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// How the entry was found.
    pub hit: Hit,
    /// The key that was looked for.
    pub key: String,
    /// The key of the entry.
    pub matched_key: Option<String>,
    /// The scope of the entry.
    pub scope: Option<Scope>,
    /// Bytes of the entry as it is kept.
    pub size: u64,
    /// How many files, links and directories were restored.
    pub entries: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// How long it took.
    pub milliseconds: u64,
}

/// Why nothing was restored. What was there is there.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A path that must stay.
    #[error("`{}` is not restored: `{}` is in it and would be replaced", path.display(), keep.display())]
    Protected {
        /// The path.
        path: PathBuf,
        /// What must stay.
        keep: PathBuf,
    },
    /// A path that is a file.
    #[error("`{}` is not restored: there is a file, and only directories are cached", path.display())]
    NotDirectory {
        /// The path.
        path: PathBuf,
    },
    /// Something on the disk.
    #[error(transparent)]
    Disk(#[from] PathError),
    /// Several paths, and the archive was unpacked, but not all took their places.
    #[error("`{}` cannot take its place", path.display())]
    Place {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: PathError,
    },
}

/// Restores an entry, if there is one.
///
/// # Errors
/// [`RestoreError`]. A miss is none.
pub async fn restore(
    remote: &dyn Remote,
    options: &RestoreOptions,
    reporter: &dyn Reporter,
) -> Result<RestoreReport, RestoreError> {
    let begun = Instant::now();
    check(options)?;
    let mut report = RestoreReport::miss(&options.query.key);
    let found = look_up(remote, &options.query).await;
    let found = found.unwrap_or_else(|error| {
        reporter.warn("cache::look-up", with_causes("nothing is restored", &error));
        None
    });
    if let Some((entry, hit)) = found {
        let restoring = Restoring {
            remote,
            options,
            reporter,
        };
        if options.lookup_only {
            report.found(&entry, hit);
        } else if let Some(extracted) = restoring.entry(&entry).await? {
            report.found(&entry, hit);
            (report.entries, report.bytes) = (extracted.entries, extracted.bytes);
        }
        if report.hit != Hit::False
            && let Err(error) = remote.touch(&entry.object).await
        {
            reporter.note(with_causes("the use of the entry is not noted", &error));
        }
    }
    report.milliseconds = elapsed_milliseconds(begun);
    Ok(report)
}

impl RestoreReport {
    fn miss(key: &str) -> Self {
        Self {
            hit: Hit::False,
            key: key.to_owned(),
            matched_key: None,
            scope: None,
            size: 0,
            entries: 0,
            bytes: 0,
            milliseconds: 0,
        }
    }

    fn found(&mut self, entry: &Entry, hit: Hit) {
        self.hit = hit;
        self.matched_key = Some(entry.key.clone());
        self.scope = Some(entry.scope.clone());
        self.size = entry.size;
    }
}

fn check(options: &RestoreOptions) -> Result<(), RestoreError> {
    for path in &options.paths {
        // A link to a directory that must stay leads there.
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        let kept = options.keep.iter().find(|keep| {
            let keep = keep.canonicalize().unwrap_or_else(|_| (*keep).clone());
            keep.starts_with(&real)
        });
        if let Some(keep) = kept {
            let (path, keep) = (path.clone(), keep.clone());
            return Err(RestoreError::Protected { path, keep });
        }
        if real.exists() && !real.is_dir() {
            return Err(RestoreError::NotDirectory { path: path.clone() });
        }
    }
    Ok(())
}

struct Restoring<'a> {
    remote: &'a dyn Remote,
    options: &'a RestoreOptions,
    reporter: &'a dyn Reporter,
}

impl Restoring<'_> {
    /// Restores an entry; `None` if it is no use.
    async fn entry(&self, entry: &Entry) -> Result<Option<Extracted>, RestoreError> {
        let begun = Instant::now();
        self.reporter.event(&Event::PhaseStarted {
            phase: Phase::Restore,
            total: 0,
            bytes: entry.size,
        });
        let stages = match self.stages() {
            // Not even a directory fits on the disk.
            Err(error) if is_full(&error) => {
                self.warn_of_disk(entry, &error);
                return Ok(None);
            }
            stages => stages?,
        };
        let unpacked = match self.unpack(entry, &stages).await {
            Ok(extracted) => extracted,
            Err(Useless::Disk(error)) => {
                self.warn_of_disk(entry, &error);
                return Ok(None);
            }
            Err(Useless::Entry(error)) => {
                self.damaged(entry, &error).await;
                return Ok(None);
            }
            Err(Useless::Remote(error)) => {
                self.reporter.warn(
                    "cache::download",
                    with_causes("nothing is restored", &error),
                );
                return Ok(None);
            }
        };
        for (stage, path) in stages.into_iter().zip(&self.options.paths) {
            stage.commit().map_err(|source| RestoreError::Place {
                path: path.clone(),
                source,
            })?;
        }
        self.reporter.event(&Event::PhaseFinished {
            phase: Phase::Restore,
            milliseconds: elapsed_milliseconds(begun),
        });
        Ok(Some(unpacked))
    }

    fn stages(&self) -> Result<Vec<Stage>, PathError> {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let paths = self.options.paths.iter();
        paths.map(|path| Stage::new(&real(path))).collect()
    }

    async fn unpack(&self, entry: &Entry, stages: &[Stage]) -> Result<Extracted, Useless> {
        let download = self.remote.get(&entry.object, None).await;
        let download = download.map_err(Useless::Remote)?;
        let (sender, reader) = into_thread();
        let roots: Vec<PathBuf> = stages.iter().map(Stage::path).collect();
        let (key, threads) = (entry.key.clone(), self.options.threads);
        // What the remote says of the size holds for what it sends: no more is read of it.
        let free = roots
            .iter()
            .filter_map(|root| larder_fs::free_space(root))
            .min();
        let mut limits = ReadLimits::for_archive(download.size, free);
        limits.total_bytes = self.options.max_bytes.unwrap_or(limits.total_bytes);
        let reader = reader.take(download.size);
        let unpacking =
            tokio::task::spawn_blocking(move || unpack(reader, &key, &roots, (threads, &limits)));
        let came = |bytes| {
            let phase = Phase::Restore;
            self.reporter.event(&Event::Progressed { phase, bytes });
        };
        forward(download.body, sender, came).await;
        let unpacked = unpacking.await;
        unpacked
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
            .map_err(|error| match error {
                ArchiveError::Disk(error) => Useless::Disk(error),
                error => Useless::Entry(error),
            })
    }

    /// It may be sound, but it does not fit here: it stays, for machines with more room.
    fn warn_of_disk(&self, entry: &Entry, error: &PathError) {
        let text = format!("the entry `{}` is not restored", entry.key);
        self.reporter.warn("cache::disk", with_causes(&text, error));
    }

    /// Nobody can use it, and while it is there nobody can save another one.
    async fn damaged(&self, entry: &Entry, error: &ArchiveError) {
        let mut text = with_causes(&format!("the entry `{}` is not restored", entry.key), error);
        let is_ours = self.options.write.as_ref() == Some(&entry.scope);
        if error.is_damage() && is_ours {
            text += match self.remote.delete(&entry.object).await {
                Ok(()) => "; it is removed",
                Err(_) => "; it cannot be removed",
            };
        }
        self.reporter.warn("cache::damaged", text);
    }
}

/// Why an entry was not unpacked.
enum Useless {
    Disk(PathError),
    Entry(ArchiveError),
    Remote(RemoteError),
}

fn is_full(error: &PathError) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}

fn unpack(
    reader: Take<PieceReader>,
    key: &str,
    roots: &[PathBuf],
    (threads, limits): (usize, &ReadLimits),
) -> Result<Extracted, ArchiveError> {
    let archive = OpenArchive::open(reader)?;
    if archive.head().key != key {
        return Err(ArchiveError::Damaged("it was saved under another key"));
    }
    archive.extract(roots, (threads, limits))
}
