//! The part that computes: records in, records out.
//!
//! Blocking and free of I/O, so that it can run on a thread of its own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use rattler_conda_types::{GenericVirtualPackage, MatchSpec, RepoDataRecord};
use rattler_repodata_gateway::RepoData;
use rattler_solve::{
    ChannelPriority, ChannelRepoData, SolveError, SolveStrategy, SolverImpl as _, SolverTask,
    resolvo::Solver as Resolvo,
};

use url::Url;

use crate::{
    CutOffs, Priority, SolveRequest, Strategy, depends::MendedRecords, local::outward, places,
    unfit, unmet_keys,
};

/// Everything that a solve needs besides the specs.
pub(crate) struct Universe {
    /// By channel and subdir, the most important one first.
    pub(crate) repodata: Vec<RepoData>,
    pub(crate) virtual_packages: Vec<GenericVirtualPackage>,
    preferred: Vec<RepoDataRecord>,
    priority: ChannelPriority,
    strategy: SolveStrategy,
    exclude_newer: CutOffs,
    excluded: HashMap<Url, Arc<str>>,
    pinned: Vec<MatchSpec>,
    mended: MendedRecords,
}

impl Universe {
    /// What `request` may choose from.
    pub(crate) fn new(
        request: &SolveRequest<'_>,
        repodata: Vec<RepoData>,
    ) -> Result<Self, jiff::Error> {
        for time in request.exclude_newer.times() {
            Timestamp::try_from(time)?;
        }
        Ok(Self {
            preferred: still_offered(request.preferred, &repodata),
            excluded: excluded(request, &repodata),
            pinned: request.pinned.iter().map(|pin| pin.spec.clone()).collect(),
            mended: MendedRecords::find(&repodata),
            repodata,
            virtual_packages: request.virtual_packages.to_vec(),
            priority: match request.priority {
                Priority::Strict => ChannelPriority::Strict,
                Priority::Flexible => ChannelPriority::Flexible,
                Priority::Disabled => ChannelPriority::Disabled,
            },
            strategy: match request.strategy {
                Strategy::Highest => SolveStrategy::Highest,
                Strategy::Lowest => SolveStrategy::LowestVersion,
                Strategy::LowestDirect => SolveStrategy::LowestVersionDirect,
            },
            exclude_newer: request.exclude_newer.clone(),
        })
    }

    /// One solve.
    pub(crate) fn solve(
        &self,
        specs: &[MatchSpec],
        timeout: Option<Duration>,
    ) -> Result<Vec<RepoDataRecord>, SolveError> {
        let available = self.repodata.iter().map(|repodata| ChannelRepoData {
            // The solver parses dependencies of excluded records as well, to sort candidates.
            records: repodata
                .iter()
                .filter(|record| !unfit::is_unreadable(record))
                .map(|record| self.mended.for_solver(record)),
            multi_channel: places::channel_group(specs, repodata).or(repodata.multi_channel()),
        });
        let mut excluded = self.excluded.clone();
        excluded.extend(places::misplaced(specs, &self.repodata));
        excluded.extend(unmet_keys::excluded(specs, &self.repodata));
        excluded.extend(unmet_keys::excluded(&self.pinned, &self.repodata));
        // The solver would take a preferred record in spite of its channel.
        let preferred = self
            .preferred
            .iter()
            .filter(|record| !unfit::is_unreadable(record));
        let preferred = preferred.filter(|record| {
            places::is_well_placed(specs, record)
                && unmet_keys::are_met(specs, record)
                && unmet_keys::are_met(&self.pinned, record)
        });
        let preferred = preferred.map(|record| self.mended.for_solver(record));
        let task = SolverTask {
            specs: unmet_keys::without_own_keys(specs),
            locked_packages: preferred.collect(),
            virtual_packages: self.virtual_packages.clone(),
            channel_priority: self.priority,
            strategy: self.strategy,
            excluded_candidates: excluded,
            constraints: unmet_keys::without_own_keys(&self.pinned),
            timeout,
            ..available.collect::<SolverTask<'_, Vec<_>>>()
        };
        let records = Resolvo.solve(task)?.records.into_iter();
        Ok(records.map(|record| self.mended.original(record)).collect())
    }

    /// Whether a solve for `specs` may choose `record`, as far as that does not depend on the order
    /// of channels.
    pub(crate) fn admits(&self, record: &RepoDataRecord, specs: &[MatchSpec]) -> bool {
        !self.excluded.contains_key(&record.url)
            && self.exclude_newer.reason_against(record).is_none()
            && places::is_well_placed(specs, record)
            && unmet_keys::are_met(specs, record)
            && unmet_keys::are_met(&self.pinned, record)
    }

    /// Every record of a name, whatever its channel.
    pub(crate) fn records_of<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Arc<RepoDataRecord>> {
        self.repodata
            .iter()
            .flat_map(RepoData::iter_arc)
            .filter(move |record| record.package_record.name.as_normalized() == name)
    }
}

/// What is no candidate whatever a spec asks for.
fn excluded(request: &SolveRequest<'_>, repodata: &[RepoData]) -> HashMap<Url, Arc<str>> {
    let mut excluded = request.exclude_newer.excluded(repodata);
    excluded.extend(unfit::excluded(repodata));
    if request.only_tar_bz2 {
        let why: Arc<str> = "it is no .tar.bz2, and only those are wanted".into();
        let records = repodata.iter().flat_map(RepoData::iter);
        let others = records.filter(|record| !record.url.path().ends_with(".tar.bz2"));
        excluded.extend(others.map(|record| (record.url.clone(), Arc::clone(&why))));
    }
    excluded
}

/// A preference for what a channel no longer offers would bring it back.
fn still_offered(preferred: &[RepoDataRecord], repodata: &[RepoData]) -> Vec<RepoDataRecord> {
    let offered = |wanted: &RepoDataRecord| {
        repodata.iter().flat_map(RepoData::iter_arc).find(|record| {
            record.package_record.name == wanted.package_record.name
                && record.package_record.sha256 == wanted.package_record.sha256
                && outward(&record.url) == wanted.url
        })
    };
    preferred
        .iter()
        .filter_map(offered)
        .map(|record| RepoDataRecord::clone(record))
        .collect()
}
