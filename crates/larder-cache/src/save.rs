//! Saving directories under a key, once: an entry that is there stays as it is.

use std::{path::PathBuf, time::Instant};

use larder_event::{Event, Phase, Reporter, elapsed_milliseconds};
use serde::Serialize;

use larder_remote::{Remote, RemoteError};

use crate::{
    archive::{ArchiveError, Head, WriteOptions, Written, write},
    entry::object_name,
    look_up::{Query, exact},
    pieces::out_of_thread,
    scope::Scope,
    service,
    told::with_causes,
};

/// What to save.
#[derive(Debug, Clone)]
pub struct SaveOptions {
    /// The key, the version, and the scopes in which an entry of this key is enough.
    pub query: Query,
    /// Where it is saved; none if this run may only read.
    pub write: Option<Scope>,
    /// The directories, absolute.
    pub paths: Vec<PathBuf>,
    /// The same as they were given.
    pub named: Vec<String>,
    /// Threads and level.
    pub archive: WriteOptions,
}

/// What became of a save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SaveReport {
    /// What happened.
    pub outcome: SaveOutcome,
    /// The key.
    pub key: String,
    /// Where it is now: saved, or there before.
    pub scope: Option<Scope>,
    /// Bytes of the entry.
    pub size: u64,
    /// How many files, links and directories are in it.
    pub entries: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// What cannot be saved: sockets, devices.
    pub skipped: Vec<PathBuf>,
    /// How long it took.
    pub milliseconds: u64,
}

/// What happened to a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SaveOutcome {
    /// It is on the remote.
    Saved,
    /// There was one of this key, which stays.
    Exists,
    /// This run may only read, or the credentials may.
    ReadOnly,
    /// The remote did not do it. It costs time, never a job.
    Failed,
}

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The remote failed.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The directories cannot be archived.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The key makes no name of an object.
    #[error("the key `{key}` is too long for a remote")]
    Key {
        /// The key.
        key: String,
    },
}

/// Saves directories unless there is an entry of this key.
///
/// # Errors
/// [`SaveError`]; nothing is on the remote then.
pub async fn save(
    remote: &dyn Remote,
    options: &SaveOptions,
    reporter: &dyn Reporter,
) -> Result<SaveReport, SaveError> {
    let begun = Instant::now();
    let mut report = SaveReport::new(&options.query.key);
    let Some(scope) = &options.write else {
        report.outcome = SaveOutcome::ReadOnly;
        return Ok(report);
    };
    if let Some(scope) = saved_before(remote, options, scope).await? {
        report.exists(scope);
        return Ok(report);
    }
    match upload(remote, options, scope, reporter).await {
        Ok(written) => report.saved(scope.clone(), written),
        Err(SaveError::Remote(error)) if error.is_exists() => report.exists(scope.clone()),
        Err(SaveError::Remote(error @ RemoteError::Forbidden { .. })) => {
            reporter.warn("cache::read-only", with_causes("nothing is saved", &error));
            report.outcome = SaveOutcome::ReadOnly;
        }
        Err(error) => return Err(error),
    }
    report.milliseconds = elapsed_milliseconds(begun);
    Ok(report)
}

/// The same, but a remote that fails is a warning: a cache costs time, never a job.
///
/// # Errors
/// [`SaveError`]: what is wrong on this machine, or asked for in vain.
pub async fn save_if_possible(
    remote: &dyn Remote,
    options: &SaveOptions,
    reporter: &dyn Reporter,
) -> Result<SaveReport, SaveError> {
    match save(remote, options, reporter).await {
        Err(SaveError::Remote(error)) if !error.is_refusal() => {
            reporter.warn("cache::save", with_causes("nothing is saved", &error));
            let mut report = SaveReport::new(&options.query.key);
            report.outcome = SaveOutcome::Failed;
            Ok(report)
        }
        saved => saved,
    }
}

