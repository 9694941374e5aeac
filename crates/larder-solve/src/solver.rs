//! From a request to a closure.
//!
//! Loads what the specs can reach, solves on a thread of its own, and describes the answer or why
//! there is none.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use larder_event::{Event, Phase, Reporter};
use larder_lock::{Closure, Completeness, LockedPackage};
use rattler_conda_types::{
    MatchSpec, PackageName, RepoDataRecord, Subdir,
    match_spec::package_name_matcher::PackageNameMatcher,
};
use rattler_repodata_gateway::RepoData;
use rattler_solve::SolveError as Rejection;

use crate::{
    ClosureError, IndexError, MachineRecords, Requested, SolveError, SolveRequest, SolverOptions,
    cache::{Keeper, forget_indexes},
    channels::channel_text,
    explain::{self, Explanation},
    failure::fetch_error,
    load::{Load, WheelFile, subdirs},
    local::{Inward, outward_record, shown_text},
    memo::{Memos, looked_at},
    notices::Notices,
    resolve::Universe,
    session::Session,
    solved::{How, Solved},
};

/// Solves environments; keeps what it has loaded for the next one.
pub struct Solver {
    options: SolverOptions,
    session: Mutex<Option<Arc<Session>>>,
    keeper: Keeper,
}

impl Solver {
    /// A solver that has loaded nothing yet.
    pub fn new(options: SolverOptions) -> Self {
        Self {
            keeper: Keeper::new(options.repodata_cache.clone()),
            options,
            session: Mutex::new(None),
        }
    }

