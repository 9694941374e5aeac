//! What a request can reach, from the channels' indexes.
//!
//! Once for each solve; what the session has read already is not read again.

use std::sync::atomic::Ordering;

use rattler_conda_types::{MatchSpec, MatchSpecCondition, PackageName, Subdir};
use rattler_repodata_gateway::{
    ChannelRelationsMode, GatewayError, RepoData, Source, sparse::PackageFormatSelection,
};

use crate::{
    SolveError, SolveRequest, failure::solve_error, mend::mended, notices::Notices, places,
    session::Session, unfit,
};

/// What a request is loaded with.
pub(crate) struct Load<'a> {
    pub(crate) session: &'a Session,
    pub(crate) request: &'a SolveRequest<'a>,
    pub(crate) notices: &'a Notices,
    /// How many steps to follow channel relations.
    pub(crate) depth: usize,
}

/// A wheel in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WheelFile {
    /// Normalized name of the package.
    pub(crate) package: String,
    /// File name of the wheel, such as `six-1.16.0-py3-none-any.whl`.
    pub(crate) file: String,
}

impl Load<'_> {
    /// The records by channel and subdir, the most important channel first.
    pub(crate) async fn run(&self) -> Result<Vec<RepoData>, SolveError> {
        let (apart, more) = self.unlisted().await?;
        let specs = self
            .request
            .specs
            .iter()
            .filter(|wanted| !wanted.is_implied);
        let specs = specs.map(|wanted| &wanted.spec);
        let mut specs: Vec<MatchSpec> = specs.chain(&more).map(reach).collect();
        let mut loaded = self.load_specs(&specs).await?;
        // Only now it is known whether the packages that imply others can be chosen. Asking for all from the start
        // would load Python and what it needs for environments that have nothing to do with it.
        let implied = implied_names(self.request, &loaded);
        if !implied.is_empty() {
            specs.extend(implied);
            loaded = self.load_specs(&specs).await?;
        }
        loaded.extend(places::not_in(&loaded, apart));
        for repodata in &loaded {
            unfit::tell(repodata, self.notices);
        }
        Ok(loaded)
    }

    /// The records that `specs` can reach in the listed channels; a channel with records that make no sense is read
    /// once more without them.
    async fn load_specs(&self, specs: &[MatchSpec]) -> Result<Vec<RepoData>, SolveError> {
        let channels = self.request.channels.iter().cloned();
        let sources = channels.map(Source::from).collect();
        match self.query(sources, specs, true, self.notices).await {
            Ok(loaded) => Ok(loaded),
            Err(error) => match solve_error(error, self.session, self.request).await {
                error @ SolveError::BadIndex { .. } => self.query_mended(specs).await.ok_or(error),
                error => Err(error),
            },
        }
    }

    /// The records of these names alone, from the same places.
    pub(crate) async fn only(&self, names: &[MatchSpec]) -> Result<Vec<RepoData>, SolveError> {
        let (apart, _) = self.unlisted().await?;
        let channels = self.request.channels.iter().cloned();
        let sources = channels.map(Source::from).collect();
        let mut loaded = match self.query(sources, names, false, self.notices).await {
            Ok(loaded) => loaded,
            Err(error) => return Err(solve_error(error, self.session, self.request).await),
        };
        loaded.extend(places::not_in(&loaded, apart));
        for repodata in &loaded {
            unfit::tell(repodata, self.notices);
        }
        Ok(loaded)
    }

    /// The file names of the wheels that the listed channels have of these packages (`v3.whl`). They are never solved
    /// with: they are for explanations, so wheels that cannot be read are left out.
    pub(crate) async fn list_wheels(&self, names: &[MatchSpec]) -> Vec<WheelFile> {
        let channels = self.request.channels.iter().cloned();
        let query = self.session.gateway.query(
            channels.map(Source::from),
            subdirs(self.request.subdir),
            names.to_vec(),
        );
        let query = query
            .channel_relations(ChannelRelationsMode::Disabled)
            .package_format_selection(PackageFormatSelection::PreferCondaWithWhl);
        let Ok(loaded) = self.session.pool.run(query.into_future()).await else {
            return Vec::new();
        };
        let records = loaded.repodata.iter().flat_map(RepoData::iter);
        let wheels = records.filter_map(|record| {
            let is_wheel = record.identifier.to_file_name().ends_with(".whl");
            // The name in the index is made of name, version and build; the one in the URL is the wheel's own.
            let file = record
                .url
                .path_segments()?
                .next_back()?
                .chars()
                .take(255)
                .collect();
            is_wheel.then(|| WheelFile {
                package: record.package_record.name.as_normalized().to_owned(),
                file,
            })
        });
        wheels.collect()
    }

    async fn query(
        &self,
        sources: Vec<Source>,
        specs: &[MatchSpec],
        with_dependencies: bool,
        notices: &Notices,
    ) -> Result<Vec<RepoData>, GatewayError> {
        let (mode, depth) = match self.depth {
            0 => (ChannelRelationsMode::Disabled, 0),
            depth => (ChannelRelationsMode::Strict, depth),
        };
        let gateway = &self.session.gateway;
        let query = gateway
            .query(sources, subdirs(self.request.subdir), specs.to_vec())
            .recursive(with_dependencies)
            .channel_relations(mode)
            .channel_relations_max_depth(depth)
            .with_reporter(notices.clone());
        let loaded = self.session.pool.run(query.into_future()).await?;
        Ok(loaded.repodata)
    }

    /// What specs ask of channels that are not listed, and what that depends on.
    async fn unlisted(&self) -> Result<(Vec<RepoData>, Vec<MatchSpec>), SolveError> {
        let (mut records, mut more) = (Vec::new(), Vec::new());
        for (channel, specs) in places::unlisted(self.request) {
            let query = self.session.gateway.query(
                [channel.clone()],
                subdirs(self.request.subdir),
                specs.iter().map(reach).collect::<Vec<_>>(),
            );
            let query = query.channel_relations(ChannelRelationsMode::Disabled);
            let query = query.with_reporter(self.notices.clone());
            let loaded = match self.session.pool.run(query.into_future()).await {
                Ok(loaded) => loaded.repodata,
                Err(error) => {
                    let channels = [channel];
                    let request = SolveRequest {
                        channels: &channels,
                        ..self.request.clone()
                    };
                    return Err(solve_error(error, self.session, &request).await);
                }
            };
            more.extend(places::dependencies(&specs, &loaded));
            records.extend(loaded);
        }
        Ok((records, more))
    }

    /// Once more without the records that make no sense, if that is all that is wrong.
    async fn query_mended(&self, specs: &[MatchSpec]) -> Option<Vec<RepoData>> {
        let subdirs = subdirs(self.request.subdir);
        let mut sources = Vec::new();
        for channel in self.request.channels {
            let alone = vec![Source::from(channel.clone())];
            let unheard = Notices::default();
            sources.push(match self.query(alone, specs, true, &unheard).await {
                Ok(_) => Source::from(channel.clone()),
                Err(_) => mended(self.session, channel, &subdirs, self.notices).await?,
            });
        }
        let loaded = self.query(sources, specs, true, self.notices).await.ok()?;
        self.session.has_mended.store(true, Ordering::Relaxed);
        Some(loaded)
    }
}

