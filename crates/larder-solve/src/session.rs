//! One gateway and its scratch space.
//!
//! The gateway unpacks indexes into the scratch directory, which goes away with the session; what is
//! kept between runs is the business of [`crate::cache`].

use std::sync::atomic::AtomicBool;

use rattler_conda_types::Channel;
use rattler_networking::LazyClient;
use rattler_repodata_gateway::{ChannelConfig, Gateway, SourceConfig, fetch::CacheAction};
use url::Url;

use crate::{
    SolveError, SolverOptions,
    cache::{AcceptFlawed, IndexClient, Keeper, Log},
    memo::Indexes,
    pool::Pool,
    scratch::Scratch,
};

/// One gateway and its scratch space.
pub(crate) struct Session {
    // Before `_scratch`: the gateway maps files in it.
    pub(crate) gateway: Gateway,
    /// What a memo's proof needs of the indexes.
    pub(crate) indexes: Indexes,
    /// What was seen of the indexes.
    pub(crate) log: Log,
    /// Whether records that make no sense were taken out of an index.
    pub(crate) has_mended: AtomicBool,
    /// Does the gateway's blocking work.
    pub(crate) pool: Pool,
    client: LazyClient,
    _scratch: Scratch,
}

impl Session {
    /// Makes the directories and the gateway; sends nothing.
    pub(crate) fn open(options: &SolverOptions, keeper: Keeper) -> Result<Self, SolveError> {
        let cache = &options.repodata_cache;
        let scratch = Scratch::new_in(cache, options.memory.as_deref()).map_err(|source| {
            SolveError::Cache {
                path: cache.clone(),
                source,
            }
        })?;
        let log = Log::default();
        let client = IndexClient::over(options, keeper, log.clone());
        let gateway = Gateway::builder()
            .with_client(client.clone())
            .with_cache_dir(scratch.path())
            .with_channel_config(channel_config(options.use_sharded))
            .with_max_concurrent_requests(options.concurrency.max(1))
            .finish();
        Ok(Self {
            gateway,
            indexes: Indexes::new(client.clone(), options.use_sharded),
            log,
            has_mended: AtomicBool::new(false),
            pool: Pool::new(options.threads),
            client,
            _scratch: scratch,
        })
    }

    /// The body of an index that is there, by way of the cache. It may have records that rattler must not read.
    pub(crate) async fn get(&self, url: Url) -> Option<Vec<u8>> {
        let request = self.client.client().get(url).with_extension(AcceptFlawed);
        let response = request.send().await.ok()?;
        let response = response.error_for_status().ok()?;
        response.bytes().await.ok().map(Vec::from)
    }

    /// The first of `channels` that cannot be read, for errors that do not name it.
    pub(crate) async fn culprit<'a>(
        &self,
        channels: &'a [Channel],
        subdirs: [rattler_conda_types::Subdir; 2],
    ) -> Option<&'a Channel> {
        for channel in channels {
            let names = self.gateway.names([channel.clone()], subdirs);
            if self.pool.run(names.into_future()).await.is_err() {
                return Some(channel);
            }
        }
        None
    }
}

fn channel_config(use_sharded: bool) -> ChannelConfig {
    ChannelConfig {
        default: SourceConfig {
            sharded_enabled: use_sharded,
            cache_action: CacheAction::NoCache,
            ..SourceConfig::default()
        },
        ..ChannelConfig::default()
    }
}