    /// Finds the packages that meet `request`, deterministically: the same request on the same
    /// indexes gives the same closure, remembered or not.
    ///
    /// # Errors
    /// As [`Solver::recall_or_solve`].
    pub async fn solve(
        &self,
        request: &SolveRequest<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Closure, SolveError> {
        let solved = self.recall_or_solve(request, reporter).await;
        solved.map(|solved| solved.closure)
    }

    /// What this machine has seen itself, for memos that come from elsewhere.
    pub fn records(&self) -> &MachineRecords {
        &self.options.records
    }

    /// The file in which the answer to `request` is remembered, or would be; nothing if it never is.
    pub fn memo_file(&self, request: &SolveRequest<'_>) -> Option<PathBuf> {
        let inward = Inward::of(request);
        let memos = Memos::of(&inward.request(request), &self.options);
        memos.ok().flatten().map(|memos| memos.file())
    }

    /// Whether there is an answer to `request` that this machine remembers itself.
    pub fn has_memo(&self, request: &SolveRequest<'_>) -> bool {
        let inward = Inward::of(request);
        let memos = Memos::of(&inward.request(request), &self.options);
        memos.is_ok_and(|memos| memos.is_some_and(|memos| memos.is_recorded()))
    }

    /// Finds the packages that meet `request`, and says how: by a memo (see `MEMO.md`) if there is
    /// one that holds, else by a solve, which is remembered. A memo is never an error.
    ///
    /// Indexes are revalidated once per `Solver`, not once per solve.
    ///
    /// # Errors
    /// [`SolveError::Unsolvable`] with an explanation; else what could not be read, by name.
    pub async fn recall_or_solve(
        &self,
        request: &SolveRequest<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Solved, SolveError> {
        check_names(request)?;
        let inward = Inward::of(request);
        let request = &inward.request(request);
        let solved = self.look(request, reporter).await;
        let kept = self.keeper.finish().await;
        let solved = solved?;
        kept.map_err(|error| fetch_error(error, request))?;
        reporter.note(solved.note());
        Ok(solved)
    }

    /// The records of these packages in all channels that `request` reaches, those of related channels
    /// included: what the indexes say now. Only records for which `is_wanted` holds are kept.
    ///
    /// # Errors
    /// What could not be read, by name.
    pub async fn find_records(
        &self,
        request: &SolveRequest<'_>,
        names: impl IntoIterator<Item = PackageName>,
        is_wanted: impl Fn(&RepoDataRecord) -> bool,
        reporter: &dyn Reporter,
    ) -> Result<Vec<RepoDataRecord>, SolveError> {
        let inward = Inward::of(request);
        let request = &inward.request(request);
        let session = self.session()?;
        let notices = Notices::default();
        let specs = names.into_iter().map(|name| MatchSpec {
            name: PackageNameMatcher::Exact(name),
            ..MatchSpec::default()
        });
        let specs: Vec<MatchSpec> = specs.collect();
        let loaded = self.loading(&session, request, &notices).only(&specs).await;
        let kept = self.keeper.finish().await;
        notices.tell(reporter);
        let loaded = loaded?;
        kept.map_err(|error| fetch_error(error, request))?;
        let records = loaded.iter().flat_map(RepoData::iter);
        let records = records.filter(|record| is_wanted(record)).cloned();
        Ok(records.map(presentable).collect())
    }

    async fn look(
        &self,
        request: &SolveRequest<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Solved, SolveError> {
        let memos = Memos::of(request, &self.options);
        let total = 2 * request.channels.len() as u64;
        let found = self.find(request, &memos, reporter);
        match timed(reporter, Phase::Repodata, total, found).await? {
            Found::Remembered(closure) => Ok(Solved {
                closure,
                how: How::Memo,
                why_no_memo: None,
            }),
            Found::Loaded(repodata, why_no_memo) => {
                let names = matches!(memos, Ok(Some(_))).then(|| looked_at(request, &repodata));
                let records = self.resolve(request, repodata);
                let records = timed(reporter, Phase::Solve, 0, records).await?;
                let closure = closure(request, records)?;
                if let (Ok(Some(memos)), Some(names)) = (&memos, names) {
                    self.keep(memos, request, (&names, &closure), reporter)
                        .await?;
                }
                Ok(Solved {
                    closure,
                    how: How::Solved,
                    why_no_memo,
                })
            }
        }
    }

    /// A remembered closure, or what to solve with and why there is none.
    async fn find(
        &self,
        request: &SolveRequest<'_>,
        memos: &Result<Option<Memos>, String>,
        reporter: &dyn Reporter,
    ) -> Result<Found, SolveError> {
        let why = match memos {
            Ok(None) => None,
            Err(why) => Some(why.clone()),
            Ok(Some(memos)) => {
                let session = self.session()?;
                let notices = Notices::default();
                let load = self.loading(&session, request, &notices);
                match memos.recall(&load).await {
                    Ok(closure) => {
                        notices.tell(reporter);
                        return Ok(Found::Remembered(closure));
                    }
                    Err(why) => Some(why),
                }
            }
        };
        let repodata = self.load_afresh(request, reporter).await?;
        Ok(Found::Loaded(repodata, why))
    }

    /// Remembers the answer; that it cannot be is a note.
    async fn keep(
        &self,
        memos: &Memos,
        request: &SolveRequest<'_>,
        (names, closure): (&BTreeSet<String>, &Closure),
        reporter: &dyn Reporter,
    ) -> Result<(), SolveError> {
        let session = self.session()?;
        let notices = Notices::default();
        let load = self.loading(&session, request, &notices);
        if let Err(why) = memos.keep(&load, names, closure).await {
            reporter.note(format!("solve: not remembered ({why})"));
        }
        Ok(())
    }

    fn loading<'a>(
        &self,
        session: &'a Session,
        request: &'a SolveRequest<'a>,
        notices: &'a Notices,
    ) -> Load<'a> {
        Load {
            session,
            request,
            notices,
            depth: self.options.max_relations_depth,
        }
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
        let loaded = self.loading(&session, request, &notices).run().await;
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
        let wanted = offered_specs(request.specs, &universe);
        let specs: Vec<MatchSpec> = wanted.iter().map(|w| w.spec.clone()).collect();
        let unknown = explain::unknown_specs(request.specs, &universe);
        let (names, wheels) = match unknown.as_slice() {
            [] => (Vec::new(), Vec::new()),
            specs => (
                self.known_names(request).await,
                self.list_wheels(request, specs).await,
            ),
        };
        let context = explain::Context {
            subdir: request.subdir,
            channels: request.channels.to_vec(),
            wanted,
            pinned: request.pinned.to_vec(),
            names,
            wheels,
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

    /// All names of the channels, for suggestions; empty if they cannot be read.
    async fn known_names(&self, request: &SolveRequest<'_>) -> Vec<String> {
        let Ok(session) = self.session() else {
            return Vec::new();
        };
        let channels = request.channels.iter().cloned();
        let names = session.gateway.names(channels, subdirs(request.subdir));
        let names = session.pool.run(names.into_future()).await;
        let names = names.unwrap_or_default();
        names
            .iter()
            .map(|name| name.as_normalized().to_owned())
            .collect()
    }

    /// Wheels of packages that no channel has as a conda package, for explanations; empty if they cannot be read.
    async fn list_wheels(
        &self,
        request: &SolveRequest<'_>,
        unknown: &[&MatchSpec],
    ) -> Vec<WheelFile> {
        let Ok(session) = self.session() else {
            return Vec::new();
        };
        let names: Vec<MatchSpec> = unknown
            .iter()
            .map(|spec| MatchSpec {
                name: spec.name.clone(),
                ..MatchSpec::default()
            })
            .collect();
        let notices = Notices::default();
        self.loading(&session, request, &notices)
            .list_wheels(&names)
            .await
    }

    fn session(&self) -> Result<Arc<Session>, SolveError> {
        let mut session = self.lock();
        if let Some(session) = session.as_ref() {
            return Ok(Arc::clone(session));
        }
        let opened = Arc::new(Session::open(&self.options, self.keeper.clone())?);
        *session = Some(Arc::clone(&opened));
        Ok(opened)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Session>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What there is before a solve.
enum Found {
    /// The answer.
    Remembered(Closure),
    /// The records to choose from, and why there is no answer yet.
    Loaded(Vec<RepoData>, Option<String>),
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
                reason: shown_text(&rejection.to_string()),
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

/// The specs without implied ones of which no record was loaded: no channel has the package, or nothing that was
/// loaded implies it.
fn offered_specs(specs: &[Requested], universe: &Universe) -> Vec<Requested> {
    let is_offered = |wanted: &&Requested| {
        let name = wanted.spec.name.as_exact();
        let mut records = name
            .into_iter()
            .flat_map(|name| universe.records_of(name.as_normalized()));
        !wanted.is_implied || records.next().is_some()
    };
    specs.iter().filter(is_offered).cloned().collect()
}

/// The closure of records as the solver has them.
pub(crate) fn closure(
    request: &SolveRequest<'_>,
    records: Vec<RepoDataRecord>,
) -> Result<Closure, SolveError> {
    let packages = records.into_iter().map(|record| {
        let name = record.package_record.name.clone();
        let asked = request
            .specs
            .iter()
            .filter(|wanted| !wanted.is_implied && wanted.spec.name.as_exact() == Some(&name));
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

/// A record as a closure has it: without stand-ins and credentials.
pub(crate) fn presentable(record: RepoDataRecord) -> RepoDataRecord {
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
