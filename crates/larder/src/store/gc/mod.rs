//! `larder store gc`: removes what nobody needs from the store, with all that lies beside the objects.
//!
//! Safe while others create: larder-store looks last at what is used (FORMAT.md, "Collection"); memos and
//! indexes are only ever missed as time.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use larder_event::Reporter;
use larder_fs::{Durability, PathError};
use larder_store::{
    Candidate, Checksum, CollectError, CollectOptions, CollectPlan, CollectPolicy, CollectReport,
    ObjectKind, OpenError, RootKind, Store,
};
use serde::Serialize;

use super::{inspect::seconds, names::Names, roots::is_alive};
use crate::{Explain, InputError, Kind, Settings, confirmed::Confirmed};

mod beside;
mod derived;
mod keep;

use beside::{Beside, Limits, Removed};
use derived::Derived;
use keep::Kept;

/// Longer than the pauses of a download: who has written to a file in `tmp/` since is alive.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
/// Long enough for a person to look at what was damaged, and for memos and indexes to be used again.
const LONG: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What stays. Without any of these: what a living environment or lock needs.
#[derive(Debug, Clone)]
pub struct GcOptions {
    /// Locks: exactly what they name stays, for all their platforms, whatever else is there.
    pub keep: Vec<PathBuf>,
    /// What has not been used for so long goes, environments and locks that old count no more.
    pub unused_for: Option<Duration>,
    /// The store is at most so large: what was not used for longest goes first.
    pub max_bytes: Option<u64>,
    /// Remove trees that nothing needs as well.
    pub trees: bool,
    /// Change nothing.
    pub dry_run: bool,
    /// The time, for ages.
    pub now: SystemTime,
}

/// What was removed, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct GcReport {
    /// Always true: a failure has no report.
    pub success: bool,
    /// The store's directory.
    pub store: PathBuf,
    /// Whether nothing was changed on request.
    pub dry_run: bool,
    /// The archives that were found to go, least needed first.
    pub archives: Vec<GcArchive>,
    /// How many of them were removed (or would be).
    pub removed: usize,
    /// How many were needed after all, because somebody began to use them meanwhile.
    pub spared: usize,
    /// Archives that this user may not remove.
    pub refused: usize,
    /// How many bytes were freed (or would be), all in all.
    pub freed_bytes: u64,
    /// How many archives stay.
    pub kept: usize,
    /// How many bytes these have.
    pub kept_bytes: u64,
    /// How many records of environments and locks were removed, because these are gone or unused.
    pub roots: usize,
    /// How many remembered solves were removed.
    pub memos: usize,
    /// How many channel indexes, and parts of such, were removed.
    pub indexes: usize,
    /// How many files of sealed bytecode were removed, because their package's archive is gone.
    pub bytecode: usize,
    /// How many trees were removed, if that was asked for.
    pub trees: usize,
    /// How many trees stay, if they were looked at.
    pub kept_trees: Option<usize>,
    /// How many wheels that were built on this machine were removed with the trees, because nothing needs
    /// their sources.
    pub built_wheels: usize,
    /// How many environments for uv and pip were removed with the trees, because nobody used them lately.
    pub tools: usize,
    /// How many other left-over files were removed.
    pub left_over: usize,
    /// With `--keep`: file names of archives that the locks name and the store does not have.
    pub missing: Vec<String>,
}

/// An archive that goes.
#[derive(Debug, Clone, Serialize)]
pub struct GcArchive {
    /// `numpy-2.0.0-py311_0.conda`, if any environment or lock told its name.
    pub name: Option<String>,
    /// The name of the object.
    pub object: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last used, in seconds since 1970.
    pub last_used: u64,
    /// Whether an environment or lock needs it all the same.
    pub needed: bool,
}

