//! `larder store push`: what the remote lacks is put there.

use std::{collections::BTreeSet, path::Path, time::Instant};

use larder_event::{Event, Phase, Reporter};
use larder_fs::Durability;
use larder_share::{Load, Note, Put, StoreSource, Weighed};
use larder_store::Store;
use serde::Serialize;

use super::{
    Share, ShareChoice, ShareOperationError, chain, memos,
    wanted::{Meant, checksum},
};
use crate::{PlatformChoice, Settings};

/// What to put on the remote.
#[derive(Debug, Clone, Default)]
pub struct PushOptions {
    /// Which objects.
    pub choice: ShareChoice,
    /// Look only.
    pub dry_run: bool,
}

/// What was put there, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct PushReport {
    /// Whether all that is in the store was sent, or would be.
    pub success: bool,
    /// Without credentials.
    pub remote: String,
    /// Whether nothing was changed on request.
    pub dry_run: bool,
    /// How many objects were meant and are in the store.
    pub objects: usize,
    /// How many bytes these have.
    pub bytes: u64,
    /// How many of them were sent, or would be.
    pub sent: usize,
    /// How many bytes these have.
    pub sent_bytes: u64,
    /// How many were there.
    pub already_there: usize,
    /// How many bytes these have.
    pub already_there_bytes: u64,
    /// How many of those sent replaced damaged ones.
    pub mended: usize,
    /// How many remembered solves were sent.
    pub solves: usize,
    /// How many bytes were sent besides those of objects: roots, indexes, remembered solves.
    pub other_bytes: u64,
    /// What is meant and not in the store, by file name.
    pub missing: Vec<String>,
    /// What is damaged in the store, by file name, and so was not sent.
    pub damaged: Vec<String>,
    /// What a collection of the remote was about to remove, by file name: the next push sees to it.
    pub doubtful: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// Puts on the remote what it lacks. What it has taken stays there when it fails: the next push continues.
///
/// # Errors
/// See [`ShareOperationError`].
pub async fn push(
    options: &PushOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<PushReport, ShareOperationError> {
    let share = remote_of(settings)?;
    let store = crate::store::open(settings, Durability::Flush, reporter)?;
    let notes = match options.choice {
        ShareChoice::Roots | ShareChoice::All => memos::memos_of(&store),
        ShareChoice::Environment(_) => share.memos_of_run(&store),
        ShareChoice::Locks(_) => Vec::new(),
    };
    let pushing = Pushing {
        share,
        store: &store,
        settings,
        reporter,
    };
    pushing.push(options, &notes).await
}

/// As [`push`], for an environment that was just made. That it does not work stops nothing: a warning, or a note
/// where the remote lets us only read, says why.
pub async fn push_environment(prefix: &Path, settings: &Settings, reporter: &dyn Reporter) {
    let Some(share) = &settings.share else {
        return;
    };
    if share.is_down() || settings.offline {
        return;
    }
    let options = PushOptions {
        choice: ShareChoice::Environment(prefix.to_owned()),
        dry_run: false,
    };
    match push(&options, settings, reporter).await {
        Ok(report) => reporter.note(format!(
            "{} objects ({} bytes) were sent to {}, {} were there",
            report.sent, report.sent_bytes, report.remote, report.already_there
        )),
        Err(ShareOperationError::Remote(error)) if error.is_forbidden() => {
            reporter.note(format!("nothing is pushed: {}", chain(&error)));
        }
        Err(error) => {
            let text = format!("not everything is pushed: {}", chain(&error));
            reporter.warn("share::push", text);
        }
    }
}

/// The remote that may be asked.
pub(super) fn remote_of(settings: &Settings) -> Result<&Share, ShareOperationError> {
    let share = settings
        .share
        .as_ref()
        .ok_or(ShareOperationError::NoRemote)?;
    if settings.offline {
        let url = share.url().to_owned();
        return Err(ShareOperationError::Offline { url });
    }
    Ok(share)
}

struct Pushing<'a> {
    share: &'a Share,
    store: &'a Store,
    settings: &'a Settings,
    reporter: &'a dyn Reporter,
}

