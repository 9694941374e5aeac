//! What an update did, for people and machines. The JSON has the keys that conda's consumers read.

use std::path::PathBuf;

use larder_fetch::{FetchPlan, FetchSummary};
use larder_link::{Difference, Installed, Updated};
use rattler_conda_types::Subdir;
use serde::Serialize;

use crate::{
    LinkedPackage, LockChanges, Origin, Sources,
    channel_name::{self, name},
    create::{CreateReport, linked},
    fetch_record::{FetchRecord, fetch_records},
    pip::PipChange,
};

/// conda says these very words.
const NOTHING_TO_DO: &str = "All requested packages already installed.";

/// What was done.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateReport {
    /// Always true: a failure has no report.
    pub success: bool,
    /// What conda's consumers look for when there was nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
    /// The environment's directory, absolute.
    pub prefix: PathBuf,
    /// Whether nothing was changed on request.
    pub dry_run: bool,
    /// Whether there was no environment, so that one was made.
    pub created: bool,
    /// For which subdir.
    pub subdir: String,
    /// How the packages were decided on; nothing where the environment was known to be up to date.
    pub solve: Option<Origin>,
    /// How the packages differ from those of the lock, where specs were added to a manifest that has one.
    pub lock_changes: Option<LockChanges>,
    /// What is fetched, linked and unlinked, as conda reports it.
    pub actions: UpdateActions,
    /// How many packages stayed as they were.
    pub kept: usize,
    /// How many archives were in the store.
    pub reused: usize,
    /// How many archives were fetched (or would be).
    pub fetched: usize,
    /// How many bytes were fetched (or would be, as far as the records say).
    pub fetched_bytes: u64,
    /// How many packages of the `pip:` section are installed.
    pub pip_packages: usize,
    /// Whether packages of the `pip:` section are installed or removed.
    pub pip_changed: bool,
    /// Where the archives came from; a dry run knows of the store alone.
    pub sources: Sources,
    /// How many files and links came.
    pub linked_paths: u64,
    /// How many files and links went for good.
    pub unlinked_paths: u64,
    /// How many bytes were written because they could not be linked.
    pub written_bytes: u64,
    /// Files that somebody had changed or put in the way of a package, which are kept aside.
    pub saved: Vec<String>,
    /// How long everything took.
    pub milliseconds: u64,
}

/// conda's `actions`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct UpdateActions {
    /// Full records of the packages whose archive is not in the store; in a dry run, of all new packages.
    pub fetch: Vec<FetchRecord>,
    /// Packages that come.
    pub link: Vec<LinkedPackage>,
    /// Packages that go.
    pub unlink: Vec<LinkedPackage>,
    /// The environment's directory.
    pub prefix: PathBuf,
}

impl UpdateReport {
    /// Of an environment that is as it should be.
    pub(super) fn up_to_date(prefix: PathBuf, subdir: Subdir, solve: Option<Origin>) -> Self {
        Self {
            success: true,
            message: Some(NOTHING_TO_DO),
            dry_run: false,
            created: false,
            subdir: subdir.to_string(),
            solve,
            lock_changes: None,
            actions: UpdateActions {
                fetch: Vec::new(),
                link: Vec::new(),
                unlink: Vec::new(),
                prefix: prefix.clone(),
            },
            prefix,
            kept: 0,
            reused: 0,
            fetched: 0,
            fetched_bytes: 0,
            pip_packages: 0,
            pip_changed: false,
            sources: Sources::default(),
            linked_paths: 0,
            unlinked_paths: 0,
            written_bytes: 0,
            saved: Vec::new(),
            milliseconds: 0,
        }
    }

    /// Of one that was made because there was none.
    pub(super) fn created(report: CreateReport) -> Self {
        Self {
            message: None,
            dry_run: report.dry_run,
            created: true,
            subdir: report.subdir,
            solve: Some(report.solve),
            lock_changes: report.lock_changes,
            actions: UpdateActions {
                fetch: report.actions.fetch,
                link: report.actions.link,
                unlink: Vec::new(),
                prefix: report.actions.prefix,
            },
            prefix: report.prefix,
            success: true,
            kept: 0,
            reused: report.reused,
            fetched: report.fetched,
            fetched_bytes: report.fetched_bytes,
            pip_packages: report.pip_packages,
            pip_changed: report.pip_packages > 0,
            sources: report.sources,
            linked_paths: report.paths,
            unlinked_paths: 0,
            written_bytes: report.written_bytes,
            saved: Vec::new(),
            milliseconds: report.milliseconds,
        }
    }

    /// What is about to be done.
    pub(super) fn planned(&mut self, difference: &Difference<'_>, plan: &FetchPlan) {
        self.message = difference.is_settled().then_some(NOTHING_TO_DO);
        let link = difference.link.iter().copied();
        self.actions.fetch = fetch_records(link.clone(), plan, self.dry_run);
        self.actions.link = link.map(linked).collect();
        self.actions.unlink = difference
            .unlink
            .iter()
            .map(|gone| unlinked(gone))
            .collect();
        self.kept = difference.keep.len();
        self.reused = plan.present.len();
        self.sources = Sources::of(plan);
        self.fetched = plan.missing.len();
        self.fetched_bytes = plan.bytes();
    }

    /// What is about to be done with the `pip:` section. An environment in which only that changes is not up to date.
    pub(super) fn planned_pip(&mut self, change: &PipChange) {
        self.pip_packages = change.install.packages.len();
        self.pip_changed = !change.remove.is_empty() || change.passes_on || self.pip_packages > 0;
        if self.pip_changed {
            self.message = None;
        }
    }

    /// What was really fetched: the first round replaces what was planned.
    pub(super) fn fetched(&mut self, summary: &FetchSummary, is_first: bool) {
        if is_first {
            (self.fetched, self.fetched_bytes) = (0, 0);
        }
        self.sources.add(summary);
        self.fetched += summary.fetched;
        self.fetched_bytes += summary.bytes;
    }

    pub(super) fn updated(&mut self, updated: Updated) {
        self.linked_paths = updated.linked;
        self.unlinked_paths = updated.unlinked;
        self.written_bytes = updated.bytes_written;
        self.saved = updated.saved;
    }
}

fn unlinked(package: &Installed) -> LinkedPackage {
    let base_url = channel_name::base_url(&package.channel, &package.subdir);
    LinkedPackage {
        build_number: package.build_number,
        build_string: package.build.clone(),
        channel: name(&base_url),
        dist_name: package.dist(),
        name: package.name.clone(),
        platform: package.subdir.clone(),
        version: package.version.clone(),
        url: larder_manifest::without_credentials(&package.url),
        size: None,
        is_missing: false,
        base_url: larder_manifest::without_credentials(&base_url),
    }
}
