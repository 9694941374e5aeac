//! The archives of closures in the store: found there, else fetched.

use std::collections::BTreeMap;

use larder_event::Reporter;
use larder_fetch::{
    Arrived, Elsewhere, FetchError, FetchOptions, FetchPlan, FetchSummary, NetworkError,
};
use larder_lock::Closure;
use larder_store::{Object, Store};

use crate::{
    Explain, Kind, Settings, explain,
    network::{self, LazyNetwork},
};

/// Why archives are not in the store.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The network client.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// They cannot be looked for or fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

impl Explain for GatherError {
    fn kind(&self) -> Kind {
        match self {
            Self::Network(_) => Kind::Refused,
            Self::Fetch(error) => explain::fetch_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Network(_) => "network::setup",
            Self::Fetch(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Fetch(FetchError::Offline { .. }) => Some(
                "run it once without `--offline`, or name the right store in LARDER_STORE".into(),
            ),
            _ => None,
        }
    }
}

/// What gathering needs of a run.
pub(crate) struct Gatherer<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) store: &'a Store,
    pub(crate) network: &'a LazyNetwork<'a>,
    pub(crate) reporter: &'a dyn Reporter,
}

impl Gatherer<'_> {
    /// What is there and what is not.
    pub(crate) fn plan(&self, closure: &Closure) -> Result<FetchPlan, GatherError> {
        let mirrors = network::mirrors(self.settings);
        Ok(larder_fetch::plan(closure, self.store, &mirrors)?)
    }

    /// Fetches what is missing. A run that misses nothing needs no network client.
    pub(crate) async fn fetch(&self, plan: &FetchPlan) -> Result<FetchSummary, GatherError> {
        self.fetch_telling(plan, Arrived::default()).await
    }

    /// As [`Gatherer::fetch`]; `arrived` is told of each archive that had to come, when it is there.
    pub(crate) async fn fetch_telling(
        &self,
        plan: &FetchPlan,
        arrived: Arrived<'_>,
    ) -> Result<FetchSummary, GatherError> {
        if plan.missing.is_empty() {
            let present = plan.present.iter();
            let objects: BTreeMap<String, Object> = present
                .map(|present| (present.name.clone(), present.object.clone()))
                .collect();
            return Ok(FetchSummary {
                reused: objects.len(),
                reused_bytes: objects.values().map(|object| object.size).sum(),
                objects,
                ..FetchSummary::default()
            });
        }
        let share = self
            .settings
            .share
            .as_ref()
            .filter(|_| !self.settings.offline);
        let asked = share.map(|share| share.asked_by(self.reporter));
        let options = FetchOptions {
            arrived,
            elsewhere: asked.as_ref().map(|asked| asked as &dyn Elsewhere),
            ..network::fetch_options(self.network.get()?, self.settings)
        };
        Ok(larder_fetch::run(plan, self.store, &options, self.reporter).await?)
    }
}
