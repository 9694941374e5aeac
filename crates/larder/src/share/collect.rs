//! `larder store gc --remote`: what nobody needs any more leaves the remote.

use std::time::{Duration, Instant, SystemTime};

use larder_event::{Event, Phase, Reporter};
use larder_share::CollectOptions;
use serde::Serialize;

use super::{ShareOperationError, push::remote_of};
use crate::Settings;

/// What may go.
#[derive(Debug, Clone)]
pub struct RemoteGcOptions {
    /// How long what was pushed counts after its last push; none means 30 days.
    pub life: Option<Duration>,
    /// What was written or used since stays; none means 2 days.
    pub grace: Option<Duration>,
    /// Change nothing.
    pub dry_run: bool,
    /// The time here, for a dry run.
    pub now: SystemTime,
}

/// What went, or would go.
#[derive(Debug, Clone, Serialize)]
pub struct RemoteGcReport {
    /// Always true: a failure has no report.
    pub success: bool,
    /// Without credentials.
    pub remote: String,
    /// Whether nothing was changed on request.
    pub dry_run: bool,
    /// The objects that went, or would; of packs, the objects of the remote.
    pub objects: Vec<String>,
    /// How many that are.
    pub removed: usize,
    /// How many bytes that frees.
    pub freed_bytes: u64,
    /// How many stay.
    pub kept: usize,
    /// How many bytes these have.
    pub kept_bytes: u64,
    /// How many were about to go when somebody pushed what needs them.
    pub spared: usize,
    /// How many pushes count.
    pub roots: usize,
    /// How many records of pushes went, because they are old.
    pub expired_roots: usize,
    /// How many remembered solves went.
    pub solves: usize,
    /// How long it took.
    pub seconds: f64,
}

/// Removes from the remote what no push of late needs.
///
/// # Errors
/// See [`ShareOperationError`]. What was removed until then is gone, which costs whoever wants it a download.
pub async fn gc_remote(
    options: &RemoteGcOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<RemoteGcReport, ShareOperationError> {
    let begun = Instant::now();
    let share = remote_of(settings)?;
    share.probe().await?;
    let default = CollectOptions::new(options.now);
    let options = CollectOptions {
        life: options.life.unwrap_or(default.life),
        grace: options.grace.unwrap_or(default.grace),
        dry_run: options.dry_run,
        now: options.now,
    };
    let (total, bytes) = (0, 0);
    reporter.event(&Event::PhaseStarted {
        phase: Phase::Collect,
        total,
        bytes,
    });
    let collected = share.shelf().collect(&options).await?;
    reporter.event(&Event::PhaseFinished {
        phase: Phase::Collect,
        milliseconds: crate::elapsed_milliseconds(begun),
    });
    Ok(RemoteGcReport {
        success: true,
        remote: share.url().to_owned(),
        dry_run: options.dry_run,
        removed: collected.removed.len(),
        freed_bytes: collected.removed.values().sum(),
        objects: collected.removed.into_keys().collect(),
        kept: collected.kept,
        kept_bytes: collected.kept_bytes,
        spared: collected.spared,
        roots: collected.roots,
        expired_roots: collected.expired_roots,
        solves: collected.notes,
        seconds: begun.elapsed().as_secs_f64(),
    })
}
