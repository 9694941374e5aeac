//! From a request to a closure.
//!
//! Loads what the specs can reach, solves on a thread of its own, and describes the answer or why
//! there is none.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use larder_event::{Event, Phase, Reporter};
use larder_lock::{Closure, Completeness, LockedPackage};
use rattler_conda_types::{MatchSpec, RepoDataRecord, Subdir};
use rattler_repodata_gateway::RepoData;
use rattler_solve::SolveError as Rejection;

use crate::{
    ClosureError, IndexError, SolveError, SolveRequest, SolverOptions,
    cache::forget_indexes,
    channels::channel_text,
    explain::{self, Explanation},
    load::{Load, subdirs},
    local::{Inward, outward_record, outward_text},
    notices::Notices,
    resolve::Universe,
    session::Session,
};

/// Solves environments; keeps what it has loaded for the next one.
pub struct Solver {
    options: SolverOptions,
    session: Mutex<Option<Arc<Session>>>,
}

impl Solver {
    /// A solver that has loaded nothing yet.
    pub fn new(options: SolverOptions) -> Self {
        Self {
            options,
            session: Mutex::new(None),
        }
    }

    /// Finds the packages that meet `request`, deterministically: the same request on the same
    /// indexes gives the same closure.
    ///
    /// Indexes are revalidated once per `Solver`, not once per solve.
    ///
    /// # Errors
    /// [`SolveError::Unsolvable`] with an explanation; else what could not be read, by name.
    pub async fn solve(
        &self,
        request: &SolveRequest<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Closure, SolveError> {
        check_names(request)?;
        let inward = Inward::of(request);
        let request = &inward.request(request);
        let repodata = timed(
            reporter,
            Phase::Repodata,
            2 * request.channels.len() as u64,
            self.load_afresh(request, reporter),
        )
        .await?;
        let records = timed(reporter, Phase::Solve, 0, self.resolve(request, repodata)).await?;
        closure(request, records)
    }

    /// Loads; if a shard has gone since its index was read, once more with a new index.
    async fn load_afresh(
        &self,
        request: &SolveRequest<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Vec<RepoData>, SolveError> {
        match self.load(request, reporter).await {
            Err(SolveError::Fetch { source, .. })
                if matches!(*source, IndexError::ShardGone { .. }) =>
            {
                *self.lock() = None;
                self.load(request, reporter).await
            }
            result => result,
        }
    }

    async fn load(
        &self,
        request: &SolveRequest<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Vec<RepoData>, SolveError> {
        let session = self.session()?;
        let notices = Notices::default();
        let load = Load {
            session: &session,
            request,
            notices: &notices,
            depth: self.options.max_relations_depth,
        };
        let loaded = load.run().await;
        notices.tell(reporter);
        if let Err(error) = &loaded {
            self.forget_bad_index(error)?;
        }
        loaded
    }

    /// A bad index is asked for anew next time.
    fn forget_bad_index(&self, error: &SolveError) -> Result<(), SolveError> {
        if self.options.offline || !matches!(error, SolveError::BadIndex { .. }) {
            return Ok(());
        }
        let path = &self.options.repodata_cache;
        forget_indexes(path).map_err(|error| SolveError::Cache {
            path: path.clone(),
            source: error.source,
        })
    }

    async fn resolve(
        &self,
        request: &SolveRequest<'_>,
        repodata: Vec<RepoData>,
    ) -> Result<Vec<RepoDataRecord>, SolveError> {
        let universe = Universe::new(request, repodata);
        let universe = universe.map_err(|source| SolveError::Time { source })?;
        let specs: Vec<MatchSpec> = request.specs.iter().map(|w| w.spec.clone()).collect();
        let names = self.known_names(request, &universe).await;
        let wanted = request.specs.to_vec();
        let context = explain::Context {
            subdir: request.subdir,
            channels: request.channels.to_vec(),
            wanted,
            names,
        };
        let solved = tokio::task::spawn_blocking(move || {
            universe
                .solve(&specs, None)
                .map_err(|rejection| match rejection {
                    Rejection::Unsolvable(_) => {
                        Failure::Explained(explain::explain(&context, &universe))
                    }
                    rejection => Failure::Rejected(rejection),
                })
        });
        match solved.await {
            Ok(Ok(records)) => Ok(records),
            Ok(Err(failure)) => Err(failure.into_error(request.subdir)),
            Err(panic) => Err(SolveError::Solver {
                subdir: request.subdir,
                reason: panic.to_string(),
            }),
        }
    }

    /// All names of the channels, if a requested one is in none of them; else nothing. They are for
    /// suggestions, so it does not matter if they cannot be had.
    async fn known_names(&self, request: &SolveRequest<'_>, universe: &Universe) -> Vec<String> {
        if !explain::has_unknown_name(request.specs, universe) {
            return Vec::new();
        }
        let Ok(session) = self.session() else {
            return Vec::new();
        };
        let channels = request.channels.iter().cloned();
        let names = session.gateway.names(channels, subdirs(request.subdir));
        let names = names.await.unwrap_or_default();
        names
            .iter()
            .map(|name| name.as_normalized().to_owned())
            .collect()
    }

    fn session(&self) -> Result<Arc<Session>, SolveError> {
        let mut session = self.lock();
        if let Some(session) = session.as_ref() {
            return Ok(Arc::clone(session));
        }
        let opened = Arc::new(Session::open(&self.options)?);
        *session = Some(Arc::clone(&opened));
        Ok(opened)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Session>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the computing part gave no records.
enum Failure {
    Explained(Explanation),
    Rejected(Rejection),
}

impl Failure {
    fn into_error(self, subdir: Subdir) -> SolveError {
        match self {
            Self::Explained(explanation) => SolveError::Unsolvable(Box::new(explanation)),
            Self::Rejected(Rejection::DuplicateRecords(file_name)) => {
                SolveError::DuplicateRecords { subdir, file_name }
            }
            Self::Rejected(rejection) => SolveError::Solver {
                subdir,
                reason: outward_text(&rejection.to_string()),
            },
        }
    }
}

fn check_names(request: &SolveRequest<'_>) -> Result<(), SolveError> {
    match request
        .specs
        .iter()
        .find(|wanted| wanted.spec.name.as_exact().is_none())
    {
        None => Ok(()),
        Some(wanted) => Err(SolveError::InexactName {
            text: wanted.text.clone(),
            location: wanted.location.clone(),
        }),
    }
}

fn closure(
    request: &SolveRequest<'_>,
    records: Vec<RepoDataRecord>,
) -> Result<Closure, SolveError> {
    let packages = records.into_iter().map(|record| {
        let name = record.package_record.name.clone();
        let asked = request
            .specs
            .iter()
            .filter(|wanted| wanted.spec.name.as_exact() == Some(&name));
        LockedPackage {
            requested_specs: asked.map(|wanted| wanted.text.clone()).collect(),
            completeness: Completeness::Full,
            record: presentable(record),
        }
    });
    Closure::new(request.subdir, packages.collect()).map_err(|source| SolveError::Closure {
        subdir: request.subdir,
        source: ClosureError::Duplicate(source),
    })
}

fn presentable(record: RepoDataRecord) -> RepoDataRecord {
    let record = outward_record(record);
    RepoDataRecord {
        channel: record.channel.as_deref().map(channel_text),
        ..record
    }
}

async fn timed<T>(
    reporter: &dyn Reporter,
    phase: Phase,
    total: u64,
    work: impl Future<Output = Result<T, SolveError>>,
) -> Result<T, SolveError> {
    let begun = Instant::now();
    reporter.event(&Event::PhaseStarted {
        phase,
        total,
        bytes: 0,
    });
    let done = work.await?;
    reporter.event(&Event::PhaseFinished {
        phase,
        milliseconds: begun.elapsed().as_millis() as u64,
    });
    Ok(done)
}