/// The implied packages of `request` whose condition can hold, as a package that it names is among `loaded`.
pub(crate) fn implied_names(request: &SolveRequest<'_>, loaded: &[RepoData]) -> Vec<MatchSpec> {
    let is_loaded = |name: &PackageName| {
        let mut records = loaded.iter().flat_map(RepoData::iter);
        records.any(|record| record.package_record.name == *name)
    };
    let implied = request.specs.iter().filter(|wanted| wanted.is_implied);
    implied
        .filter(|wanted| match &wanted.spec.condition {
            Some(MatchSpecCondition::MatchSpec(condition)) => {
                condition.name.as_exact().is_some_and(is_loaded)
            }
            _ => true,
        })
        .map(|wanted| MatchSpec {
            name: wanted.spec.name.clone(),
            ..MatchSpec::default()
        })
        .collect()
}

/// The subdirs that count for an environment.
pub(crate) fn subdirs(subdir: Subdir) -> Vec<Subdir> {
    if subdir == Subdir::NoArch {
        return vec![subdir];
    }
    vec![subdir, Subdir::NoArch]
}

/// What to load for a spec: the whole name, since with strict priority a build that does not fit
/// still decides which channel counts. Extras and conditions say what else may be reached.
fn reach(spec: &MatchSpec) -> MatchSpec {
    if spec.url.is_some() {
        return spec.clone();
    }
    MatchSpec {
        name: spec.name.clone(),
        extras: spec.extras.clone(),
        condition: spec.condition.clone(),
        ..MatchSpec::default()
    }
}
