//! The operation: everything that is missing, several at a time, the largest first.
//!
//! After the first package that fails no other is begun; those on their way end and stay in the store.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use futures::{StreamExt as _, stream::FuturesUnordered};
use larder_event::{ArchiveSource, Event, Phase, Reporter, elapsed_milliseconds};
use larder_lock::Closure;
use larder_store::{Object, ObjectId, Store};

use crate::{
    Absent, FetchError, FetchOptions, FetchPlan, MissingPackage, PackageFailure, elsewhere::id_of,
    package::fetch_package, plan, progress::Progress, queue::Queue, redact, transfer::Job,
};

/// What a fetch did.
#[derive(Debug, Clone, Default)]
pub struct FetchSummary {
    /// How many archives were in the store.
    pub reused: usize,
    /// How many bytes these have.
    pub reused_bytes: u64,
    /// How many were fetched, from wherever.
    pub fetched: usize,
    /// How many bytes the fetched archives have together.
    pub bytes: u64,
    /// How many of the fetched came from [another place](crate::Elsewhere).
    pub from_elsewhere: usize,
    /// How many bytes these have.
    pub bytes_from_elsewhere: u64,
    /// Every package's archive, by normalized package name: the only way to those whose record has no
    /// digest.
    pub objects: BTreeMap<String, Object>,
}

/// Makes every record of `closure` present in the store: [`plan`], then [`run`].
///
/// # Errors
/// [`FetchError`]; what could be fetched beside what failed is in the store.
pub async fn fetch(
    closure: &Closure,
    store: &Store,
    options: &FetchOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<FetchSummary, FetchError> {
    let plan = plan(closure, store, &options.mirrors)?;
    run(&plan, store, options, reporter).await
}

/// Fetches what `plan` says is missing. Events: the phase, and for each package exactly one
/// [`Event::Fetched`] unless it fails.
///
/// # Errors
/// [`FetchError`]; what could be fetched beside what failed is in the store.
pub async fn run(
    plan: &FetchPlan,
    store: &Store,
    options: &FetchOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<FetchSummary, FetchError> {
    let begun = Instant::now();
    if options.offline {
        refuse_network(plan)?;
    }
    reporter.event(&Event::PhaseStarted {
        phase: Phase::Fetch,
        total: (plan.present.len() + plan.missing.len()) as u64,
        bytes: plan.bytes(),
    });
    let mut summary = reuse(plan, reporter);
    if let Some(elsewhere) = options.elsewhere {
        let wanted: Vec<ObjectId> = plan.missing.iter().filter_map(id_of).collect();
        elsewhere.expect(&wanted).await;
    }
    let outcomes = fetch_all(plan, store, options, reporter).await;
    collect(outcomes, &mut summary)?;
    reporter.event(&Event::PhaseFinished {
        phase: Phase::Fetch,
        milliseconds: elapsed_milliseconds(begun),
    });
    Ok(summary)
}

fn refuse_network(plan: &FetchPlan) -> Result<(), FetchError> {
    let remote = |package: &&MissingPackage| package.urls.iter().all(|url| url.scheme() != "file");
    let mut missing: Vec<Absent> = plan
        .missing
        .iter()
        .filter(remote)
        .map(|package| Absent {
            package: package.package.clone(),
            url: package.urls.first().map(redact).unwrap_or_default(),
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_by(|a, b| a.package.cmp(&b.package));
    Err(FetchError::Offline { missing })
}

fn reuse(plan: &FetchPlan, reporter: &dyn Reporter) -> FetchSummary {
    let mut summary = FetchSummary::default();
    for present in &plan.present {
        reporter.event(&Event::Fetched {
            package: present.package.clone(),
            bytes: present.object.size,
            source: ArchiveSource::Store,
        });
        summary.reused += 1;
        summary.reused_bytes += present.object.size;
        summary
            .objects
            .insert(present.name.clone(), present.object.clone());
    }
    summary
}

/// `None` for a package that was not begun.
type Outcome<'a> = (
    &'a MissingPackage,
    Option<Result<(Object, ArchiveSource), PackageFailure>>,
);

async fn fetch_all<'a>(
    plan: &'a FetchPlan,
    store: &Store,
    options: &FetchOptions<'_>,
    reporter: &dyn Reporter,
) -> Vec<Outcome<'a>> {
    let failed = AtomicBool::new(false);
    let failed = &failed;
    // By index: a closure over references would make a future that cannot be sent to another thread.
    let one = |index: usize| async move {
        let missing = &plan.missing[index];
        if failed.load(Ordering::Relaxed) {
            return (missing, None);
        }
        let job = Job {
            missing,
            store,
            options,
        };
        let outcome = fetch_reported(&job, reporter).await;
        failed.fetch_or(outcome.is_err(), Ordering::Relaxed);
        (missing, Some(outcome))
    };
    let mut queue = Queue::new(plan, options);
    let mut outcomes = Vec::with_capacity(plan.missing.len());
    let mut running = FuturesUnordered::new();
    loop {
        while let Some(begun) = queue.begin() {
            running.push(async move { (begun, one(begun.index).await) });
        }
        let Some((begun, outcome)) = running.next().await else {
            return outcomes;
        };
        queue.end(begun);
        outcomes.push(outcome);
    }
}

async fn fetch_reported(
    job: &Job<'_>,
    reporter: &dyn Reporter,
) -> Result<(Object, ArchiveSource), PackageFailure> {
    let mut progress = Progress::start(reporter, job.missing);
    let (object, source) = fetch_package(job, &mut progress).await?;
    if job.missing.checksum.is_none() {
        reporter.warn(
            "fetch::unverified",
            format!(
                "{} was taken as it came: its record has neither sha256 nor md5 (the archive has sha256 {})",
                job.missing.package, object.id.sha256
            ),
        );
    }
    progress.finished(object.size, source);
    job.options.arrived.of(&job.missing.name, &object);
    Ok((object, source))
}

fn collect(outcomes: Vec<Outcome<'_>>, summary: &mut FetchSummary) -> Result<(), FetchError> {
    let mut failures = Vec::new();
    let mut not_started = 0;
    for (missing, outcome) in outcomes {
        match outcome {
            None => not_started += 1,
            Some(Err(failure)) => failures.push(failure),
            Some(Ok((object, source))) => {
                summary.fetched += 1;
                summary.bytes += object.size;
                if source == ArchiveSource::Remote {
                    summary.from_elsewhere += 1;
                    summary.bytes_from_elsewhere += object.size;
                }
                summary.objects.insert(missing.name.clone(), object);
            }
        }
    }
    failures.sort_by(|a, b| {
        rank(a)
            .cmp(&rank(b))
            .then_with(|| a.package.cmp(&b.package))
    });
    let mut failures = failures.into_iter();
    let Some(first) = failures.next() else {
        return Ok(());
    };
    let mut others: Vec<_> = failures.collect();
    others.sort_by(|a, b| a.package.cmp(&b.package));
    Err(FetchError::Packages {
        first: Box::new(first),
        others,
        not_started,
    })
}

/// Wrong content first, then what trying later will not mend.
fn rank(failure: &PackageFailure) -> u8 {
    match &failure.cause {
        cause if cause.is_wrong_content() => 0,
        cause if cause.is_temporary() => 2,
        _ => 1,
    }
}