/// Why nothing, or not everything, was removed.
#[derive(Debug, thiserror::Error)]
pub enum GcError {
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A lock cannot be read.
    #[error(transparent)]
    Lock(#[from] InputError),
    /// There is no such lock.
    #[error("there is no lock at `{}`", path.display())]
    NoLock {
        /// Where it should be.
        path: PathBuf,
    },
    /// The store cannot be read or written.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// What lies beside the objects cannot be read or removed.
    #[error(transparent)]
    Beside(PathError),
}

impl Explain for GcError {
    fn kind(&self) -> Kind {
        match self {
            Self::Open(error) => crate::explain::open_kind(error),
            Self::Lock(error) => error.kind(),
            Self::NoLock { .. } => Kind::Refused,
            Self::Collect(CollectError::Root(error)) => crate::explain::root_kind(error),
            Self::Collect(_) | Self::Beside(_) => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::NoLock { .. } => "lock::missing",
            Self::Collect(error) => error.code(),
            Self::Beside(_) => "store::io",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Open(error) => crate::explain::open_hint(error),
            Self::Lock(error) => error.hint(),
            Self::Collect(CollectError::Root(error)) => crate::explain::root_hint(error),
            _ => None,
        }
    }
}

/// Removes what the options leave nothing of.
///
/// # Errors
/// See [`GcError`]. What was removed until then is gone; everything else can be used as before.
pub fn gc(
    options: &GcOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<GcReport, GcError> {
    let kept = Kept::read(&options.keep, settings)?;
    let store = super::open(settings, Durability::Flush, reporter)?;
    let roots = store.read_recorded_roots().map_err(CollectError::Root)?;
    let names = Names::of(&roots);
    let beside = Beside::find(&store, &limits(options)).map_err(GcError::Beside)?;
    let is_root_alive = |kind: RootKind, path: &Path| is_alive(kind, path);
    let collect = CollectOptions {
        policy: policy(options, &kept, &store, &beside)?,
        is_alive: &is_root_alive,
        now: options.now,
        abandoned: ABANDONED,
        damaged: if options.keep.is_empty() {
            LONG
        } else {
            Duration::ZERO
        },
    };
    let plan = store.plan_collection(&collect)?;
    if plan.foreign_count() > 0 {
        let text = format!(
            "{} entries of `pins` and `md5` in the store are none of larder's and stay: `larder store verify \
             --repair` moves them aside",
            plan.foreign_count()
        );
        reporter.warn("store::foreign", text);
    }
    let mut report = report(&store, options, &plan, &names);
    report.missing = kept.missing(&store);
    let stays = derived::Keep::of(&store, &plan, &roots, options).map_err(GcError::Beside)?;
    let trees = options.trees.then_some(settings.trees.as_path());
    let derive = || stays.apply(&store, trees, options).map_err(GcError::Beside);
    if options.dry_run {
        report.planned(&plan, &beside);
        report.derived(&derive()?);
        return Ok(report);
    }
    let collected = store.collect(&plan, options.now, reporter)?;
    let removed = beside.remove(&store).map_err(GcError::Beside)?;
    report.done(collected, &removed, reporter);
    report.derived(&derive()?);
    let is_there = |checksum: &Checksum| {
        [ObjectKind::Conda, ObjectKind::TarBz2]
            .iter()
            .any(|kind| matches!(store.find(*kind, checksum), Ok(Some(_))))
    };
    Confirmed::of(&store)
        .forget_gone(|sha256| is_there(&Checksum::Sha256(*sha256)))
        .map_err(GcError::Beside)?;
    kept.record(&store, reporter);
    Ok(report)
}

fn limits(options: &GcOptions) -> Limits {
    Limits {
        now: options.now,
        unused_for: match (options.keep.is_empty(), options.unused_for) {
            (false, _) => Duration::ZERO,
            (true, Some(limit)) => limit,
            (true, None) => LONG,
        },
        max_bytes: options.max_bytes,
    }
}

fn policy(
    options: &GcOptions,
    kept: &Kept,
    store: &Store,
    beside: &Beside,
) -> Result<CollectPolicy, GcError> {
    if !options.keep.is_empty() {
        return Ok(CollectPolicy::Exactly(kept.objects(store)?));
    }
    if options.unused_for.is_none() && options.max_bytes.is_none() {
        return Ok(CollectPolicy::Needed);
    }
    Ok(CollectPolicy::Recent {
        unused_for: options.unused_for,
        max_bytes: options
            .max_bytes
            .map(|limit| limit.saturating_sub(beside.kept_bytes())),
    })
}

/// What is known before anything is removed.
fn report(store: &Store, options: &GcOptions, plan: &CollectPlan, names: &Names) -> GcReport {
    let archive = |one: &Candidate| GcArchive {
        name: names.file_name(one.stored.object.id).map(str::to_owned),
        object: one.stored.object.id.to_string(),
        bytes: one.stored.object.size,
        last_used: seconds(one.last_used),
        needed: one.is_needed,
    };
    GcReport {
        success: true,
        store: store.root().to_owned(),
        dry_run: options.dry_run,
        archives: plan.objects.iter().map(archive).collect(),
        removed: 0,
        spared: 0,
        refused: 0,
        freed_bytes: 0,
        kept: plan.kept,
        kept_bytes: plan.kept_bytes,
        roots: 0,
        memos: 0,
        indexes: 0,
        bytecode: 0,
        trees: 0,
        kept_trees: None,
        built_wheels: 0,
        tools: 0,
        left_over: 0,
        missing: Vec::new(),
    }
}

impl GcReport {
    fn planned(&mut self, plan: &CollectPlan, beside: &Beside) {
        let planned = beside.planned();
        self.removed = plan.objects.len();
        self.roots = plan.roots.len();
        self.freed_bytes = plan.freed_bytes();
        self.left_over = plan.leftover_count();
        self.add(&planned);
    }

    fn done(&mut self, collected: CollectReport, removed: &Removed, reporter: &dyn Reporter) {
        self.removed = collected.objects;
        self.spared = collected.spared;
        self.refused = collected.refused.len();
        self.kept += collected.spared + collected.refused.len();
        self.roots = collected.roots;
        self.freed_bytes = collected.bytes;
        self.left_over = collected.left_over;
        self.add(removed);
        if let Some(first) = collected.refused.first() {
            let text = format!(
                "{} archives cannot be removed by this user, the first: {first}",
                collected.refused.len()
            );
            reporter.warn("store::refused", text);
        }
    }

    fn derived(&mut self, derived: &Derived) {
        self.freed_bytes = self.freed_bytes.saturating_add(derived.bytes);
        self.bytecode = derived.bundles;
        self.trees = derived.trees;
        self.kept_trees = derived.kept_trees;
        self.built_wheels = derived.built_wheels;
        self.tools = derived.tools;
    }

    fn add(&mut self, removed: &Removed) {
        self.freed_bytes = self.freed_bytes.saturating_add(removed.bytes);
        self.memos = removed.memos;
        self.indexes = removed.indexes;
        self.left_over += removed.left_over;
    }
}
