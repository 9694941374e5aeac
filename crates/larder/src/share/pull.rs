//! `larder store pull`: what the store lacks and the remote has comes here.

use std::{collections::BTreeMap, time::Instant};

use larder_event::Reporter;
use larder_fetch::{FetchPlan, FetchSummary, MirrorMap, MissingPackage};
use larder_fs::Durability;
use larder_share::in_time;
use larder_store::{ObjectId, ObjectOrigin, Store};
use serde::Serialize;

use super::{
    Share, ShareChoice, ShareOperationError,
    push::remote_of,
    wanted::{Meant, checksum},
};
use crate::{PlatformChoice, Settings, gather::Gatherer, network, network::LazyNetwork};

/// What to take from the remote.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// Which objects; all means all that the remote has.
    pub choice: ShareChoice,
    /// Of locks.
    pub platforms: PlatformChoice,
    /// Look only.
    pub dry_run: bool,
}

/// What came, or would come.
#[derive(Debug, Clone, Serialize)]
pub struct PullReport {
    /// Always true: a failure has no report.
    pub success: bool,
    /// Without credentials.
    pub remote: String,
    /// Whether nothing was changed on request.
    pub dry_run: bool,
    /// How many objects were meant.
    pub objects: usize,
    /// How many of them came from the remote, or would.
    pub fetched: usize,
    /// How many bytes these have.
    pub fetched_bytes: u64,
    /// How many were damaged there, and came from their channel.
    pub from_channel: usize,
    /// How many were in the store.
    pub already_there: usize,
    /// How many bytes these have.
    pub already_there_bytes: u64,
    /// What the remote has not either, by file name.
    pub missing: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// Takes from the remote what the store lacks. What came stays when it fails: the next pull continues.
///
/// # Errors
/// See [`ShareOperationError`].
pub async fn pull(
    options: &PullOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<PullReport, ShareOperationError> {
    let begun = Instant::now();
    let share = remote_of(settings)?;
    match share.probe().await {
        // Whoever pulls first and pushes at the end finds none the first time.
        Err(error) if error.is_missing() => reporter.warn("share::missing", error.to_string()),
        probed => probed?,
    }
    let store = crate::store::open(settings, Durability::Flush, reporter)?;
    let mut meant = Meant::new(&options.choice, &options.platforms, (&store, settings))?;
    if options.choice == ShareChoice::All {
        let listed = share.in_time(share.shelf().list()).await?;
        let known = Meant::new(&ShareChoice::Roots, &options.platforms, (&store, settings))?;
        let origin = |id: &ObjectId| known.objects.get(id).cloned().unwrap_or_default();
        meant.objects = listed.keys().map(|id| (*id, origin(id))).collect();
    }
    let pulling = Pulling {
        store: &store,
        settings,
        reporter,
        meant: &meant,
    };
    let _pin = store.pin(meant.objects.keys().copied().map(checksum)).ok();
    let mut report = PullReport {
        success: true,
        remote: share.url().to_owned(),
        dry_run: options.dry_run,
        objects: meant.objects.len(),
        fetched: 0,
        fetched_bytes: 0,
        from_channel: 0,
        already_there: 0,
        already_there_bytes: 0,
        missing: meant.nameless.clone(),
        seconds: 0.0,
    };
    let lacking = pulling.lacking(&mut report)?;
    let there = share.in_time(share.shelf().find(&lacking)).await?;
    let absent = lacking.iter().filter(|id| !there.contains_key(id));
    report.missing.extend(absent.map(|id| meant.shown(*id)));
    report.missing.sort();
    if options.dry_run {
        (report.fetched, report.fetched_bytes) = (there.len(), there.values().sum());
    } else {
        let fetched = pulling.fetch(&there).await?;
        report.fetched = fetched.from_elsewhere;
        report.fetched_bytes = fetched.bytes_from_elsewhere;
        report.from_channel = fetched.fetched - fetched.from_elsewhere;
    }
    report.seconds = begun.elapsed().as_secs_f64();
    Ok(report)
}

impl Share {
    /// What the remote answers to a large question, if it does so in time.
    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, larder_share::ShareError>>,
    ) -> Result<T, ShareOperationError> {
        // Many small answers.
        let limit = self.limits().answer * 10;
        Ok(in_time(limit, (self.url(), "objects", "list"), work).await?)
    }
}

struct Pulling<'a> {
    store: &'a Store,
    settings: &'a Settings,
    reporter: &'a dyn Reporter,
    meant: &'a Meant,
}

impl Pulling<'_> {
    fn lacking(&self, report: &mut PullReport) -> Result<Vec<ObjectId>, ShareOperationError> {
        let mut lacking = Vec::new();
        for id in self.meant.objects.keys().copied() {
            match self.store.find(id.kind, &checksum(id))? {
                Some(object) => {
                    report.already_there += 1;
                    report.already_there_bytes += object.size;
                }
                None => lacking.push(id),
            }
        }
        Ok(lacking)
    }

    async fn fetch(
        &self,
        there: &BTreeMap<ObjectId, u64>,
    ) -> Result<FetchSummary, ShareOperationError> {
        let mirrors = network::mirrors(self.settings);
        let mut missing: Vec<MissingPackage> = there
            .iter()
            .map(|(id, size)| self.missing(*id, *size, &mirrors))
            .collect();
        missing.sort_by(|one, other| {
            other
                .size
                .cmp(&one.size)
                .then_with(|| one.name.cmp(&other.name))
        });
        let plan = FetchPlan {
            present: Vec::new(),
            missing,
        };
        let network = LazyNetwork::new(self.settings, Vec::new());
        let gatherer = Gatherer {
            settings: self.settings,
            store: self.store,
            network: &network,
            reporter: self.reporter,
        };
        Ok(gatherer.fetch(&plan).await?)
    }

    /// Its channel is asked for what is damaged on the remote.
    fn missing(&self, id: ObjectId, size: u64, mirrors: &MirrorMap) -> MissingPackage {
        let origin = self.meant.objects.get(&id).cloned();
        let ObjectOrigin { name, url } = origin.unwrap_or_default();
        let url = url.and_then(|url| url.parse().ok());
        let stem = name.as_deref().map(|name| {
            let extension = format!(".{}", id.kind.extension());
            name.strip_suffix(&extension).unwrap_or(name).to_owned()
        });
        MissingPackage {
            name: id.to_string(),
            package: stem.unwrap_or_else(|| id.to_string()),
            kind: id.kind,
            urls: url.map(|url| mirrors.urls(&url)).unwrap_or_default(),
            // A hint of the remote's, for the order alone: what it promises it must keep.
            size: Some(size),
            checksum: Some(checksum(id)),
        }
    }
}
