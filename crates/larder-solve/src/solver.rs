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
use rattler_repodata_gateway::{ChannelRelationsMode, GatewayError, RepoData, Source};
use rattler_solve::SolveError as Rejection;

use crate::{
    ClosureError, IndexError, SolveError, SolveRequest, SolverOptions,
    cache::forget_indexes,
    channels::channel_text,
    explain::{self, Explanation},
    failure::solve_error,
    mend::mended,
    notices::Notices,
    resolve::Universe,
    session::Session,
    unfit,
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
        let sources = request.channels.iter().cloned().map(Source::from).collect();
        let loaded = match self.query(&session, request, sources, &notices).await {
            Ok(loaded) => Ok(loaded),
            Err(error) => match solve_error(error, &session, request).await {
                error @ SolveError::BadIndex { .. } => {
                    let mended = self.query_mended(&session, request, &notices).await;
                    mended.ok_or(error)
                }
                error => Err(error),
            },
        };
        notices.tell(reporter);
        if let Err(error) = &loaded {
            self.forget_bad_index(error)?;
        }
        loaded
    }

    async fn query(
        &self,
        session: &Session,
        request: &SolveRequest<'_>,
        sources: Vec<Source>,
        notices: &Notices,
    ) -> Result<Vec<RepoData>, GatewayError> {
        let (mode, depth) = match self.options.max_relations_depth {
            0 => (ChannelRelationsMode::Disabled, 0),
            depth => (ChannelRelationsMode::Strict, depth),
        };
        let specs = request.specs.iter().map(|wanted| reach(&wanted.spec));
        let loaded = session
            .gateway
            .query(sources, subdirs(request.subdir), specs)
            .recursive(true)
            .channel_relations(mode)
            .channel_relations_max_depth(depth)
            .with_reporter(notices.clone())
            .await?;
        for repodata in &loaded.repodata {
            unfit::tell(repodata, notices);
        }
        Ok(loaded.repodata)
    }

    /// Once more without the records that make no sense, if that is all that is wrong.
    async fn query_mended(
        &self,
        session: &Session,
        request: &SolveRequest<'_>,
        notices: &Notices,
    ) -> Option<Vec<RepoData>> {
        let subdirs = subdirs(request.subdir);
        let mut sources = Vec::new();
        for channel in request.channels {
            let alone = vec![Source::from(channel.clone())];
            let unheard = Notices::default();
            let good = self.query(session, request, alone, &unheard).await;
            sources.push(match good {
                Ok(_) => Source::from(channel.clone()),
                Err(_) => mended(session, channel, &subdirs, notices).await?,
            });
        }
        self.query(session, request, sources, notices).await.ok()
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
                reason: rejection.to_string(),
            },
        }
    }
}

fn subdirs(subdir: Subdir) -> Vec<Subdir> {
    if subdir == Subdir::NoArch {
        return vec![subdir];
    }
    vec![subdir, Subdir::NoArch]
}

/// What to load for a spec: the whole name, since with strict priority a build that does not fit
/// still decides which channel counts. Extras and conditions say what else may be reached.
fn reach(spec: &MatchSpec) -> MatchSpec {
    if spec.url.is_some() {
        return spec.clone();
    }
    MatchSpec {
        name: spec.name.clone(),
        extras: spec.extras.clone(),
        condition: spec.condition.clone(),
        ..MatchSpec::default()
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
            record: RepoDataRecord {
                channel: record.channel.as_deref().map(channel_text),
                ..record
            },
        }
    });
    Closure::new(request.subdir, packages.collect()).map_err(|source| SolveError::Closure {
        subdir: request.subdir,
        source: ClosureError::Duplicate(source),
    })
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
