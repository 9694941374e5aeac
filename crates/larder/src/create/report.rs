//! What was done, for people and machines. The JSON has the keys that conda's consumers read.

use std::path::{Path, PathBuf};

use larder_fetch::{FetchPlan, FetchSummary, redact};
use larder_lock::{Closure, LockedPackage};
use rattler_conda_types::Subdir;
use serde::Serialize;

use crate::{
    LockChanges, Origin, Sources,
    channel_name::name,
    fetch_record::{FetchRecord, fetch_records},
};

use super::install::Installed;

/// What was done.
#[derive(Debug, Clone, Serialize)]
pub struct CreateReport {
    /// Always true: a failure has no report.
    pub success: bool,
    /// The environment's directory, absolute.
    pub prefix: PathBuf,
    /// Whether nothing was changed on request.
    pub dry_run: bool,
    /// Whether another run made this very environment while this one waited for it.
    pub made_by_another: bool,
    /// For which subdir.
    pub subdir: String,
    /// How the closure was come by.
    pub solve: Origin,
    /// Why no earlier solve could be used, where the solver ran.
    pub why_no_memo: Option<String>,
    /// How the packages differ from those of the lock, where specs were added to a manifest that has one.
    pub lock_changes: Option<LockChanges>,
    /// Whether there is a manifest that could be locked.
    #[serde(skip)]
    pub can_lock: bool,
    /// What is fetched and linked, as conda reports it.
    pub actions: Actions,
    /// How many archives were in the store.
    pub reused: usize,
    /// How many archives were fetched (or would be).
    pub fetched: usize,
    /// How many bytes were fetched (or would be, as far as the records say).
    pub fetched_bytes: u64,
    /// How many packages of the `pip:` section are in it, in addition to `actions.LINK`.
    pub pip_packages: usize,
    /// Where the archives came from; a dry run knows of the store alone.
    pub sources: Sources,
    /// Whether `fetched_bytes` is what was fetched rather than what is planned.
    #[serde(skip)]
    is_fetched: bool,
    /// How many paths the environment got.
    pub paths: u64,
    /// How many bytes were written because they could not be linked.
    pub written_bytes: u64,
    /// How long reading and solving took.
    pub solve_milliseconds: u64,
    /// How long fetching took.
    pub fetch_milliseconds: u64,
    /// How long unpacking and linking took.
    pub link_milliseconds: u64,
    /// How long everything took.
    pub milliseconds: u64,
}

/// conda's `actions`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct Actions {
    /// Full records of the packages whose archive is not in the store; in a dry run, of all packages.
    pub fetch: Vec<FetchRecord>,
    /// All packages.
    pub link: Vec<LinkedPackage>,
    /// The environment's directory.
    pub prefix: PathBuf,
}

/// A package as conda reports it.
#[derive(Debug, Clone, Serialize)]
pub struct LinkedPackage {
    /// The channel's base URL.
    pub base_url: String,
    /// The build number.
    pub build_number: u64,
    /// The build string.
    pub build_string: String,
    /// The channel's name.
    pub channel: String,
    /// `name-version-build`.
    pub dist_name: String,
    /// The package name.
    pub name: String,
    /// The subdir that the package is from.
    pub platform: String,
    /// The version.
    pub version: String,
    /// Where the archive is, without credentials.
    pub url: String,
    /// The archive's size in bytes, if known.
    pub size: Option<u64>,
    /// Whether the archive has to be downloaded, for the text of a dry run.
    #[serde(skip)]
    pub is_missing: bool,
}

impl CreateReport {
    pub(super) fn new(
        prefix: &Path,
        subdir: Subdir,
        solve: Origin,
        closure: &Closure,
        plan: &FetchPlan,
        dry_run: bool,
    ) -> Self {
        let is_missing = |package: &LockedPackage| {
            let mut missing = plan.missing.iter();
            missing.any(|missing| missing.name == package.name())
        };
        Self {
            success: true,
            prefix: prefix.to_owned(),
            dry_run,
            made_by_another: false,
            subdir: subdir.to_string(),
            solve,
            why_no_memo: None,
            lock_changes: None,
            can_lock: false,
            actions: Actions {
                fetch: fetch_records(closure.packages().iter(), plan, dry_run),
                link: closure
                    .packages()
                    .iter()
                    .map(|package| LinkedPackage {
                        is_missing: is_missing(package),
                        ..linked(package)
                    })
                    .collect(),
                prefix: prefix.to_owned(),
            },
            reused: plan.present.len(),
            fetched: plan.missing.len(),
            fetched_bytes: plan.bytes(),
            pip_packages: 0,
            sources: Sources::of(plan),
            is_fetched: false,
            paths: 0,
            written_bytes: 0,
            solve_milliseconds: 0,
            fetch_milliseconds: 0,
            link_milliseconds: 0,
            milliseconds: 0,
        }
    }

    /// Adds what one round fetched; the first replaces what was planned.
    pub(super) fn add_fetched(&mut self, summary: &FetchSummary) {
        if !std::mem::replace(&mut self.is_fetched, true) {
            (self.fetched, self.fetched_bytes) = (0, 0);
        }
        self.sources.add(summary);
        self.fetched += summary.fetched;
        self.fetched_bytes += summary.bytes;
        self.reused = self.actions.link.len().saturating_sub(self.fetched);
    }

    /// Adds the pip packages of the new environment, whose files were fetched before the others.
    pub(super) fn add_pip(&mut self, packages: usize, fetch_milliseconds: u64) {
        self.pip_packages = packages;
        self.fetch_milliseconds += fetch_milliseconds;
    }

    /// Nothing was fetched or linked.
    pub(super) fn made_by_another(&mut self) {
        self.made_by_another = true;
        self.actions.fetch.clear();
        self.actions.link.clear();
        (self.reused, self.fetched, self.fetched_bytes) = (0, 0, 0);
        self.sources = Sources::default();
    }

    pub(super) fn linked(&mut self, installed: &Installed, milliseconds: u64) {
        self.paths = installed.paths;
        self.written_bytes = installed.bytes_written;
        self.link_milliseconds = milliseconds;
    }
}

pub(crate) fn linked(package: &LockedPackage) -> LinkedPackage {
    let record = &package.record.package_record;
    let base_url = package
        .record
        .channel
        .clone()
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned();
    LinkedPackage {
        build_number: record.build_number,
        build_string: record.build.to_string(),
        channel: name(&base_url),
        dist_name: package.dist(),
        name: package.name().to_owned(),
        platform: record.subdir.clone(),
        version: record.version.to_string(),
        url: redact(&package.record.url),
        size: record.size,
        is_missing: false,
        base_url,
    }
}