/// Where this key can be read from here. That is enough: saving it again would only cost quota.
async fn saved_before(
    remote: &dyn Remote,
    options: &SaveOptions,
    own: &Scope,
) -> Result<Option<Scope>, RemoteError> {
    let query = &options.query;
    if remote.has_scopes() {
        // Who may not read may write all the same.
        if query.scopes.is_empty() {
            return Ok(None);
        }
        let entry = service::exact(remote, query).await?;
        return Ok(entry.map(|entry| entry.scope));
    }
    for scope in query.scopes.iter().chain([own]) {
        if exact(remote, query, scope, &query.key).await?.is_some() {
            return Ok(Some(scope.clone()));
        }
    }
    Ok(None)
}

async fn upload(
    remote: &dyn Remote,
    options: &SaveOptions,
    scope: &Scope,
    reporter: &dyn Reporter,
) -> Result<Written, SaveError> {
    let begun = Instant::now();
    let query = &options.query;
    let name = if remote.has_scopes() {
        service::object_name(&query.key, &query.version)
    } else {
        object_name(scope, &query.key, &query.version)
    };
    let name = name.map_err(|_| SaveError::Key {
        key: query.key.clone(),
    })?;
    if !remote.has_scopes() {
        remove_expired(remote, options, scope, &name).await?;
    }
    reporter.event(&Event::PhaseStarted {
        phase: Phase::Save,
        total: 0,
        bytes: 0,
    });
    let (sender, body) = out_of_thread();
    let head = Head {
        key: query.key.clone(),
        version: query.version.clone(),
        paths: options.named.clone(),
    };
    let (paths, archive) = (options.paths.clone(), options.archive.clone());
    let writing = tokio::task::spawn_blocking(move || {
        let gone = || std::io::Error::other("nobody takes it any more");
        let written = write(&paths, &head, &archive, &mut |piece| {
            sender.blocking_send(Ok(piece)).map_err(|_| gone())
        });
        // The end of a stream would pass for a whole archive.
        if written.is_err() {
            let _ = sender.blocking_send(Err(std::io::Error::other("the archive was not made")));
        }
        written
    });
    let created = remote.create_if_absent(&name, body).await;
    let written = writing.await;
    let written = written.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    match (created, written) {
        (Ok(_), Ok(written)) => {
            reporter.event(&Event::PhaseFinished {
                phase: Phase::Save,
                milliseconds: elapsed_milliseconds(begun),
            });
            Ok(written)
        }
        // Whoever failed first says why.
        (Err(error @ RemoteError::Body { .. }), Ok(_)) => Err(error.into()),
        (Err(RemoteError::Body { .. }) | Ok(_), Err(error)) => Err(error.into()),
        (Err(error), _) => Err(error.into()),
    }
}

/// An entry that is there and was not used for too long is not there for anybody, but has the name.
async fn remove_expired(
    remote: &dyn Remote,
    options: &SaveOptions,
    scope: &Scope,
    name: &larder_remote::ObjectName,
) -> Result<(), RemoteError> {
    match remote.stat(name).await {
        Ok(_)
            if exact(remote, &options.query, scope, &options.query.key)
                .await?
                .is_none() =>
        {
            remote.delete(name).await
        }
        _ => Ok(()),
    }
}

impl SaveReport {
    fn new(key: &str) -> Self {
        Self {
            outcome: SaveOutcome::Exists,
            key: key.to_owned(),
            scope: None,
            size: 0,
            entries: 0,
            bytes: 0,
            skipped: Vec::new(),
            milliseconds: 0,
        }
    }

    fn exists(&mut self, scope: Scope) {
        self.outcome = SaveOutcome::Exists;
        self.scope = Some(scope);
    }

    fn saved(&mut self, scope: Scope, written: Written) {
        self.outcome = SaveOutcome::Saved;
        self.scope = Some(scope);
        self.size = written.size;
        self.entries = written.entries;
        self.bytes = written.bytes;
        self.skipped = written.skipped;
    }
}
