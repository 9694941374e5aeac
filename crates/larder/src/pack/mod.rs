//! `larder pack`: one file with a lock and every archive that it needs (PACK.md of larder-pack).
//!
//! Never solves: what is packed is what a lock or an environment says, byte for byte.

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use larder_event::Reporter;
use larder_fetch::FetchPlan;
use larder_fs::Durability;
use serde::Serialize;

use crate::{
    LockedSource, PlatformChoice, Settings,
    gather::Gatherer,
    locked_source::{Sourced, read_source},
    materialize::stored,
    network::LazyNetwork,
    pip::PipFetch,
};

mod aids;
mod error;
mod layout;
mod wheels;
mod write;

pub use error::PackOperationError;
use layout::Packed;
use wheels::Wheels;

/// What to pack.
#[derive(Debug, Clone)]
pub struct PackOptions {
    /// Where the packages are taken from.
    pub source: LockedSource,
    /// For which platforms.
    pub platforms: PlatformChoice,
    /// The environment's name; none means that of the manifest or of the environment.
    pub name: Option<String>,
    /// The file to write.
    pub output: PathBuf,
    /// Fetch and write nothing.
    pub dry_run: bool,
}

/// What was packed.
#[derive(Debug, Clone, Serialize)]
pub struct PackReport {
    /// Always true: a failure has no report.
    pub success: bool,
    /// The pack, absolute.
    pub path: PathBuf,
    /// Whether nothing was written on request.
    pub dry_run: bool,
    /// The environment's name, if it has one.
    pub name: Option<String>,
    /// How many packages each platform has.
    pub packages: BTreeMap<String, usize>,
    /// How many archives were in the store.
    pub reused: usize,
    /// How many archives were fetched (or would be).
    pub fetched: usize,
    /// How many bytes were fetched (or would be, as far as the records say).
    pub fetched_bytes: u64,
    /// How many different archives are in the pack.
    pub archives: usize,
    /// How many different wheels, and sources of such, are in the pack.
    pub wheels: usize,
    /// The pack's size in bytes.
    pub size: u64,
    /// The pack's digest, for `larder unpack --sha256`.
    pub sha256: Option<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// Writes a pack. The same packages, name and variables give the same bytes.
///
/// # Errors
/// See [`PackOperationError`]. A pack that was there is unchanged then; archives that were fetched stay
/// in the store.
pub async fn pack(
    options: &PackOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<PackReport, PackOperationError> {
    let begun = Instant::now();
    let mut source = read_source(&options.source, &options.platforms, settings, reporter)?;
    if options.name.is_some() {
        source.name.clone_from(&options.name);
    }
    let store = crate::store::open(settings, Durability::Flush, reporter)?;
    let network = LazyNetwork::new(settings, source.credentials.clone());
    let gatherer = Gatherer {
        settings,
        store: &store,
        network: &network,
        reporter,
    };
    let path = settings.absolute(&options.output);
    let mut report = PackReport::new(path, &source, options.dry_run);
    let mut plans = Vec::new();
    // Until everything is written; a dry run writes nothing.
    let mut pins = Vec::new();
    for closure in &source.closures {
        if !options.dry_run {
            pins.push(crate::store::pin(&store, closure, reporter));
        }
        let plan = gatherer.plan(closure)?;
        report.plan(&plan);
        plans.push(plan);
    }
    let wheels = Wheels {
        source: &source,
        fetch: PipFetch {
            settings,
            store: &store,
            reporter,
        },
    };
    pins.extend(wheels.pin(options.dry_run));
    wheels.plan(&mut report)?;
    if !options.dry_run {
        Packing {
            source: &source,
            gatherer,
            wheels,
        }
        .run(plans, &mut report)
        .await?;
    }
    report.milliseconds = crate::elapsed_milliseconds(begun);
    Ok(report)
}

struct Packing<'a> {
    source: &'a Sourced,
    gatherer: Gatherer<'a>,
    wheels: Wheels<'a>,
}

impl Packing<'_> {
    /// A damaged store costs time, never more: each round mends what the one before set aside.
    async fn run(
        &self,
        mut plans: Vec<FetchPlan>,
        report: &mut PackReport,
    ) -> Result<(), PackOperationError> {
        (report.fetched, report.fetched_bytes) = (0, 0);
        let mut rounds = 0;
        loop {
            rounds += 1;
            let packed = self.gather(&plans, report).await?;
            match self.write(&packed, report) {
                Err(error)
                    if error.is_mended_by_fetching()
                        && rounds <= packed.archives.len() + packed.wheels.len() =>
                {
                    self.gatherer
                        .reporter
                        .warn("store::damaged", format!("{error}: it is fetched anew"));
                    plans = self.plan()?;
                }
                other => return other,
            }
        }
    }

    fn plan(&self) -> Result<Vec<FetchPlan>, PackOperationError> {
        let closures = self.source.closures.iter();
        Ok(closures
            .map(|closure| self.gatherer.plan(closure))
            .collect::<Result<_, _>>()?)
    }

    /// Every package of every platform with its archive.
    async fn gather(
        &self,
        plans: &[FetchPlan],
        report: &mut PackReport,
    ) -> Result<Packed<'_>, PackOperationError> {
        let mut packed = Packed::default();
        for (closure, plan) in self.source.closures.iter().zip(plans) {
            let summary = self.gatherer.fetch(plan).await?;
            report.fetched += summary.fetched;
            report.fetched_bytes += summary.bytes;
            packed.archives.extend(stored(closure, &summary.objects));
        }
        packed.wheels = self.wheels.fetch(report).await?;
        Ok(packed)
    }

    fn write(
        &self,
        packed: &Packed<'_>,
        report: &mut PackReport,
    ) -> Result<(), PackOperationError> {
        let store = self.gatherer.store;
        let layout = layout::lay_out(self.source, packed, store)?;
        let written = write::write(&layout, &report.path, store, self.gatherer.reporter)?;
        report.archives = layout.index.archives().count();
        report.wheels = layout.index.wheels().count();
        let files = report.archives + report.wheels;
        report.reused = files.saturating_sub(report.fetched);
        report.size = written.size;
        report.sha256 = Some(written.sha256.to_hex());
        Ok(())
    }
}

impl PackReport {
    fn new(path: PathBuf, source: &Sourced, dry_run: bool) -> Self {
        let count = |closure: &larder_lock::Closure| {
            (closure.subdir().to_string(), closure.packages().len())
        };
        Self {
            success: true,
            path,
            dry_run,
            name: source.name.clone(),
            packages: source.closures.iter().map(count).collect(),
            reused: 0,
            fetched: 0,
            fetched_bytes: 0,
            archives: 0,
            wheels: 0,
            size: 0,
            sha256: None,
            milliseconds: 0,
        }
    }

    fn plan(&mut self, plan: &FetchPlan) {
        self.reused += plan.present.len();
        self.fetched += plan.missing.len();
        self.fetched_bytes += plan.bytes();
    }
}