impl Pushing<'_> {
    async fn push(
        &self,
        options: &PushOptions,
        notes: &[Note],
    ) -> Result<PushReport, ShareOperationError> {
        let begun = Instant::now();
        let place = (self.store, self.settings);
        let meant = Meant::new(&options.choice, &PlatformChoice::All, place)?;
        // Nobody collects them here meanwhile.
        let _pin = self
            .store
            .pin(meant.objects.keys().copied().map(checksum))
            .ok();
        let (objects, missing) = self.here(&meant)?;
        let bytes = objects.iter().map(|weighed| weighed.size).sum();
        self.reporter.event(&Event::PhaseStarted {
            phase: Phase::Push,
            total: objects.len() as u64,
            bytes,
        });
        let put = self.put(options, (&objects, notes), &meant.name).await?;
        self.reporter.event(&Event::PhaseFinished {
            phase: Phase::Push,
            milliseconds: crate::elapsed_milliseconds(begun),
        });
        for unsent in &put.unsent {
            let text = format!("{} is not sent: {}", meant.shown(unsent.id), unsent.reason);
            self.reporter.warn("store::damaged", text);
        }
        let mut report = PushReport::of(&put, &meant);
        report.remote = self.share.url().to_owned();
        report.dry_run = options.dry_run;
        (report.objects, report.bytes) = (objects.len(), bytes);
        report.missing.extend(missing);
        report.missing.sort();
        report.seconds = begun.elapsed().as_secs_f64();
        Ok(report)
    }

    /// What is in the store, and the names of what is not.
    fn here(&self, meant: &Meant) -> Result<(Vec<Weighed>, Vec<String>), ShareOperationError> {
        let (mut objects, mut missing) = (Vec::new(), Vec::new());
        for id in meant.objects.keys().copied() {
            match self.store.find(id.kind, &checksum(id))? {
                Some(object) => objects.push(Weighed {
                    id,
                    size: object.size,
                }),
                None => missing.push(meant.shown(id)),
            }
        }
        Ok((objects, missing))
    }

    async fn put(
        &self,
        options: &PushOptions,
        (objects, notes): (&[Weighed], &[Note]),
        name: &str,
    ) -> Result<Put, ShareOperationError> {
        let damaged: BTreeSet<_> = self.share.damaged().clone();
        let told = |bytes| {
            let phase = Phase::Push;
            self.reporter.event(&Event::Progressed { phase, bytes });
        };
        let load = Load {
            objects,
            notes,
            root: (!objects.is_empty()).then_some(name),
            damaged: &damaged,
            source: &StoreSource::new(self.store),
            limits: self.share.limits(),
            told: &told,
            dry_run: options.dry_run,
        };
        Ok(self.share.shelf().put(&load).await?)
    }
}

impl PushReport {
    fn of(put: &Put, meant: &Meant) -> Self {
        let bytes = |all: &[Weighed]| all.iter().map(|weighed| weighed.size).sum();
        Self {
            success: put.unsent.is_empty(),
            remote: String::new(),
            dry_run: false,
            objects: 0,
            bytes: 0,
            sent: put.sent.len(),
            sent_bytes: bytes(&put.sent),
            already_there: put.present.len(),
            already_there_bytes: bytes(&put.present),
            mended: put.mended.len(),
            solves: put.notes,
            other_bytes: put.other_bytes,
            missing: meant.nameless.clone(),
            damaged: put
                .unsent
                .iter()
                .map(|unsent| meant.shown(unsent.id))
                .collect(),
            doubtful: put.doubtful.iter().map(|id| meant.shown(*id)).collect(),
            seconds: 0.0,
        }
    }
}
